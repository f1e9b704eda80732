// What stands around the views.

import assert from "node:assert/strict";

export async function every_page_is_reached_by_the_navigation({ world, visit }) {
  await world.startRegistry();
  await world.server({ name: "qwen3-30b" });
  const there = await visit();
  const { page } = there;
  await there.open("/");
  const pages = page.getByRole("navigation", { name: "Pages" });
  const names = await pages.getByRole("link").allInnerTexts();
  assert.deepEqual(names, ["Servers", "Nodes", "Topology", "Capacity", "Events", "Watch", "Get started"]);
  for (const name of names) {
    await pages.getByRole("link", { name, exact: true }).click();
    await page.getByRole("main").getByRole("heading", { level: 1 }).first().waitFor();
    assert.equal(await pages.getByRole("link", { name, exact: true }).getAttribute("aria-current"), "page");
    assert.match(await page.title(), new RegExp(name));
  }
}
