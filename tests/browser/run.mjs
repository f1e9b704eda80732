// Runs one check in a browser of its own, or lists them all.
//
//   node run.mjs --list
//   node run.mjs AREA CHECK      with LLAMACTL (the program) and LLAMACTL_TEST_FOLDER (a scratch folder)
//
// A check is an exported function of checks/AREA.mjs: it gets `world` and `visit`, which opens a
// page. Exit code 1, and what went wrong with what the page shows, when it throws. A picture of
// the page is left in LLAMACTL_TEST_PICTURES then.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { World } from "./world.mjs";

const folder = new URL("checks/", import.meta.url);
/** The longest that a check may take. */
const LIMIT = 150_000;

async function list() {
  const areas = readdirSync(folder)
    .filter((file) => file.endsWith(".mjs"))
    .sort();
  for (const file of areas) {
    const checks = await import(new URL(file, folder));
    for (const name of Object.keys(checks)) console.log(`${file.slice(0, -4)}::${name}`);
  }
}

async function check(area, name) {
  const { [name]: run } = await import(new URL(`${area}.mjs`, folder));
  const { launch, Visit } = await import("./browser.mjs");
  const world = new World({ llamactl: process.env.LLAMACTL, folder: process.env.LLAMACTL_TEST_FOLDER });
  const visits = [];
  let browser;
  const visit = async (options = {}) => {
    browser ??= await launch(run.launch);
    const opened = await Visit.start(browser, { url: world.url, ...options });
    visits.push(opened);
    return opened;
  };
  try {
    await limited(run({ world, visit }));
    for (const one of visits) one.assertClean();
  } catch (error) {
    console.error(`${area}::${name}: ${error.stack}`);
    for (const [number, one] of visits.entries()) await show(one, `${area}-${name}-${number}`);
    process.exitCode = 1;
  } finally {
    await browser?.close().catch(() => undefined);
    await world.close();
  }
}

/** The same promise, or an error when it takes too long or when this process is to end. */
function limited(promise) {
  return Promise.race([
    promise,
    new Promise((_, failed) => {
      setTimeout(() => failed(new Error(`not over after ${LIMIT} ms`)), LIMIT).unref();
      process.once("SIGTERM", () => failed(new Error("ended by SIGTERM")));
    }),
  ]);
}

async function show({ page, problems }, name) {
  const tree = await page
    .locator("body")
    .ariaSnapshot({ timeout: 5000 })
    .catch((error) => error.message);
  console.error(`\n──── ${page.url()}\n${problems.join("\n")}\n${tree.slice(0, 8000)}`);
  const pictures = process.env.LLAMACTL_TEST_PICTURES;
  if (pictures) {
    const path = join(pictures, `${name}.png`);
    await page.screenshot({ path, timeout: 5000 }).then(
      () => console.error(`──── ${path}`),
      () => undefined,
    );
  }
}

const words = process.argv.slice(2);
if (words[0] === "--list") await list();
else await check(...words);
// A handle that a failed check left open must not keep the process.
process.exit();
