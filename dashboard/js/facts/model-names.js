// What a server's model is called.

/** What a file or a Hugging Face reference is called: also without its folder or owner, without `.gguf` or
 * `-GGUF`, and without its quantisation and the number of a part. */
function namesOfFile(file) {
  const base = (path) => path.slice(path.lastIndexOf("/") + 1);
  const reference = file.replace(/:[^:/.]*$/, "");
  const stem = base(reference)
    .replace(/\.gguf$/i, "")
    .replace(/-gguf$/i, "");
  const whole = stem.replace(/-\d+-of-\d+$/, "");
  const plain = whole.replace(/^(.+?)(?:[-.]UD)?[-.](?:[IT]?Q\d(?:_\w*)?|MXFP4(?:_\w*)?|BF16|FP?16|F32)$/i, "$1");
  return [file, base(file), reference, base(reference), stem, plain];
}

/** Every name that a server's model goes by, as `Names` in src/domain/names.rs has them:
 * tests/fixtures/model-names.json holds both to the same cases. Pure. */
export function namesOf(server) {
  const { name, alias, file } = server.model ?? {};
  const aliases = alias ? [alias, ...alias.split(",").map((one) => one.trim())] : [];
  return [...new Set([name, ...aliases, ...(file ? namesOfFile(file) : []), ...(server.models ?? [])])].filter(Boolean);
}

/** Whether `model` is one of the names of a server's model; case does not count. Pure. */
export function answersTo(server, model) {
  const wanted = model.toLowerCase();
  return namesOf(server).some((name) => name.toLowerCase() === wanted);
}
