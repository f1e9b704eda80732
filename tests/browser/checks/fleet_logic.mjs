// The pure parts of nodes, topology, events, get started and watch, without a browser.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const dashboard = new URL("../../../dashboard/", import.meta.url);
const load = (path) => import(new URL(path, dashboard));

const many = (count) =>
  Array.from({ length: count }, (_, n) => ({
    name: `node-${n}`,
    node_id: `id-${n}`,
    role: n ? ["compute", "web", "storage"][n % 3] : "lead",
    state: "online",
    location: n % 7 ? `paris/room-${n % 11}/rack-${n % 3}` : undefined,
    groups: n % 5 ? [`lab-${n % 4}`] : [],
  }));

/** No two nodes, and no two clusters, lie on each other, whatever the size and the order. */
export async function nothing_in_the_topology_lies_on_anything_else() {
  const { BY, layout, NODE } = await load("js/facts/topology-layout.js");
  for (const count of [1, 2, 13, 200, 1000]) {
    for (const width of [280, 390, 1240, 2560]) {
      for (const by of BY) {
        const plan = layout(many(count), by, width);
        const what = `${count} nodes by ${by} in ${width} px`;
        assert.equal(plan.places.size, count, what);
        assert.ok(plan.width <= Math.max(width, 2 * NODE.width), `${what}: ${plan.width} px wide`);
        apart(
          plan.clusters.map(({ x, y, width: w, height: h }) => [x, y, w, h]),
          what,
        );
        const nodes = plan.clusters.flatMap((cluster) =>
          cluster.nodes.map(({ x, y }) => [x, y, NODE.width, NODE.height]),
        );
        apart(nodes, what);
        for (const { x, y, width: w, height: h, nodes: inside } of plan.clusters) {
          assert.ok(
            inside.every((one) => one.x > x && one.y > y && one.x + NODE.width < x + w && one.y + NODE.height < y + h),
            what,
          );
        }
      }
    }
  }
}

/** Fails where two of `[x, y, width, height]` meet; looks only at neighbours in y. */
function apart(boxes, what) {
  const sorted = [...boxes].sort((a, b) => a[1] - b[1]);
  sorted.forEach(([x, y, w, h], at) => {
    for (let next = at + 1; next < sorted.length && sorted[next][1] < y + h; next += 1) {
      assert.ok(
        sorted[next][0] >= x + w || x >= sorted[next][0] + sorted[next][2],
        `${what}: ${sorted[at]} and ${sorted[next]}`,
      );
    }
  });
}

/** Arrow keys lead to every node, and back. */
export async function arrow_keys_reach_every_node() {
  const { layout, neighbour } = await load("js/facts/topology-layout.js");
  const plan = layout(many(60), "location", 1240);
  const reached = new Set(["node-0"]);
  const waiting = ["node-0"];
  while (waiting.length) {
    const from = waiting.pop();
    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
      const next = neighbour(plan, from, key);
      if (!reached.has(next)) waiting.push(next);
      reached.add(next);
    }
  }
  assert.equal(reached.size, 60);
}

/** Long names keep their beginning and their end. */
export async function names_are_shortened_in_the_middle() {
  const { shortened } = await load("js/facts/topology-layout.js");
  assert.equal(shortened("gpu001", 100, 7), "gpu001");
  assert.match(shortened("a-node-with-a-very-long-name-0017", 100, 7), /^a-node.*…e-0017$/);
  const wide = shortened("ノード・オブ・ザ・クラスター", 96, 7);
  assert.ok([...wide].length <= 8 && wide.includes("…"), wide);
}

/** Every kind of event that the registry knows has a word and a sentence, whatever its data. */
export async function every_event_is_a_sentence() {
  const { KINDS, passes, plain, tone } = await load("js/facts/event-words.js");
  const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url)));
  const kinds = document.components.schemas.EventKind;
  const all = kinds.enum ?? kinds.oneOf.map((one) => one.const ?? one.enum[0]);
  assert.ok(all.length > 15);
  for (const kind of all) {
    assert.ok(KINDS[kind], `js/facts/event-words.js has no word for ${kind}`);
    for (const data of [
      {},
      null,
      { name: "<b>", state: 7, owner: ["x"], scopes: "admin", reason: {} },
      { state: "ready", from: "loading" },
    ]) {
      const event = { seq: 1, kind, subject: "the-subject", data, time: "2026-11-21T12:00:00Z" };
      assert.match(plain(event), /\w{3}/, kind);
      assert.doesNotMatch(plain(event), /undefined|\[object|NaN/, `${kind}: ${plain(event)}`);
      assert.ok(["good", "bad", "plain"].includes(tone(event)));
      assert.ok(passes(event, { kind, subject: "the-subject", q: "THE-sub" }) && !passes(event, { subject: "other" }));
    }
  }
  assert.match(plain({ kind: "from-a-newer-registry", subject: "s", data: {} }), /from-a-newer-registry: s/);
}

/** What is measured is taken as it is; what is no number is not measured. */
export async function what_a_node_tells_is_not_believed_to_be_numbers() {
  const { choices, gpuCells, gpuCount, gpuText, passes, runsOn, usage, vramMb } = await load("js/facts/node-facts.js");
  const odd = {
    name: "n",
    metrics: { load1: "high", gpus: "all", gpu_use_percent: null, vram_used_mb: {} },
    capabilities: { gpu_count: 2, total_vram_mb: "much", cpus: 0 },
  };
  assert.deepEqual(usage(odd), { load: null, cpus: 0, loadShare: null, memoryShare: null, gpu: null, vram: null });
  assert.deepEqual(
    gpuCells(odd).map(({ use, memory }) => [use, memory]),
    [
      [null, null],
      [null, null],
    ],
  );
  assert.equal(gpuCells({ capabilities: { gpu_count: 4_000_000_000 } }).length, 32);
  const node = {
    name: "gpu1",
    hostname: "gpu1.lab",
    ip: "10.0.0.1",
    role: "compute",
    state: "online",
    labels: ["gpu=a100", "x"],
    groups: ["g"],
    location: "paris/room-2/rack-7",
    capabilities: {
      gpus: [
        { index: 0, name: "NVIDIA A100", vram_mb: 1000 },
        { index: 1, name: "NVIDIA A100", vram_mb: 1000 },
      ],
    },
    metrics: { gpus: [{ index: 1, use_percent: 130, vram_used_mb: 250 }], gpu_use_percent: 20 },
  };
  assert.deepEqual([gpuCount(node), vramMb(node), gpuText(node)], [2, 2000, "2 × A100"]);
  assert.deepEqual(
    gpuCells(node).map(({ use, memory, mean }) => [use, memory, mean]),
    [
      [20, null, true],
      [100, 25, false],
    ],
  );
  for (const good of [
    { label: "gpu" },
    { label: "gpu,x" },
    { location: "paris" },
    { location: "paris/room-2" },
    { q: "A100 rack-7" },
  ])
    assert.ok(passes(node, good), JSON.stringify(good));
  for (const bad of [{ label: "gp" }, { location: "par" }, { group: "h" }, { state: "offline" }, { q: "a100 berlin" }])
    assert.ok(!passes(node, bad), JSON.stringify(bad));
  assert.deepEqual(choices([node]).location, [
    ["paris", 1],
    ["paris/room-2", 1],
    ["paris/room-2/rack-7", 1],
  ]);
  assert.ok(
    runsOn({ host: "gpu1" }, node) &&
      runsOn({ host: "10.0.0.1" }, node) &&
      !runsOn({ host: "10.0.0.2" }, node) &&
      !runsOn({ host: "gpu10" }, node),
  );
}

/** A model that is waited for, by what the registry's own watches look at. */
export async function a_watch_takes_the_models_that_the_registry_takes() {
  globalThis.location ??= { hash: "" };
  globalThis.addEventListener ??= () => undefined;
  const { serves } = await load("js/facts/watching.js");
  const { answersTo, namesOf } = await load("js/facts/model-names.js");
  const cases = JSON.parse(readFileSync(new URL("../../fixtures/model-names.json", import.meta.url), "utf8"));
  assert.ok(cases.length > 10);
  for (const { about, server, names, not } of cases) {
    assert.deepEqual(namesOf(server), names, about);
    for (const good of names) {
      assert.ok(serves(server, good.toUpperCase()), `${about}: ${good}`);
      assert.ok(answersTo(server, good.toUpperCase()), `${about}: ${good}`);
    }
    for (const bad of not) assert.ok(!serves(server, bad) && !answersTo(server, bad), `${about}: ${bad}`);
  }
  const server = { name: "mine", model: { name: "qwen3-30b", alias: "Chat", file: "Qwen3-30B.Q4.gguf" } };
  for (const good of ["qwen3-30b", "QWEN3*", "*30b", "chat", "Qwen3-30B.Q4", "q*3*b", "*"])
    assert.ok(serves(server, good), good);
  for (const bad of ["qwen3", "mine", "qwen3.30b", "x*", "(", ""]) assert.ok(!serves(server, bad), bad);
}

const ODD = "/models/my model 'q' \"d\" `b` \\ é;&#.gguf";

/** Forms: each built-in model with its first variant, and values that want to be quoted. */
function forms(models) {
  const known = models.map(({ name, variants }) => ({
    source: "known",
    model: name,
    gpuType: Object.keys(variants)[0] ?? "",
  }));
  const odd = [
    {
      source: "file",
      file: "~/models/a.gguf",
      name: 'it\'s "mine" $HOME',
      gpus: "2",
      context: "8192",
      time: "1-12",
      partition: "it's",
      access: "private",
    },
    {
      source: "file",
      file: ODD,
      name: "yes",
      time: "90",
      partition: "-p",
      mail: true,
      email: "o'brien@example.org",
      push: true,
      topic: "-t",
    },
    {
      source: "hf",
      hf: "unsloth/Qwen3-4B-Instruct-2507-GGUF:Q4_K_M",
      name: "näme ж: # b",
      gpuType: "nvidia_a100-sxm4-80gb",
      time: "none",
      access: "open",
    },
    { source: "hf", hf: "o/r", name: "1e3", gpus: "0", time: "2-0:30", mail: true, push: true },
    { source: "known", model: "llama-3.3-70b", gpuType: "v100", gpus: "0", name: "a'b", context: "1" },
    { source: "known", model: "qwen3-30b", gpuType: "p40", gpus: "8", name: "!tag *", access: "shared", time: "0" },
  ];
  return [...known, ...odd];
}

/** What the form makes is taken by the real program: the command, the file, and both ask SLURM for the same. */
export async function what_get_started_makes_is_taken_by_the_program() {
  const { check, command, commandForFile, fileName, problems, yaml } = await load("js/facts/submit-command.js");
  const { MODELS } = await load("js/facts/models.js");
  const home = mkdtempSync(join(tmpdir(), "llamactl-form-"));
  mkdirSync(join(home, "models"));
  for (const name of ["a.gguf", ODD.slice("/models/".length)]) writeFileSync(join(home, "models", name), "x");
  const env = { PATH: process.env.PATH, HOME: home, NOTIFY_EMAIL: "x@example.org", NTFY_TOPIC: "topic" };
  const bash = (line) => {
    const run = spawnSync("bash", ["-c", `llamactl() { ${JSON.stringify(process.env.LLAMACTL)} "$@"; }\n${line}`], {
      cwd: home,
      env,
      encoding: "utf8",
      input: "",
    });
    assert.equal(run.status, 0, `${line}\n${run.stderr}`);
    return run.stdout;
  };
  for (const form of forms(MODELS)) {
    if (form.file === ODD) form.file = home + ODD;
    assert.deepEqual(problems(form), {}, JSON.stringify(form));
    const byFlags = directives(bash(`${command(form)} --dry-run`));
    writeFileSync(
      join(home, fileName(form)),
      yaml(
        form,
        MODELS.find(({ name }) => name === form.model),
      ),
    );
    bash(check(form));
    assert.deepEqual(directives(bash(`${commandForFile(form)} --dry-run`)), byFlags, command(form));
  }
}

function directives(script) {
  return script.split("\n").filter((line) => line.startsWith("#SBATCH") && !line.includes("--comment"));
}

/** A field that the program would refuse is named, and what it would take is not. */
export async function wrong_fields_are_named() {
  const { problems, quoted, yamlValue } = await load("js/facts/submit-command.js");
  const wrong = (form) => Object.keys(problems({ source: "known", model: "tiny", ...form }));
  const bad = { time: "8h", gpus: "-1", context: "0", gpuType: "a b", name: "a/b", partition: "a\u0007" };
  for (const [field, value] of Object.entries(bad)) assert.deepEqual(wrong({ [field]: value }), [field], value);
  assert.deepEqual(wrong({ mail: true, email: "-x@y" }), ["email"]);
  assert.deepEqual(wrong({ mail: false, email: "-x@y" }), []);
  assert.deepEqual(wrong({ push: true, topic: "a b" }), ["topic"]);
  assert.deepEqual(wrong({ source: "hf", hf: "owner" }), ["hf"]);
  assert.deepEqual(wrong({ source: "file" }), ["file"]);
  for (const word of ["a b", "it's", "$(id)", "`id`", "", "~/x y", "*", '"; exit 3; "', "a\nb"]) {
    assert.equal(execFileSync("bash", ["-c", `printf %s ${quoted(word)}`], { encoding: "utf8" }), word);
  }
  assert.deepEqual(["yes", "1e3", "qwen3-30b", "a: b", "8:00:00", "\u2028"].map(yamlValue), [
    '"yes"',
    '"1e3"',
    "qwen3-30b",
    '"a: b"',
    '"8:00:00"',
    '"\\u2028"',
  ]);
}
