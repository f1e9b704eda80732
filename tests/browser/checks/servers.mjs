// The list of servers, with real jobs behind it.

import assert from "node:assert/strict";
import { addServers, QUIET } from "../cluster.mjs";
import { watchRows } from "../measure.mjs";

/** Leases that are renewed every second, so that what a job does is seen at once. */
const QUICK = ["--ttl", "3s"];

const rows = (page) => page.getByRole("table", { name: "Servers" }).getByRole("row");
const row = (page, name) => rows(page).filter({ has: page.getByRole("link", { name, exact: true }) });

/** The names of the servers in the order in which they are shown. */
async function names(page) {
  const links = page.getByRole("table", { name: "Servers" }).getByRole("row").getByRole("link");
  return links.allInnerTexts();
}

export async function a_real_job_is_shown_with_all_that_is_known_of_it({ world, visit }) {
  await world.startRegistry(QUICK);
  const server = await world.submit("tiny-llama", ["--label", "team=nlp"]);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  const it = row(page, "tiny-llama");
  await it.waitFor();
  const text = await it.innerText();
  for (const known of [
    server.owner,
    `:${server.port}`,
    server.host,
    "ready",
    server.gpus,
    "main",
    "tiny.gguf",
    "team=nlp",
    "0/2",
    /8\s?k|8[,.]?192|8K/i,
  ]) {
    assert.match(
      text,
      known instanceof RegExp ? known : new RegExp(known.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")),
      text,
    );
  }
  await it.getByRole("img", { name: /walltime left/ }).waitFor();
  await it.getByRole("img", { name: "0 of 2 slots busy" }).waitFor();
  const headers = await rows(page).first().getByRole("columnheader").allInnerTexts();
  assert.ok(headers.length >= 10, headers.join());
  await it.getByRole("link", { name: "tiny-llama" }).click();
  await page.getByRole("heading", { level: 1, name: "tiny-llama" }).waitFor();
}

export async function a_job_arrives_and_leaves_without_a_reload({ world, visit }) {
  await world.startRegistry(QUICK);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  await page.getByRole("heading", { name: "No server runs now" }).waitFor();
  await page.evaluate(() => {
    window.sameDocument = true;
  });
  const told = page.getByRole("status");

  const { job, owner } = await world.submit("comes-and-goes");
  await row(page, "comes-and-goes").getByText("ready").waitFor();
  await told.filter({ hasText: `Server comes-and-goes of ${owner} arrived` }).waitFor();

  await world.stop(job);
  await told.filter({ hasText: "comes-and-goes" }).filter({ hasText: "left" }).waitFor();
  await row(page, "comes-and-goes").waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "No server runs now" }).waitFor();
  assert.equal(await page.evaluate(() => window.sameDocument), true);
}

export async function busy_slots_and_speed_move_during_a_real_request({ world, visit }) {
  await world.startRegistry(QUICK);
  const server = await world.submit("talks", ["--config", "slow"]);
  const { api_key: key } = await world.api("GET", `/api/v1/servers/${server.id}/key`);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await row(page, "talks").getByRole("img", { name: "0 of 2 slots busy" }).waitFor();
  const stop = new AbortController();
  const talk = fetch(`http://${server.host}:${server.port}/v1/chat/completions`, {
    method: "POST",
    signal: stop.signal,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      messages: [{ role: "user", content: "Talk." }],
      stream: true,
      max_tokens: 8000,
      ignore_eos: true,
    }),
  })
    .then(async (answer) => {
      for await (const chunk of answer.body) assert.ok(chunk);
    })
    .catch((error) => assert.equal(error.name, "AbortError"));
  await row(page, "talks").getByRole("img", { name: "1 of 2 slots busy" }).waitFor();
  await page.getByText(/· 1 of 2 slots busy · [1-9]\d* tokens\/s/).waitFor();
  stop.abort();
  await talk;
  await row(page, "talks").getByRole("img", { name: "0 of 2 slots busy" }).waitFor();
}

export async function filters_live_in_the_address({ world, visit }) {
  await world.startRegistry(QUIET);
  await addServers(world);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  assert.equal((await names(page)).length, 8);

  await page.getByRole("combobox", { name: "Owner", exact: true }).selectOption("asmith");
  await row(page, "gemma-3-27b").waitFor({ state: "detached" });
  await page.waitForURL(/owner=asmith/);
  await page.getByRole("searchbox", { name: "Search servers" }).fill("coder");
  await row(page, "qwen3-30b").waitFor({ state: "detached" });
  await page.waitForURL(/q=coder/);
  assert.deepEqual(await names(page), ["qwen3-coder-30b"]);

  await page.reload();
  await row(page, "qwen3-coder-30b").waitFor();
  assert.deepEqual(await names(page), ["qwen3-coder-30b"]);
  assert.equal(await page.getByRole("combobox", { name: "Owner", exact: true }).inputValue(), "asmith");
  assert.equal(await page.getByRole("searchbox", { name: "Search servers" }).inputValue(), "coder");

  await page.goBack();
  await row(page, "gemma-3-27b").waitFor();
  await page.waitForURL((url) => !url.hash.includes("owner="));

  for (const [label, value, left] of [
    ["Model", "gpt-oss-20b", 1],
    ["State", "loading", 1],
    ["Label", "course=ml-2", 2],
  ]) {
    await there.open("/servers");
    await page.getByRole("combobox", { name: label, exact: true }).selectOption(value);
    await page.getByRole("main").getByText(`${left} of 8 servers`).waitFor();
    assert.equal((await names(page)).length, left, label);
  }
  await page.getByRole("button", { name: "Clear" }).click();
  await page
    .getByRole("main")
    .getByText(/^8 servers/)
    .waitFor();
  await there.open("/servers?q=nothing+of+the+kind");
  await page.getByRole("button", { name: "Show all servers" }).click();
  await page
    .getByRole("main")
    .getByText(/^8 servers/)
    .waitFor();
}

export async function headers_sort_and_say_so({ world, visit }) {
  await world.startRegistry(QUIET);
  await addServers(world);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  const header = page.getByRole("columnheader", { name: "Server" });
  await header.getByRole("button").click();
  const ascending = await names(page);
  assert.deepEqual(
    ascending,
    [...ascending].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })),
  );
  assert.equal(await header.getAttribute("aria-sort"), "ascending");
  await header.getByRole("button").click();
  assert.deepEqual(await names(page), [...ascending].reverse());
  assert.equal(await header.getAttribute("aria-sort"), "descending");
  await page.reload();
  await there.loaded();
  assert.deepEqual(await names(page), [...ascending].reverse(), "a reload keeps the order");
  for (const name of ["Owner", "State", "Context", "Slots", "Up", "Time left"]) {
    await page.getByRole("columnheader", { name }).getByRole("button").click();
    await page.locator('[role="columnheader"][aria-sort="ascending"]', { hasText: name }).waitFor();
    assert.equal((await names(page)).length, 8, name);
  }
}

export async function mine_is_asked_once_and_remembered({ world, visit }) {
  await world.startRegistry(QUIET);
  await addServers(world);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  await page.getByRole("button", { name: "Mine" }).click();
  await page.getByRole("dialog").getByLabel("User name").fill("mkeller");
  await page.getByRole("button", { name: "Show mine" }).click();
  await page.getByRole("main").getByText("2 of 8 servers").waitFor();
  assert.deepEqual((await names(page)).sort(), ["gpt-oss-120b", "mistral-small"]);
  await there.open("/servers");
  await page
    .getByRole("main")
    .getByText(/^8 servers/)
    .waitFor();
  await page.getByRole("button", { name: "Mine" }).click();
  await page.getByRole("main").getByText("2 of 8 servers").waitFor();
}

export async function an_update_touches_only_its_row({ world, visit }) {
  await world.startRegistry(QUIET);
  const servers = await addServers(world);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  assert.equal((await names(page)).length, 8);
  await page.evaluate(watchRows);
  await world.beat(servers[2].id, { slots: { busy: 5, total: 8 } });
  await row(page, servers[2].name).getByRole("img", { name: "5 of 8 slots busy" }).waitFor();
  const { rows: touched, moved } = await page.evaluate(() => window.touchedRows());
  assert.equal(touched.length, 1, touched.join("\n"));
  assert.match(touched[0], new RegExp(servers[2].name));
  assert.equal(moved, 0, "no row was taken out or put in");
}

export async function what_runs_longest_and_ends_first_is_told_in_bars_and_times({ world, visit }) {
  await world.startRegistry(QUIET);
  const [long] = await addServers(world);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  const time = row(page, long.name).getByRole("time").first();
  assert.equal(Date.parse(await time.getAttribute("datetime")), Date.parse(long.started));
  assert.match(await time.getAttribute("title"), /\d{4}/, "the exact time on hover");
  await row(page, "gemma-3-27b")
    .getByRole("img", { name: /^2[34]m of walltime left, until / })
    .waitFor();
}
