// The page of one server.

import assert from "node:assert/strict";
import { addServers, QUIET } from "../cluster.mjs";

export async function it_tells_the_story_of_a_job_to_its_end({ world, visit }) {
  await world.startRegistry(["--ttl", "3s"]);
  const ntfy = await world.startNtfy();
  const server = await world.submit("story", [
    "--ntfy-topic",
    "my-topic",
    "--ntfy-server",
    ntfy,
    "--label",
    "team=nlp",
  ]);
  const there = await visit();
  const { page } = there;
  await there.open(`/servers/${server.id}`);
  await there.loaded();
  const facts = page.getByRole("region", { name: "Facts" });
  for (const known of [
    server.job,
    "main",
    "1 GPU",
    "tiny.gguf",
    "8,192 tokens",
    "team=nlp",
    server.owner,
    `http://127.0.0.1:${server.port}`,
  ]) {
    await facts.getByText(known, { exact: true }).first().waitFor();
  }
  const events = page.getByRole("region", { name: "Events" });
  await events
    .getByRole("listitem")
    .filter({ hasText: /registered/i })
    .first()
    .waitFor();
  await events.getByRole("listitem").filter({ hasText: /ntfy/ }).first().waitFor();
  await page
    .getByRole("region", { name: "Use over the last two hours" })
    .getByRole("heading", { name: "Busy slots" })
    .waitFor();

  const stop = page.getByRole("region", { name: "Stop it" });
  await stop.getByRole("button", { name: /Copy/ }).first().click();
  const line = await there.clipboard();
  const done = await world.bash(line);
  assert.equal(done.code, 0, `${line}\n${done.stderr}`);
  await page.getByText("This server has left.").waitFor();
  await events
    .getByRole("listitem")
    .first()
    .filter({ hasText: /goodbye|left|unregistered/i })
    .waitFor();
  assert.equal(await page.getByRole("region", { name: "Connect" }).count(), 0, "nothing to connect to");
  there.allow(/status of 404 .*\/api\/v1\/servers\//);
  await page.reload();
  await page.getByRole("heading", { name: "This server is not here (any more)" }).waitFor();
  await events
    .getByRole("listitem")
    .filter({ hasText: /registered/i })
    .first()
    .waitFor();
}

export async function keys_are_hidden_until_asked_for({ world, visit }) {
  await world.startRegistry(["--ttl", "3s"]);
  const server = await world.submit("guarded");
  const { api_key: key } = await world.api("GET", `/api/v1/servers/${server.id}/key`);
  const there = await visit();
  const { page } = there;
  await there.open(`/servers/${server.id}`);
  const connect = page.getByRole("region", { name: "Connect" });
  await connect.getByRole("button", { name: /^Show: .*curl/ }).waitFor();
  assert.ok(!(await page.content()).includes(key), "the key is on the page before it was asked for");
  await connect.getByRole("button", { name: /^Show: .*curl/ }).click();
  await connect.getByText(key).first().waitFor();
}

export async function an_entry_is_taken_out_by_who_may({ world, visit }) {
  await world.startRegistry([...QUIET, "--auth", "token"]);
  const [server] = await addServers(world);
  const there = await visit();
  const { page } = there;
  await there.logIn(await world.tokenOf("asmith"));
  await there.open(`/servers/${server.id}`);
  await page.getByRole("region", { name: "Stop it" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Take the entry out …" }).count(), 0);
  await page.getByRole("button", { name: "Log out" }).click();
  await there.logIn(world.adminToken);
  await there.open(`/servers/${server.id}`);
  await page.getByRole("button", { name: "Take the entry out …" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take it out" }).click();
  await page.getByRole("heading", { level: 1, name: "Servers" }).waitFor();
  await page.getByText(/^7 servers/).waitFor();
  there.allow(/status of 401/);
}
