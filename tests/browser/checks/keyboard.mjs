// Without a mouse: everything can be reached, seen to have the focus, and used.

import assert from "node:assert/strict";
import { populate, QUIET, views } from "../cluster.mjs";

/** What has the focus, in words; and whether one can see that it has. */
function focused(page) {
  return page.evaluate(() => {
    // What is drawn as SVG has no outline of its own: its strokes change.
    const strokes = (drawn) =>
      [...drawn.querySelectorAll("*")]
        .map((one) => {
          const { stroke, strokeWidth, opacity } = getComputedStyle(one);
          return `${stroke} ${strokeWidth} ${opacity}`;
        })
        .join();
    const changes = (drawn) => {
      if (!(drawn instanceof SVGElement)) return false;
      const before = strokes(drawn);
      drawn.blur();
      const after = strokes(drawn);
      drawn.focus({ focusVisible: true });
      return before !== after;
    };
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    // A label around its field has the field's own texts in it.
    const label = element.labels?.[0]?.cloneNode(true);
    for (const field of label?.querySelectorAll("select, input, textarea") ?? []) field.remove();
    const name =
      element.getAttribute("aria-label") ??
      (label?.textContent || element.innerText || element.textContent || element.tagName);
    return {
      name: name.trim().slice(0, 60),
      tag: element.tagName,
      ringed: (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none" || changes(element),
      seen:
        box.width > 0 &&
        box.height > 0 &&
        box.bottom > 0 &&
        box.top < innerHeight &&
        box.right > 0 &&
        box.left < innerWidth,
      covered: (() => {
        const at = document.elementFromPoint(box.left + Math.min(box.width, innerWidth) / 2, box.top + box.height / 2);
        const other = at && !element.contains(at) && !at.contains(element) && !at.closest("label")?.contains(element);
        return other ? `${at.tagName} "${at.textContent.trim().slice(0, 30)}"` : "";
      })(),
    };
  });
}

/** Presses a key until what has the focus is called so. */
async function reach(page, name, { key = "Tab", most = 60 } = {}) {
  const seen = [];
  for (let n = 0; n < most; n += 1) {
    await page.keyboard.press(key);
    const at = await focused(page);
    seen.push(at?.name);
    if (at && (name instanceof RegExp ? name.test(at.name) : at.name === name)) return at;
  }
  throw new Error(`${key} did not reach ${name}; only ${seen.join(" | ")}`);
}

export async function a_server_is_found_opened_and_its_line_copied({ world, visit }) {
  await world.startRegistry(QUIET);
  const { servers } = await populate(world);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  await page.keyboard.press("Tab");
  assert.equal((await focused(page)).name, "Skip to content");
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).tag, "MAIN");

  await page.keyboard.press("/");
  await page.keyboard.type("gemma");
  await page.getByRole("main").getByText("1 of 8 servers").waitFor();
  await reach(page, "gemma-3-27b");
  await reach(page, /^Copy connect/);
  await page.keyboard.press("Enter");
  assert.match(await there.clipboard(), /^llamactl connect /);
  await reach(page, /^More ways to connect to gemma-3-27b/);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Connect to gemma-3-27b" });
  await dialog.getByRole("button", { name: /curl/ }).waitFor();
  await reach(page, /curl/);
  await page.keyboard.press("Space");
  assert.match(await there.clipboard(), /^curl /);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.match((await focused(page)).name, /^More ways to connect/, "the focus is where it was");

  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  await page
    .getByRole("main")
    .getByText(/^8 servers/)
    .waitFor();
  await reach(page, "Owner");
  await page.keyboard.type("jdubois");
  await page.getByRole("main").getByText("2 of 8 servers").waitFor();
  await reach(page, /^Up/);
  await page.keyboard.press("Enter");
  await reach(page, servers[7].name);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: servers[7].name }).waitFor();
}

export async function one_logs_in_and_out({ world, visit }) {
  await world.startRegistry([...QUIET, "--auth", "token"]);
  const { secret } = await world.token("ann");
  const there = await visit();
  const { page } = there;
  await page.goto("/");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await reach(page, /token/i, { most: 15 });
  await page.keyboard.insertText(secret);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Servers" }).waitFor();
  await reach(page, "Log out");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  there.allow(/status of 401/);
}

async function ringsEverywhere(world, visit, options) {
  await world.startRegistry([...QUIET, "--auth", "token"]);
  const { nodes, servers } = await populate(world);
  const there = await visit(options);
  const { page } = there;
  await there.logIn(world.adminToken);
  const wrong = [];
  for (const [view, path] of Object.entries(views({ server: servers[0].id, node: nodes[1].node_id }))) {
    await there.open(path);
    await there.loaded();
    await page.evaluate(() => {
      document.activeElement?.blur();
      scrollTo(0, 0);
    });
    for (let n = 0; n < 45; n += 1) {
      await page.keyboard.press("Tab");
      const at = await focused(page);
      if (!at) break;
      if (!at.ringed) wrong.push(`${view}: ${at.tag} "${at.name}" has the focus, and no ring`);
      if (!at.seen) wrong.push(`${view}: ${at.tag} "${at.name}" has the focus out of sight`);
      else if (at.covered) wrong.push(`${view}: ${at.tag} "${at.name}" has the focus under ${at.covered}`);
    }
  }
  assert.deepEqual([...new Set(wrong)], []);
}

export const the_focus_is_always_seen = ({ world, visit }) => ringsEverywhere(world, visit, {});
export const the_focus_is_always_seen_on_a_phone_in_the_dark = ({ world, visit }) =>
  ringsEverywhere(world, visit, { colorScheme: "dark", viewport: { width: 390, height: 844 } });

export async function the_menu_of_a_phone_opens_and_closes({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit({ viewport: { width: 320, height: 640 } });
  const { page } = there;
  await there.open("/servers");
  await reach(page, "Menu");
  await page.keyboard.press("Enter");
  await reach(page, "Nodes");
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("link", { name: "Nodes" }).isVisible(), false);
  await reach(page, "Menu", { key: "Shift+Tab" });
  await page.keyboard.press("Enter");
  await reach(page, "Events");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Events" }).waitFor();
}
