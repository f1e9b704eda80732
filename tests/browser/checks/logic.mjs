// The dashboard's pure parts, without a browser.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const dashboard = new URL("../../../dashboard/", import.meta.url);
const load = (path) => {
  // The modules look at the page's address when they are loaded.
  globalThis.location ??= { hash: "" };
  globalThis.addEventListener ??= () => undefined;
  return import(new URL(path, dashboard));
};

/** Durations and times read as people say them. */
export async function times_read_well() {
  const { ago, duration, shortDuration, hostPort, tokens, bytes, webAddress } = await load("js/core/format.js");
  const at = Date.parse("2026-11-21T12:00:00Z");
  const cases = [
    [0, "0 s"],
    [59, "59 s"],
    [60, "1 min"],
    [3599, "59 min"],
    [3600, "1 h"],
    [3900, "1 h 05 min"],
    [86400, "1 d"],
    [100_000, "1 d 3 h"],
  ];
  for (const [seconds, words] of cases) assert.equal(duration(seconds), words);
  assert.deepEqual([45, 720, 3900, 86400].map(shortDuration), ["45s", "12m", "1h 05m", "1d"]);
  assert.equal(duration(undefined), "–");
  assert.equal(ago("2026-11-21T11:55:00Z", at), "5 min ago");
  assert.equal(ago("2026-11-21T14:10:00Z", at), "in 2 h 10 min");
  assert.equal(ago("2026-11-21T12:00:02Z", at), "just now");
  assert.equal(ago("yesterday", at), "unknown");
  assert.deepEqual([hostPort("gpu-1", 80), hostPort("2001:db8::1", 80)], ["gpu-1:80", "[2001:db8::1]:80"]);
  assert.deepEqual([tokens(131072), tokens(512), tokens(null)], ["128k", "512", "–"]);
  assert.deepEqual([bytes(0), bytes(1536), bytes(80 * 2 ** 30)], ["0 B", "1.5 KiB", "80 GiB"]);
  assert.equal(webAddress("javascript:alert(1)"), undefined);
  assert.equal(webAddress("https://example.org/"), "https://example.org/");
}

/** What a job id holds is a word for the shell, whatever it is. */
export async function a_job_id_is_one_word_for_the_shell() {
  const { commandFor, shellWord, jobOf } = await load("js/facts/server-facts.js");
  const { execFileSync } = await import("node:child_process");
  for (const word of [
    "4711",
    "4711_2",
    "a b",
    "it's",
    "$(touch x)",
    "`id`",
    "~root",
    "-rf",
    "",
    "*",
    "🦙",
    '"; exit 3; "',
  ]) {
    assert.equal(execFileSync("bash", ["-c", `printf %s ${shellWord(word)}`], { encoding: "utf8" }), word);
  }
  assert.equal(commandFor("connect", { job_id: "4711", array_task: 2 }), "llamactl connect 4711_2");
  assert.equal(commandFor("stop", { job_id: "-x" }), "llamactl stop -- '-x'");
  assert.equal(jobOf({ job_id: "4711", array_task: 0 }), "4711_0");
}

/** Empty values come last in both directions, numbers go by size, names by their numbers. */
export async function lists_sort_and_search() {
  const { distinct, matches, sorted } = await load("js/core/lists.js");
  const rows = [
    { n: "gpu-10", v: 3 },
    { n: "gpu-9", v: null },
    { n: "GPU-1", v: 20 },
  ];
  const keys = { n: (row) => row.n, v: (row) => row.v };
  const order = (sort) => sorted(rows, sort, keys).map(({ n }) => n);
  assert.deepEqual(order("n"), ["GPU-1", "gpu-9", "gpu-10"]);
  assert.deepEqual(order("v"), ["gpu-10", "GPU-1", "gpu-9"]);
  assert.deepEqual(order("-v"), ["GPU-1", "gpu-10", "gpu-9"]);
  assert.deepEqual(order("nothing"), ["gpu-10", "gpu-9", "GPU-1"]);
  assert.ok(matches("QWEN ann", ["qwen3-30b", "ann", null]));
  assert.ok(!matches("qwen bob", ["qwen3-30b", "ann"]));
  assert.deepEqual(distinct(["b", "", "a", null, "b"]), ["a", "b"]);
}

/** A stream is cut into messages wherever its pieces break. */
export async function a_stream_is_read_whatever_its_pieces() {
  const { parser } = await load("js/core/live.js");
  const text = [
    'event: hello\r\ndata: {"a":1}\r\n\r\n: a comment\n\n',
    "data: one\ndata: two\n\nevent: synced\ndata: {}\n\nevent: half\ndata: 1",
  ].join("");
  const whole = [
    ["hello", '{"a":1}'],
    ["message", "one\ntwo"],
    ["synced", "{}"],
  ];
  for (let size = 1; size <= text.length; size += 1) {
    const found = [];
    const read = parser((event, data) => found.push([event, data]));
    for (let at = 0; at < text.length; at += size) read(text.slice(at, at + size));
    assert.deepEqual(found, whole, `in pieces of ${size}`);
  }
}

/** The address of a page is read back as it was written. */
export async function addresses_are_read_as_they_were_written() {
  const { href, parse } = await load("js/core/router.js");
  assert.deepEqual(parse(href("servers", "a/b?c#d", { q: "x&y=z", owner: "" })), {
    path: ["servers", "a/b?c#d"],
    query: { q: "x&y=z" },
  });
  assert.deepEqual(parse("#/servers/%zz?q=1?2"), { path: ["servers", "%zz"], query: { q: "1?2" } });
  assert.deepEqual(parse(""), { path: [], query: {} });
}

/** The service worker keeps every file that the page can need, and none that is not there. */
export async function the_shell_has_every_file() {
  const source = readFileSync(new URL("sw.js", dashboard), "utf8");
  const [, list] = source.match(/const SHELL = (\[.*?\n\]);/s);
  const kept = new Set(new Function(`return ${list}`)());
  const folder = fileURLToPath(dashboard);
  const there = ["js", "css"].flatMap((name) =>
    readdirSync(`${folder}${name}`, { recursive: true })
      .filter((file) => /\.(js|css)$/.test(file))
      .map((file) => `/dashboard/${name}/${file}`),
  );
  assert.deepEqual(
    there.filter((file) => !kept.has(file)),
    [],
    "not in SHELL of dashboard/sw.js",
  );
  for (const path of kept) {
    if (path !== "/") readFileSync(new URL(path.slice("/dashboard/".length), dashboard));
  }
}
