// What the form of Get started makes: a `llamactl submit` command and a model's YAML file, and
// what is wrong with a field. Pure; the rules are those of the program (src/config/units.rs), so
// that whatever comes out of here is accepted by it.

const CONTROL = /\p{Cc}/u;

const RULES = {
  name: (text) => nameWrong(text),
  file: (text) => (CONTROL.test(text) ? "A path has no control characters." : null),
  hf: (text) =>
    /^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+(:[A-Za-z0-9._-]+)?$/.test(text) ? null : "Write it as owner/repo:quant.",
  gpuType: (text) =>
    /^[A-Za-z0-9._-]{1,64}$/.test(text) ? null : "As sinfo spells it: letters, digits, - _ and ., for example a100.",
  gpus: (text) => whole(text, 0, 4096),
  context: (text) => whole(text, 1, 100_000_000),
  time: (text) => (walltime(text) ? null : "8:00:00, 90 (minutes), 1-12 (days-hours) and none are walltimes."),
  partition: (text) => (CONTROL.test(text) ? "A partition's name has no control characters." : null),
  email: (text) => (isMail(text) ? null : "That is not a mail address."),
  topic: (text) => (/^[A-Za-z0-9_-]{1,64}$/.test(text) ? null : "1 to 64 letters, digits, - and _."),
  registry: (text) => (isBase(text) ? null : "http://HOST:PORT, without user name or query."),
};

function nameWrong(text) {
  if ([...text].length > 128) return "At most 128 characters.";
  if (CONTROL.test(text) || text.includes("/") || text === "." || text === "..") return "Printable, and without /.";
  return null;
}

function whole(text, least, most) {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most
    ? null
    : `A whole number from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}.`;
}

function walltime(text) {
  return (
    /^(none|unlimited|infinite)$/i.test(text) ||
    /^\d{1,9}(:\d{1,9}){0,2}$/.test(text) ||
    /^\d{1,6}-\d{1,6}(:\d{1,9}){0,2}$/.test(text)
  );
}

function isMail(text) {
  return (
    text.length <= 254 &&
    !text.startsWith("-") &&
    /^[^\s@<>()[\]\\,;:"|`$]+@[^\s@<>()[\]\\,;:"|`$-][^\s@<>()[\]\\,;:"|`$]*$/.test(text) &&
    !CONTROL.test(text)
  );
}

function isBase(text) {
  try {
    const url = new URL(text);
    return (
      ["http:", "https:"].includes(url.protocol) &&
      !url.username &&
      !url.password &&
      !text.includes("@") &&
      !text.includes("?") &&
      !text.includes("#") &&
      !/\s/.test(text)
    );
  } catch {
    return false;
  }
}

/** What is wrong with each field of the form, as `{field: sentence}`; empty when all is well. */
export function problems(form) {
  const found = {};
  const needed = { known: "model", file: "file", hf: "hf" }[form.source];
  for (const [field, rule] of Object.entries(RULES)) {
    const text = (form[field] ?? "").trim();
    const used = text && (!["file", "hf"].includes(field) || field === needed);
    const wrong = used ? rule(text) : null;
    if (wrong) found[field] = wrong;
  }
  if (!form[needed]?.trim()) found[needed] = form.source === "known" ? "Choose a model." : "Needed.";
  if (form.email && !form.mail) delete found.email;
  if (form.topic && !form.push) delete found.topic;
  return found;
}

/** One word of a command, quoted for any POSIX shell where it needs to be. */
export function quoted(word) {
  // A leading ~ is left to the shell; llamactl expands it too where it is quoted.
  if (/^~?[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Option and value: apart where they may be, as one word where the value looks like an option. */
function option(name, value) {
  return value.startsWith("-") ? [quoted(`${name}=${value}`)] : [`${name} ${quoted(value)}`];
}

/** The parts of the command: what stands on a line together is one. */
function parts(form) {
  const value = (field) => (form[field] ?? "").trim();
  const flag = (name, field) => (value(field) ? option(name, value(field)) : []);
  const found = [];
  if (form.source === "known") found.push(...option("--config", value("model")));
  if (form.source === "file") found.push(...option("--model", value("file")));
  if (form.source === "hf") found.push(...option("--set", `hf=${value("hf")}`));
  found.push(...flag("--name", "name"), ...flag("--gpu-type", "gpuType"), ...flag("--gpus", "gpus"));
  found.push(...flag("--context", "context"), ...flag("--time", "time"), ...flag("--partition", "partition"));
  if (value("access")) found.push(`--set server.access=${value("access")}`);
  if (form.mail) found.push(...(value("email") ? option("--email", value("email")) : ["--email"]));
  if (form.push) found.push(...(value("topic") ? option("--ntfy-topic", value("topic")) : ["--ntfy-topic"]));
  if (form.wait) found.push("--wait");
  return found;
}

/** Longest command that stands on one line: it is shown beside a button, also on a phone. */
const LINE = 44;

/** The command, over several lines where it is long. */
export function command(form) {
  const all = ["llamactl submit", ...parts(form)];
  const line = all.join(" ");
  return line.length <= LINE ? line : all.join(" \\\n  ");
}

/** How to submit the YAML file instead. */
export function commandForFile(form) {
  const notify = {
    source: "known",
    model: `./${fileName(form)}`,
    mail: form.mail,
    email: form.email,
    push: form.push,
    topic: form.topic,
    wait: form.wait,
  };
  return command(notify);
}

/** How to check the YAML file. */
export function check(form) {
  return `llamactl configs validate ${quoted(`./${fileName(form)}`)}`;
}

/** How to connect a program to the server. */
export function connect(form) {
  return `llamactl connect ${quoted(serverName(form))} -- claude`;
}

/** The name of the YAML file. */
export function fileName(form) {
  return `${serverName(form)}.yaml`;
}

function serverName(form) {
  const named = (form.name ?? "").trim();
  const of = { known: form.model, file: stem(form.file), hf: (form.hf ?? "").split("/").pop().split(":")[0] }[
    form.source
  ];
  const plain = (named || of || "my-model").trim().replaceAll("/", "-");
  return plain.replace(/[^\p{L}\p{N}._ -]/gu, "-").replace(/^[-. ]+/, "") || "my-model";
}

function stem(path) {
  return (path ?? "")
    .split("/")
    .pop()
    .replace(/\.gguf$/i, "");
}

const WORDS = /^(true|false|null|yes|no|on|off|y|n|~|\.inf|\.nan)$/i;

/** A value as YAML in one line. Quoted texts are JSON, which YAML reads, beside the line breaks
 * that only YAML knows. */
export function yamlValue(value) {
  if (Array.isArray(value)) return `[${value.map(yamlValue).join(", ")}]`;
  if (typeof value !== "string") return JSON.stringify(value);
  const plain = /^[A-Za-z~][A-Za-z0-9._/-]*(:[A-Za-z0-9._-]+)?$/.test(value) && !WORDS.test(value);
  if (plain) return value;
  const escaped = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped);
}

// What people change most stands first.
const ORDER = ["context", "access", "gpus", "gpu_type", "time", "partition", "cpus", "mem"];

function section(name, values) {
  const place = ([key]) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);
  const lines = Object.entries(values)
    .sort((a, b) => place(a) - place(b))
    .map(([key, value]) => `  ${key}: ${yamlValue(value)}`);
  return lines.length ? [`${name}:`, ...lines] : [];
}

/** What the form says, over what is known of the model; `known` is the entry of models.js. */
function merged(form, known) {
  const value = (field) => (form[field] ?? "").trim();
  const type = value("gpuType");
  const none = value("gpus") === "0";
  // As the program does: who wants no GPU gets no variant for one.
  const variant = none
    ? undefined
    : Object.entries(known?.variants ?? {}).find(([name]) => name.toLowerCase() === type.toLowerCase())?.[1];
  const base = { ...known?.values, ...variant };
  const server = { ...known?.values.server, ...variant?.server };
  const slurm = { ...known?.values.slurm, ...variant?.slurm };
  if (value("context")) server.context = Number(value("context"));
  if (value("access")) server.access = value("access");
  if (value("gpus")) slurm.gpus = Number(value("gpus"));
  if (type && !none) slurm.gpu_type = type;
  for (const field of ["time", "partition"]) if (value(field)) slurm[field] = value(field);
  return { base, server, slurm };
}

/** The YAML file of the model, with everything that the command says. */
export function yaml(form, known) {
  const { base, server, slurm } = merged(form, form.source === "known" ? known : undefined);
  const lines = [`name: ${yamlValue((form.name ?? "").trim() || serverName(form))}`];
  if (base.description) lines.push(`description: ${yamlValue(base.description)}`);
  if (form.source === "file") lines.push(`model: ${yamlValue(form.file.trim())}`);
  else if (form.source === "hf") lines.push(`hf: ${yamlValue(form.hf.trim())}`);
  else if (base.hf) lines.push(`hf: ${yamlValue(base.hf)}`);
  else if (base.model) lines.push(`model: ${yamlValue(base.model)}`);
  return `${[...lines, ...section("server", server), ...section("slurm", slurm)].join("\n")}\n`;
}
