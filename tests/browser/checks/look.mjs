// Every view on every screen, in both colours, for every eye and ear.

import assert from "node:assert/strict";
import { populate, QUIET, views } from "../cluster.mjs";

async function cluster(world) {
  await world.startRegistry([...QUIET, "--auth", "token"]);
  const { nodes, servers } = await populate(world);
  return views({ server: servers[0].id, node: nodes[1].node_id });
}

/** Calls `look` in every view, and gathers what is wrong with each. */
async function everywhere(there, paths, look) {
  const wrong = [];
  for (const [name, path] of Object.entries(paths)) {
    await there.open(path);
    await there.loaded();
    for (const problem of await look(name)) wrong.push(`${name}: ${problem}`);
  }
  assert.deepEqual(wrong, []);
}

async function pushes(there) {
  const by = await there.sideways();
  return by > 0 ? [`can be pushed ${by} px sideways by ${(await there.widest()).join(", ")}`] : [];
}

async function fits(world, visit, width, height) {
  const paths = await cluster(world);
  const there = await visit({ viewport: { width, height } });
  await there.logIn(world.adminToken);
  await everywhere(there, paths, () => pushes(there));
}

export const no_view_scrolls_sideways_at_320 = ({ world, visit }) => fits(world, visit, 320, 640);
export const no_view_scrolls_sideways_at_390 = ({ world, visit }) => fits(world, visit, 390, 844);
export const no_view_scrolls_sideways_at_768 = ({ world, visit }) => fits(world, visit, 768, 1024);
export const no_view_scrolls_sideways_at_4k = ({ world, visit }) => fits(world, visit, 3840, 2160);

async function axe(world, visit, options, rules) {
  const paths = await cluster(world);
  const there = await visit(options);
  await there.page.goto("/");
  await there.page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.deepEqual(await there.axe(rules), [], "the login");
  await there.logIn(world.adminToken);
  await everywhere(there, paths, () => there.axe(rules));
}

const PHONE = { width: 390, height: 844 };
export const axe_finds_nothing_on_a_wide_screen = ({ world, visit }) => axe(world, visit, { colorScheme: "light" });
export const axe_finds_nothing_on_a_phone = ({ world, visit }) =>
  axe(world, visit, { colorScheme: "dark", viewport: PHONE });
export const contrast_suffices_on_a_wide_screen_in_the_dark = ({ world, visit }) =>
  axe(world, visit, { colorScheme: "dark" }, ["color-contrast"]);
export const contrast_suffices_on_a_phone_in_the_light = ({ world, visit }) =>
  axe(world, visit, { colorScheme: "light", viewport: PHONE }, ["color-contrast"]);

export async function empty_views_say_what_to_do_next({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  const { page } = there;
  there.allow(/status of 404 .*\/api\/v1\/(servers|nodes)\/(0190a000|nobody)/);
  for (const [path, next] of [
    ["/servers", /llamactl submit|Get started/],
    ["/nodes", /llamactl node agent/],
    ["/topology", /How a node gets here/],
    ["/servers/0190a000-0000-7000-8000-000000000000", /servers/i],
    ["/nodes/nobody", /nodes/i],
    ["/no-such-page", /servers/i],
  ]) {
    await there.open(path);
    await there.loaded();
    assert.match(await page.getByRole("main").innerText(), next, path);
    assert.deepEqual(await there.axe(), [], path);
  }
}

export async function a_view_that_is_not_there_is_no_riddle({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  await there.open("/nonsense/%E0%A4%A?x=%");
  await there.page.getByRole("main").getByRole("link").first().click();
  await there.page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Servers" }).waitFor();
}
