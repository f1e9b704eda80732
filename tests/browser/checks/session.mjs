// Who sees what: logging in, out, and being put out.

import assert from "node:assert/strict";
import { everythingKept } from "../browser.mjs";
import { QUIET } from "../cluster.mjs";

const WITH_TOKENS = [...QUIET, "--auth", "token"];
/** The browser itself says on the console that it was refused. */
const REFUSED = /console: Failed to load resource: the server responded with a status of 401/;

async function guarded(world, args = []) {
  await world.startRegistry([...WITH_TOKENS, ...args]);
  await world.server({ name: "secret-plans", owner: "ann" });
}

export async function a_token_becomes_two_halves_and_no_script_reads_the_cookie({ world, visit }) {
  await guarded(world);
  const { secret } = await world.token("ann");
  const there = await visit();
  const { page, context } = there;
  await page.goto("/#/servers");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.equal(await page.getByText("secret-plans").count(), 0);
  await there.logIn(secret);
  await page.getByRole("main").getByText("secret-plans").first().waitFor();

  const [cookie, ...others] = await context.cookies();
  assert.deepEqual(others, []);
  assert.equal(cookie.name, `llamactl-session-${world.port}`);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, "Strict", "/"]);
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.ok(!cookie.value.includes(secret));
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!kept.includes(secret) && !kept.includes(cookie.value));

  // Either half alone is nobody.
  const cookieAlone = await page.evaluate(() => fetch("/api/v1/servers").then(({ status }) => status));
  assert.equal(cookieAlone, 401);
  const key = await page.evaluate(() => localStorage.getItem("llamactl-session"));
  const keyAlone = await fetch(`${world.url}/api/v1/servers`, { headers: { "llamactl-session": key } });
  assert.equal(keyAlone.status, 401);
  there.allow(REFUSED);

  await page.reload();
  await there.loaded();
  await page.getByRole("main").getByText("secret-plans").first().waitFor();
}

export async function a_wrong_token_is_refused_with_a_reason({ world, visit }) {
  await guarded(world);
  const { secret } = await world.token("ann");
  const there = await visit();
  const { page, context } = there;
  there.allow(REFUSED);
  await page.goto("/");
  for (const wrong of ["nonsense", `${secret.slice(0, -1)}x`, '<b>&"', "ü".repeat(300)]) {
    await page.getByLabel("Token", { exact: true }).fill(wrong);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").filter({ hasText: "Not logged in" }).waitFor();
    assert.deepEqual(await context.cookies(), []);
  }
  await there.logIn(secret);
  assert.equal(await page.getByRole("alert").count(), 0);
}

export async function a_token_that_is_revoked_ends_what_is_being_looked_at({ world, visit }) {
  await guarded(world);
  const { secret, id } = await world.token("ann");
  const there = await visit();
  const { page } = there;
  there.allow(REFUSED);
  await there.logIn(secret);
  await page.getByRole("main").getByText("secret-plans").first().waitFor();
  await world.api("DELETE", `/api/v1/tokens/${id}`);
  await page.getByRole("heading", { name: "Log in" }).waitFor({ timeout: 45_000 });
  assert.equal(await page.getByText("secret-plans").count(), 0);
}

export async function nothing_is_left_after_the_logout({ world, visit }) {
  await guarded(world);
  const { secret } = await world.token("ann");
  const there = await visit();
  const { page, context } = there;
  await there.logIn(secret);
  await page.getByRole("main").getByText("secret-plans").first().waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.deepEqual(await context.cookies(), []);
  const kept = await page.evaluate(everythingKept);
  for (const word of ["secret-plans", "ann", secret, "llamactl-session"]) {
    assert.ok(!kept.includes(word), `${word} is left in ${kept}`);
  }
  await page.goBack().catch(() => undefined);
  await page.reload();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.equal(await page.getByText("secret-plans").count(), 0);
  there.allow(REFUSED);
}

export async function whoever_may_read_without_a_token_sees_servers_and_can_log_in({ world, visit }) {
  await guarded(world, ["--anonymous", "read"]);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await page.getByRole("main").getByText("secret-plans").first().waitFor();
  assert.equal(await page.getByRole("link", { name: "Tokens" }).count(), 0);
  await page.getByRole("link", { name: "Log in" }).click();
  await there.logIn(world.adminToken);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Tokens" }).waitFor();
}

export async function tokens_are_for_administrators({ world, visit }) {
  await guarded(world);
  const { secret } = await world.token("ann");
  const there = await visit();
  const { page } = there;
  await there.logIn(secret);
  assert.equal(await page.getByRole("link", { name: "Tokens" }).count(), 0);
  await page.goto("/#/tokens");
  await page.getByText("needs a token with the scope admin").waitFor();
}
