// Get started, Watch and Tokens: what leads to a server, tells of one, and lets people in.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { QUIET } from "../cluster.mjs";
import { until } from "../world.mjs";

const tiny = () => join(process.env.LLAMACTL_LAB, "tiny.gguf");

/** Copies every snippet of the page as it stands. */
async function snippets(there) {
  const buttons = there.page.getByRole("main").getByRole("button", { name: /^(Copy|Copied)/ });
  const texts = [];
  for (let n = 0; n < (await buttons.count()); n += 1) {
    await buttons.nth(n).click();
    texts.push(await there.clipboard());
  }
  return texts;
}

export async function the_form_makes_a_command_that_submits_a_job({ world, visit }) {
  await world.startRegistry(["--ttl", "3s"]);
  const there = await visit();
  const { page } = there;
  await there.open("/start");
  await there.loaded();
  await page.getByRole("radio", { name: "a GGUF file of mine" }).check();
  await page.getByLabel("Path of the file on the cluster").fill(tiny());
  await page.getByLabel("GPUs", { exact: true }).fill("1");
  await page.getByLabel("Context in tokens").fill("4096");
  await page.getByLabel("Time", { exact: true }).fill("10");
  await page.getByLabel("Partition").fill("main");
  await page.getByLabel("Name", { exact: true }).fill("ann's first");
  await page.waitForURL(/context=4096/);
  const result = page.getByRole("region", { name: "What to type" });
  await result.getByTitle("Copy: On the login node").click();
  const command = await there.clipboard();
  const submitted = await world.bash(command);
  assert.equal(submitted.code, 0, `${command}\n${submitted.stdout}${submitted.stderr}`);
  const [server] = await world.api("GET", "/api/v1/servers");
  world.jobs.push(server.job_id);
  assert.equal(server.name, "ann's first");
  assert.equal(server.model.context, 4096);
  assert.equal(server.partition, "main");
  await there.open("/servers");
  await page.getByRole("link", { name: "ann's first", exact: true }).waitFor();
}

export async function the_file_of_the_form_is_valid_and_can_be_submitted({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  const { page } = there;
  for (const query of [
    "model=qwen3-30b&gpuType=v100&time=1-00:00:00&access=private",
    "model=gpt-oss-120b",
    "source=hf&hf=unsloth/Qwen3-4B-GGUF:Q4_K_M&gpus=2&context=8192",
    `source=file&file=${encodeURIComponent('/data/it\'s: a "model" #1 ü.gguf')}&name=${encodeURIComponent("yes")}`,
  ]) {
    await page.goto("about:blank");
    await there.open(`/start?${query}`);
    await there.loaded();
    await page.getByText("The same as a file, to keep and to change").click();
    const result = page.getByRole("region", { name: "What to type" });
    const copy = async (name) => {
      await result.getByTitle(name).click();
      return there.clipboard();
    };
    const file = (await result.getByTitle(/\.yaml$/).getAttribute("title")).replace(/^Copy: /, "");
    writeFileSync(join(world.work, file), await copy(/\.yaml$/));
    const checked = await world.bash(await copy("Copy: Says what is wrong in it"));
    assert.equal(checked.code, 0, `${query}\n${checked.stdout}${checked.stderr}`);
    for (const title of ["Copy: Submits the file", "Copy: On the login node"]) {
      const command = (await copy(title)).replace(/\s--wait\b/, "");
      const { code, stdout, stderr } = await world.bash(`${command} --dry-run`);
      // The lab has one type of GPU, which is not what every model wants.
      if (/model=/.test(query) && code !== 0) assert.match(stderr, /the cluster has no|variant/, command);
      else assert.match(`${code} ${stdout}`, /^0 #!\/bin\/bash/, `${command}\n${stderr}`);
    }
  }
}

export async function wrong_fields_are_told_in_words({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  const { page } = there;
  await there.open("/start");
  await page.getByLabel(/^GPUs/).fill("many");
  await page
    .getByText(/A whole number/)
    .first()
    .waitFor();
  await page.getByRole("alert").filter({ hasText: "a field is not right" }).waitFor();
  assert.equal(await page.getByLabel(/^GPUs/).getAttribute("aria-invalid"), "true");
  await page.getByLabel(/^GPUs/).fill("2");
  await page.getByRole("region", { name: "What to type" }).getByText("--gpus 2").waitFor();
}

export async function every_line_is_one_that_llamactl_understands({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  const { page } = there;
  const texts = [];
  for (const path of ["/servers", "/nodes", "/start", "/tokens", "/watch"]) {
    await there.open(path);
    await there.loaded();
    await page.evaluate(() =>
      document.querySelectorAll("details").forEach((one) => {
        one.open = true;
      }),
    );
    texts.push(...(await snippets(there)));
  }
  const { id } = await world.server({ name: "any" });
  await there.open(`/servers/${id}`);
  await there.loaded();
  texts.push(...(await snippets(there)));
  // What stands in running text is typed too.
  texts.push(...(await page.locator("main code").allInnerTexts()));
  const commands = texts
    .flatMap((text) => text.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => /^\s*llamactl \w/.test(line));
  assert.ok(commands.length >= 10, commands.join("\n"));
  for (const command of new Set(commands)) {
    // clap complains of what it does not know before it comes to --help.
    const { code, stderr } = await world.bash(`${command.replace(/ -- .*/, "")} --help`);
    assert.equal(code, 0, `${command}\n${stderr}`);
  }
}

export async function the_registry_tells_when_a_model_is_ready({ world, visit }) {
  const url = await world.startNtfy();
  await world.configure({ notify: { ntfy_server: url } });
  await world.startRegistry(["--ttl", "3s"]);
  const there = await visit();
  const { page } = there;
  await there.open("/watch");
  await there.loaded();
  await page.getByLabel(/^Model/).fill("waited-for");
  const registry = page.getByRole("region", { name: "By the registry" });
  await registry.getByRole("combobox", { name: "By" }).selectOption("ntfy");
  await registry.getByLabel("ntfy topic").fill("my-llamas");
  await registry.getByRole("button", { name: "Let the registry tell me" }).click();
  await registry.getByRole("listitem").filter({ hasText: "waited-for" }).waitFor();
  await world.submit("waited-for");
  const message = await until("the message", async () => {
    const lines = (await (await fetch(`${url}/my-llamas/json?poll=1`)).text()).trim().split("\n");
    return lines
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .find(({ event }) => event === "message");
  });
  assert.match(`${message.title} ${message.message}`, /waited-for/);
  await page.reload();
  await there.loaded();
  await until(
    "the watch is over",
    async () => (await registry.getByRole("listitem").filter({ hasText: "waited-for" }).count()) === 0,
  );
}

export async function the_browser_tells_when_a_model_is_ready({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  const { page, context } = there;
  await context.grantPermissions(["notifications"], { origin: world.url });
  await page.addInitScript(() => {
    window.told = [];
    // Chromium without a screen shows none: what the page asks it to show is what counts.
    window.Notification = class extends EventTarget {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title, options) {
        super();
        window.told.push([title, options?.body]);
      }
      close() {
        return this;
      }
    };
    ServiceWorkerRegistration.prototype.showNotification = async (title, options) => {
      window.told.push([title, options?.body]);
    };
  });
  await there.open("/watch?model=gemma-3-27b");
  await there.loaded();
  await page.getByRole("button", { name: /^Tell me here/ }).click();
  await page
    .getByRole("region", { name: "In this browser" })
    .getByRole("listitem")
    .filter({ hasText: "gemma-3-27b" })
    .waitFor();
  await there.open("/servers");
  await world.server({ name: "other", model: { name: "other" } });
  await world.server({ name: "mine", owner: "lrossi", model: { name: "gemma-3-27b" } });
  const told = await until("the notification", () => page.evaluate(() => window.told.length && window.told));
  assert.equal(told.length, 1);
  assert.match(told[0].join(" "), /gemma-3-27b/);
}

export async function a_token_is_made_shown_once_and_revoked({ world, visit }) {
  await world.startRegistry([...QUIET, "--auth", "token"]);
  const there = await visit();
  const { page } = there;
  await there.logIn(world.adminToken);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Tokens" }).click();
  await page.getByRole("button", { name: "New token …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Owner/).fill("carla");
  await dialog.getByRole("checkbox", { name: /^register/ }).check();
  await dialog.getByLabel(/^What it is for/).fill("carla's laptop");
  await dialog.getByRole("button", { name: "Make the token" }).click();
  await dialog.getByRole("button", { name: /^Copy/ }).first().click();
  const secret = (await there.clipboard()).trim();
  const who = await world.api("GET", "/api/v1/whoami", undefined, { token: secret });
  assert.equal(who.owner, "carla");
  assert.deepEqual([...who.scopes].sort(), ["read", "register"]);
  await page.keyboard.press("Escape");
  if (await dialog.count())
    await dialog
      .getByRole("button", { name: /close|done|kept/i })
      .first()
      .click();
  const row = page.getByRole("table", { name: "Tokens" }).getByRole("row").filter({ hasText: "carla" });
  await row.getByText("carla's laptop").waitFor();
  assert.ok(!(await page.content()).includes(secret), "it is shown one time");
  await row.getByRole("button", { name: /^Revoke/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await row.getByText("revoked").waitFor();
  await assert.rejects(world.api("GET", "/api/v1/whoami", undefined, { token: secret }), /401/);
}
