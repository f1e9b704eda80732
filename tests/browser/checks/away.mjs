// The registry goes away and comes back; the page stays.

import assert from "node:assert/strict";
import { everythingKept } from "../browser.mjs";
import { QUIET } from "../cluster.mjs";
import { until } from "../world.mjs";

/** What the browser says of requests to a registry that does not run. */
const GONE = /console: Failed to load resource: net::ERR_|console: .*service worker.*/i;

export async function a_registry_that_stops_is_told_and_found_again({ world, visit }) {
  await world.startRegistry(QUIET);
  await world.server({ name: "before" });
  const there = await visit();
  const { page } = there;
  there.allow(GONE);
  await there.open("/servers");
  await there.loaded();
  await page.getByRole("main").getByText("before").first().waitFor();
  await page.evaluate(() => {
    window.sameDocument = true;
  });
  const full = await strength(page);

  await world.stopRegistry();
  const banner = page.getByRole("alert").filter({ hasText: "The registry does not answer" });
  await banner.waitFor();
  assert.match(await banner.innerText(), /last known state/);
  assert.ok(await page.getByRole("main").getByText("before").first().isVisible(), "the last known state stays");
  assert.ok((await strength(page)) < full, "it is greyed");

  await world.startAgain();
  await world.server({ name: "afterwards" });
  await page.getByRole("main").getByText("afterwards").first().waitFor({ timeout: 45_000 });
  await banner.waitFor({ state: "detached" });
  assert.equal(await strength(page), full);
  assert.equal(await page.evaluate(() => window.sameDocument), true, "it was not reloaded");
}

/** How strongly the rows are shown: opacities and saturation of all that is around them, multiplied. */
function strength(page) {
  return page
    .getByRole("main")
    .getByText("before")
    .first()
    .evaluate((element) => {
      let all = 1;
      for (let at = element; at; at = at.parentElement) {
        const { opacity, filter } = getComputedStyle(at);
        all *= Number(opacity) * (/grayscale|saturate/.test(filter) ? 0.5 : 1);
      }
      return all;
    });
}

export async function try_now_does_not_wait({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  const { page } = there;
  there.allow(GONE);
  await there.open("/servers");
  await there.loaded();
  await world.stopRegistry();
  const again = page.getByRole("button", { name: "Try now" });
  // Each failure doubles the wait: after these it is longer than a start takes.
  for (let failures = 0; failures < 7; failures += 1) {
    const failed = page.waitForEvent("requestfailed");
    await again.click();
    await failed;
  }
  await again.waitFor();
  await world.startAgain();
  await again.click();
  await there.connection("live");
}

export async function offline_the_page_opens_with_what_was_known({ world, visit }) {
  await world.startRegistry(QUIET);
  await world.server({ name: "known-before" });
  const there = await visit();
  const { page } = there;
  there.allow(GONE);
  await there.open("/servers");
  await there.loaded();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  // The worker has the shell, and the views are loaded through it from now on.
  await page.reload();
  await there.loaded();
  for (const path of ["/nodes", "/events", "/servers"]) await there.open(path);
  await until("the state is kept", async () => (await page.evaluate(everythingKept)).includes("known-before"));
  await world.stopRegistry();

  await page.reload();
  await page.getByRole("alert").filter({ hasText: "The registry does not answer" }).waitFor();
  await page.getByRole("main").getByText("known-before").first().waitFor();
  await there.open("/nodes");

  await world.startAgain();
  await there.connection("live");
}

export async function it_can_be_installed({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  const { page, context } = there;
  await there.open("/servers");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  const debuggee = await context.newCDPSession(page);
  const { url, errors } = await debuggee.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  assert.match(url, /\/dashboard\/manifest\.webmanifest$/);
  const { installabilityErrors } = await debuggee.send("Page.getInstallabilityErrors");
  // The test's profile is a private one, where nothing can be installed.
  assert.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito"),
    [],
  );
  const manifest = await (await fetch(url)).json();
  for (const { src, sizes } of manifest.icons) {
    const size = await page.evaluate(
      (address) =>
        new Promise((done, failed) => {
          const image = new Image();
          image.onload = () => done(`${image.naturalWidth}x${image.naturalHeight}`);
          image.onerror = () => failed(new Error(`no picture at ${address}`));
          image.src = address;
        }),
      new URL(src, url).href,
    );
    if (sizes !== "any") assert.equal(size, sizes, src);
  }
}
