#!/usr/bin/env node
// Measures the dashboard in headless chromium, and prints Markdown.
//
//   LLAMACTL=target/release/llamactl scripts/bench-dashboard.mjs [--write docs/performance.md]
//
// --write puts the text between the markers of that file. Exit code 1 when a figure misses its
// goal. The registry and the browser run on this machine, beside each other; chromium and what
// drives it come from `make bench-deps test-tools`.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { launch, Visit } from "../tests/browser/browser.mjs";
import { QUIET } from "../tests/browser/cluster.mjs";
import { sizes, watchRows } from "../tests/browser/measure.mjs";
import { until, World } from "../tests/browser/world.mjs";

const COUNT = 1000;
const LOADS = 9;
const RATE = 50;
const SECONDS = 20;
const [BEGIN, END] = ["<!-- dashboard: begin -->", "<!-- dashboard: end -->"];

const results = [];

/** Notes a figure; `met` says whether it meets its goal. */
function result(what, goal, measured, met, more = "") {
  results.push({ what, goal, measured, met, more });
  console.error(`${met ? "ok  " : "MISS"} ${what}: ${measured} (goal ${goal})`);
}

async function fill(world) {
  const servers = [];
  const batches = Array.from({ length: COUNT / 50 }, (_, batch) => batch * 50);
  for (const first of batches) {
    const numbers = Array.from({ length: 50 }, (_, n) => first + n);
    servers.push(...(await Promise.all(numbers.map((n) => world.server(server(n))))));
    await Promise.all(numbers.map((n) => world.node(node(n))));
  }
  return servers;
}

function server(n) {
  const name = ["qwen3-30b", "gpt-oss-120b", "llama-3.3-70b", "gemma-3-27b"][n % 4];
  // Times that do not tick meanwhile: those of days tick by the hour.
  const [day, half] = [86_400_000, 1_800_000];
  const now = Date.now();
  return {
    cluster: "bench",
    job_id: `${100_000 + n}`,
    name: `${name}-${n}`,
    model: { name, file: `${name}-Q4_K_M.gguf`, context: 131_072 },
    models: [name],
    owner: `user${n % 40}`,
    host: `gpu-${n % 250}`,
    port: 20_000 + n,
    slurm_node: `gpu-${n % 250}`,
    partition: "gpu",
    gpus: "1 x a100",
    slots: { busy: n % 4, total: 4 },
    labels: { team: `team-${n % 12}` },
    started: new Date(now - (2 + (n % 20)) * day - half - n).toISOString(),
    ends: new Date(now + (2 + (n % 5)) * day + half).toISOString(),
  };
}

function node(n) {
  const gpus = [0, 1, 2, 3].map((index) => ({ index, name: "NVIDIA A100-SXM4-80GB", vram_mb: 81_920 }));
  return {
    hostname: `gpu-${n}`,
    ip: `10.1.${n >> 8}.${n & 255}`,
    location: `room-${n % 4}/rack-${n % 40}`,
    labels: ["gpu", "gpu=a100"],
    capabilities: { cpus: 64, memory_mb: 515_000, gpu_count: 4, gpu_type: "a100", gpus },
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const ms = (value) => `${value.toFixed(0)} ms`;

/** Runs in the page from its first moment: when there is something, and when it can be used. */
function observeStart() {
  window.found = { longTasks: [] };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.name === "first-contentful-paint") window.found.content = entry.startTime;
  }).observe({ type: "paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.found.longTasks.push([startTime, duration]);
  }).observe({ type: "longtask", buffered: true });
  // Usable: the list stands, the whole state has been told, and the thread that would answer a key
  // has drawn a frame and is free.
  const look = () => {
    const stands = document.querySelector("main tbody tr") && document.querySelector('main input[type="search"]');
    if (!stands || document.documentElement.dataset.connection !== "live") {
      requestAnimationFrame(look);
      return;
    }
    requestAnimationFrame(() =>
      setTimeout(() => {
        window.found.usable = performance.now();
      }),
    );
  };
  requestAnimationFrame(look);
}

async function loads(browser, url, path) {
  const [content, usable] = [[], []];
  for (let n = 0; n < LOADS; n += 1) {
    // A profile of its own each time: nothing is cached.
    const visit = await Visit.start(browser, { url });
    await visit.page.addInitScript(observeStart);
    await visit.page.goto(`/#${path}`);
    const found = await until("the page", () => visit.page.evaluate(() => window.found.usable && window.found));
    content.push(found.content);
    usable.push(found.usable);
    visit.assertClean();
    await visit.close();
  }
  return { content, usable };
}

function spread(values) {
  return `${Math.min(...values).toFixed(0)} to ${ms(Math.max(...values))} in ${values.length} loads`;
}

async function start(browser, world) {
  for (const [name, path] of [
    ["servers", "/servers"],
    ["nodes", "/nodes"],
  ]) {
    const { content, usable } = await loads(browser, world.url, path);
    result(
      `${COUNT.toLocaleString("en")} ${name}: first content`,
      "500 ms",
      ms(median(content)),
      median(content) < 500,
      spread(content),
    );
    result(
      `${COUNT.toLocaleString("en")} ${name}: can be used`,
      "1 s",
      ms(median(usable)),
      median(usable) < 1000,
      spread(usable),
    );
  }
}

async function oneRow(visit, world, servers) {
  // Rows come in portions: all of them first.
  const rows = visit.page.getByRole("table", { name: "Servers" }).locator("tbody").getByRole("row");
  await until("all rows", async () => (await rows.count()) === COUNT);
  const one = await shown(visit, servers);
  await visit.page.evaluate(watchRows);
  await world.beat(one.id, { slots: { busy: 3, total: 7 } });
  await visit.page
    .getByRole("row")
    .filter({ hasText: one.name })
    .getByText(/3\s*\/\s*7/)
    .first()
    .waitFor();
  const { rows: touched, moved } = await visit.page.evaluate(() => window.touchedRows());
  const met = touched.length === 1 && touched[0].includes(one.name) && moved === 0;
  result("rows that one update touches", "1", `${touched.length}`, met, `of ${COUNT.toLocaleString("en")}`);
}

/** A server whose row is on the page. */
async function shown(visit, servers) {
  const first = await visit.page.getByRole("main").getByRole("row").nth(1).innerText();
  return servers.filter(({ name }) => first.includes(name)).sort((a, b) => b.name.length - a.name.length)[0];
}

/** Runs in the page: the longest times between two frames. */
function observeFrames() {
  window.gaps = [];
  window.found.longTasks = [];
  let before = performance.now();
  const frame = (now) => {
    window.gaps.push(now - before);
    before = now;
    if (window.gaps) requestAnimationFrame(frame);
  };
  requestAnimationFrame((now) => {
    before = now;
    requestAnimationFrame(frame);
  });
}

async function manyUpdates(visit, world, servers) {
  await visit.page.evaluate(observeFrames);
  const begin = Date.now();
  let sent = 0;
  while (Date.now() - begin < SECONDS * 1000) {
    const due = Math.floor(((Date.now() - begin) / 1000) * RATE);
    for (; sent < due; sent += 1) {
      await world.beat(servers[(sent * 37) % servers.length].id, { slots: { busy: sent % 5, total: 4 + (sent % 3) } });
    }
    await new Promise((done) => setTimeout(done, 10));
  }
  const { gaps, tasks } = await visit.page.evaluate(() => ({ gaps: window.gaps, tasks: window.found.longTasks }));
  const rate = sent / ((Date.now() - begin) / 1000);
  if (rate < RATE * 0.95) throw new Error(`only ${rate.toFixed(1)} updates a second were sent`);
  const worst = Math.max(...gaps);
  const longest = Math.max(0, ...tasks.map(([, duration]) => duration));
  result(
    `${RATE} updates a second over ${SECONDS} s: longest frame`,
    "100 ms",
    ms(worst),
    worst < 100,
    `${gaps.length} frames; longest task ${ms(longest)}, ${tasks.length} over 50 ms`,
  );
}

async function size(url) {
  const all = await sizes(url);
  const total = all.reduce((sum, [, bytes]) => sum + bytes, 0);
  const [largest, most] = all[0];
  result(
    "everything, compressed",
    "150 kB",
    `${(total / 1000).toFixed(1)} kB`,
    total < 150_000,
    `${all.length} files; the largest, ${largest}: ${(most / 1000).toFixed(1)} kB`,
  );
}

function markdown() {
  const day = new Date().toISOString().slice(0, 10);
  const model = cpus()[0].model.replace(/\s+\d+-Core.*| Processor.*| CPU.*/, "");
  const rows = results.map(
    ({ what, goal, measured, met, more }) =>
      `| ${what} | ${goal} | ${met ? measured : `**${measured}: missed**`} | ${more} |`,
  );
  const machine = `${cpus().length} cores of ${model}, Linux ${release()}`;
  const how = "release build, Debian's chromium, headless; all on the same cores";
  return [
    `Measured ${day} on ${machine} by \`scripts/bench-dashboard.mjs\` (${how}).`,
    "",
    "| what | goal | measured | |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function write(file, text) {
  const page = readFileSync(file, "utf8");
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${file} has no ${BEGIN} … ${END}`);
  writeFileSync(file, `${page.slice(0, before + BEGIN.length)}\n${text}\n${page.slice(after)}`);
}

async function measure(folder) {
  mkdirSync(join(folder, "work"));
  const world = new World({
    llamactl: process.env.LLAMACTL,
    folder,
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: "1" },
  });
  const browser = await launch();
  try {
    await world.startRegistry(QUIET);
    await size(world.url);
    const servers = await fill(world);
    await start(browser, world);
    const visit = await Visit.start(browser, { url: world.url });
    await visit.page.addInitScript(observeStart);
    await visit.open("/servers");
    await visit.loaded();
    await oneRow(visit, world, servers);
    await manyUpdates(visit, world, servers);
    visit.assertClean();
  } finally {
    await browser.close();
    await world.close();
  }
}

if (!process.env.LLAMACTL) throw new Error("set LLAMACTL to a release build, or use: make bench");
const scratch = mkdtempSync(join(tmpdir(), "llamactl-bench."));
try {
  await measure(scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(markdown());
const at = process.argv.indexOf("--write");
if (at > 0) write(process.argv[at + 1], markdown());
process.exit(results.every(({ met }) => met) ? 0 : 1);
