#!/usr/bin/env node
// Pictures of every view of the dashboard: light and dark, wide and on a phone, with a small
// cluster behind it. `make screenshots` calls it by scripts/screenshots.sh, which brings up what
// it needs.
//
//   LLAMACTL=… node scripts/screenshots.mjs FOLDER SCRATCH
//
// Some servers are real jobs; others, and the nodes, are registered as their programs would. The
// week before is made by real registrations, in front of a registry whose clock is set back.

import { existsSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { launch, Visit } from "../tests/browser/browser.mjs";
import { addNodes, addServers, QUIET, views } from "../tests/browser/cluster.mjs";
import { until, World } from "../tests/browser/world.mjs";

const SCREENS = {
  "": { viewport: { width: 1440, height: 960 } },
  "phone-": { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};
const HOUR = 3_600_000;

/** A week of servers that came and went: model, owner, GPUs, hours ago at which it began, hours. */
const WEEK = [
  ["gpt-oss-120b", "mkeller", "2 x h100", 160, 24],
  ["qwen3-30b", "asmith", "1 x a100", 158, 8],
  ["llama-3.3-70b", "jdubois", "4 x h100", 140, 24],
  ["gemma-3-27b", "lrossi", "1 x a100", 138, 8],
  ["qwen3-coder-30b", "asmith", "1 x h100", 134, 8],
  ["gpt-oss-120b", "mkeller", "2 x h100", 130, 24],
  ["mistral-small", "tnguyen", "2 x a100", 117, 12],
  ["llama-3.3-70b", "jdubois", "4 x h100", 114, 24],
  ["qwen3-30b", "lrossi", "1 x a100", 110, 8],
  ["qwen3-coder-30b", "asmith", "1 x h100", 95, 8],
  ["gpt-oss-20b", "tnguyen", "1 x v100", 92, 8],
  ["gemma-3-27b", "lrossi", "1 x a100", 90, 8],
  ["gpt-oss-120b", "mkeller", "2 x h100", 88, 24],
  ["llama-3.3-70b", "jdubois", "4 x h100", 72, 24],
  ["qwen3-30b", "asmith", "1 x a100", 70, 8],
  ["mistral-small", "mkeller", "2 x a100", 66, 12],
  ["qwen3-coder-30b", "asmith", "1 x h100", 46, 8],
  ["gpt-oss-20b", "tnguyen", "1 x v100", 44, 8],
  ["gemma-3-27b", "lrossi", "1 x a100", 42, 8],
  ["llama-3.3-70b", "jdubois", "4 x h100", 43, 22],
  ["gpt-oss-120b", "mkeller", "2 x h100", 30, 22],
  ["qwen3-30b", "asmith", "1 x a100", 22, 8],
  ["mistral-small", "mkeller", "2 x a100", 20, 12],
];

/** The clock of the registry, which libfaketime reads anew at each look. */
class Clock {
  constructor(file) {
    this.file = file;
    const library = readdirSync("/usr/lib").map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`);
    this.env = {
      LD_PRELOAD: library.find(existsSync),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    if (!this.env.LD_PRELOAD) throw new Error("libfaketime is missing: run `make test-deps`");
  }

  set(hoursAgo) {
    writeFileSync(`${this.file}.new`, `-${Math.round(hoursAgo * 3600)}`);
    renameSync(`${this.file}.new`, this.file);
  }
}

/** What happened in the week before, in its order. */
async function week(world, clock) {
  const moments = WEEK.flatMap(([model, owner, gpus, ago, hours]) => {
    const entry = {
      name: model,
      model: { name: model, file: `${model}.gguf` },
      owner,
      gpus,
      cluster: "jura",
      host: "gpu-h01",
    };
    const one = { entry, ago };
    return [
      {
        ago,
        act: async () => {
          one.id = (await world.server({ ...entry, started: new Date(Date.now() - ago * HOUR).toISOString() })).id;
        },
      },
      { ago: Math.max(0.2, ago - hours), act: () => world.unregister(one.id) },
    ];
  });
  for (const { ago, act } of moments.sort((a, b) => b.ago - a.ago)) {
    clock.set(ago);
    await act();
  }
}

/** The cluster as it is now: jobs, entries, nodes, tokens. */
async function now(world) {
  const jobs = [];
  for (const [name, model, label] of [
    ["tiny-llama", "tiny", "team=demo"],
    ["story-writer", "slow", "course=ml-2"],
  ]) {
    jobs.push(await world.submit(name, ["--config", model, "--label", label, "--gpu-type", "h100"]));
  }
  const servers = await addServers(world);
  for (const [owner, scopes, note] of [
    ["asmith", ["read", "register"], "laptop"],
    ["jdubois", ["read", "register"], "jobs on jura"],
    ["prometheus", ["read"], "monitoring"],
    ["lrossi", ["read", "register"], "course ml-2"],
  ])
    await world.token(owner, scopes, { note, expires: new Date(Date.now() + 90 * 24 * HOUR).toISOString() });
  return { jobs, servers };
}

/** What the programs would do that these entries stand for. */
function beatAll(world, nodes, servers) {
  const all = [
    ...nodes.map(({ node_id: id, metrics }) => world.beatNode(id, metrics)),
    ...servers.map(({ id, slots }) => world.beat(id, { slots })),
  ];
  return Promise.all(all);
}

/** Keeps a real server busy, so that its slots and its speed are those of real requests. */
async function talk(world, server, seconds) {
  const { api_key: key } = await world.api("GET", `/api/v1/servers/${server.id}/key`);
  const end = AbortSignal.timeout(seconds * 1000);
  const asked = fetch(`http://${server.host}:${server.port}/v1/chat/completions`, {
    method: "POST",
    signal: end,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      messages: [{ role: "user", content: "Tell me a story." }],
      stream: true,
      max_tokens: 100_000,
      ignore_eos: true,
    }),
  });
  return asked
    .then(async (answer) => {
      for await (const part of answer.body) if (!part) break;
    })
    .catch(() => undefined);
}

async function pictures(browser, world, folder, paths) {
  for (const [screen, options] of Object.entries(SCREENS)) {
    for (const colorScheme of ["light", "dark"]) {
      const visit = await Visit.start(browser, { url: world.url, colorScheme, ...options });
      await visit.context.grantPermissions(["notifications", "clipboard-read", "clipboard-write"], {
        origin: world.url,
      });
      const picture = async (name) => {
        await visit.page.evaluate(() => document.activeElement?.blur());
        await visit.page.mouse.move(0, 0);
        await visit.page.screenshot({
          path: join(folder, `${name}-${screen}${colorScheme}.png`),
          animations: "disabled",
          caret: "hide",
        });
      };
      await visit.page.goto("/");
      await visit.page.getByRole("heading", { name: "Log in" }).waitFor();
      await picture("login");
      await visit.logIn(world.adminToken);
      await everyView(visit, picture, paths);
      visit.assertClean();
      await visit.close();
    }
  }
}

async function everyView(visit, picture, paths) {
  const { page } = visit;
  for (const [name, path] of Object.entries(paths)) {
    await visit.open(path);
    await visit.loaded();
    if (name === "capacity")
      await page
        .getByRole("button", { name: "7 days" })
        .click()
        .then(() => visit.loaded());
    await page.evaluate(() => document.fonts.ready.then(() => true));
    await picture(name);
  }
  await visit.open("/nodes?view=gpus");
  await visit.loaded();
  await picture("gpus");
  await visit.open("/servers?q=tiny");
  await page.getByRole("button", { name: /^More ways to connect to tiny-llama/ }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Claude Code/ })
    .waitFor();
  await picture("connect");
}

async function main([folder, scratch]) {
  const world = new World({ llamactl: process.env.LLAMACTL, folder: scratch });
  const browser = await launch();
  try {
    const clock = new Clock(join(scratch, "clock"));
    clock.set(167);
    const args = [...QUIET, "--auth", "token"];
    // Nobody is told anything: it is there so that Watch has a channel to offer.
    world.configure({ notify: { ntfy_server: "https://ntfy.example.org" } });
    await world.startRegistry(args, clock.env);
    const nodes = await addNodes(world);
    await week(world, clock);
    await world.stopRegistry();
    await world.startRegistry(["--ttl", "30s", "--probe", "off", "--auth", "token"]);
    // A job is its user's, and so must the token be.
    await world.actAs(userInfo().username);
    await beatAll(world, nodes, []);
    const { jobs, servers } = await now(world);
    const beating = setInterval(() => beatAll(world, nodes, servers), 8000);
    beating.unref();
    talk(world, jobs[1], 240);
    await until(
      "real figures of a real server",
      async () => (await world.api("GET", `/api/v1/servers/${jobs[1].id}`)).tokens_per_second > 0,
    );
    await pictures(browser, world, folder, views({ server: jobs[1].id, node: nodes[1].node_id }));
  } finally {
    await browser.close();
    await world.close();
  }
}

await main(process.argv.slice(2));
process.exit();
