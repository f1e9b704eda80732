// One chromium, one page, and everything that must not happen in it: a request to anywhere but
// the registry, a violation of the content security policy, a dialog, an error on the console.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const lab = process.env.LLAMACTL_LAB ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "llamactl/lab");
const fromNpm = createRequire(join(lab, "browser", "any.js"));

function load(name) {
  try {
    return fromNpm(name);
  } catch (error) {
    throw new Error(`${name} is missing in ${lab}/browser: run \`make test-tools\``, { cause: error });
  }
}

const { chromium } = load("playwright-core");
const axeSource = readFileSync(fromNpm.resolve("axe-core/axe.min.js"), "utf8");

function chromiumPath() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.map((folder) => join(folder, "chromium")).find(existsSync);
  if (!found) throw new Error("chromium is missing: run `make test-deps`");
  return found;
}

/** Starts chromium; `hosts` are names that it takes for this machine. */
export function launch({ hosts = [], args = [] } = {}) {
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(", ");
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [...(rules ? [`--host-resolver-rules=${rules}`] : []), ...args],
  });
}

/** A page of a fresh profile, and a list of what went wrong in it. */
export class Visit {
  static async start(browser, { url, viewport, colorScheme = "light", ...more }) {
    const context = await browser.newContext({
      baseURL: url,
      viewport: viewport ?? { width: 1280, height: 800 },
      colorScheme,
      locale: "en-GB",
      timezoneId: "Europe/Paris",
      reducedMotion: "reduce",
      ...more,
    });
    // A page over plain http from another host has no clipboard to be allowed.
    if (new URL(url).hostname === "127.0.0.1")
      await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });
    context.setDefaultTimeout(30_000);
    const visit = new Visit(context, url);
    await visit.watch();
    visit.page = await context.newPage();
    return visit;
  }

  constructor(context, url) {
    this.context = context;
    this.origin = new URL(url).origin;
    this.problems = [];
    this.allowed = [];
  }

  async watch() {
    const { context, problems } = this;
    await context.exposeBinding("reportViolation", (_, text) => problems.push(`CSP violation: ${text}`));
    await context.exposeBinding("pwned", (_, text) => problems.push(`a script of data ran: ${text}`));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    context.on("request", (request) => {
      const url = request.url();
      if (!/^(data|blob):/.test(url) && new URL(url).origin !== this.origin) problems.push(`request to ${url}`);
    });
    context.on("console", (message) => {
      if (message.type() === "error") problems.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", ({ error }) => problems.push(`page: ${error()?.stack ?? error}`));
    context.on("dialog", async (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
  }

  /** Problems that this test makes on purpose, as a registry that does not answer. */
  allow(...patterns) {
    this.allowed.push(...patterns);
  }

  /** Throws when anything went wrong that was not allowed. */
  assertClean() {
    const bad = this.problems.filter((problem) => !this.allowed.some((pattern) => pattern.test(problem)));
    if (bad.length > 0) throw new Error(`the page had problems:\n  ${[...new Set(bad)].join("\n  ")}`);
  }

  /** Shows a view and waits until it stands. */
  async open(path) {
    await this.page.goto(`/#${path}`);
    await this.settled();
  }

  /** The frame stands, and the view in it says what it is. */
  async settled() {
    await this.page.getByRole("main").getByRole("heading").first().waitFor();
  }

  /** The page follows the registry, and what the view fetches for itself is there. */
  async loaded() {
    await this.connection("live");
    await this.page.locator('main [aria-busy="true"]').first().waitFor({ state: "detached" });
  }

  /** Waits until the page says of its connection: connecting, live, lost or denied. */
  connection(state) {
    return this.page.locator(`html[data-connection="${state}"]`).waitFor({ state: "attached" });
  }

  /** Logs in at the view that asks for it. */
  async logIn(token) {
    if (this.page.url() === "about:blank") await this.page.goto("/");
    await this.page.getByLabel("Token", { exact: true }).fill(token);
    await this.page.getByRole("button", { name: "Log in" }).click();
    await this.page.getByRole("button", { name: "Log out" }).waitFor();
    await this.loaded();
  }

  clipboard() {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  /** What axe-core has to say against the page as it stands, as texts; `rules` are all without it. */
  async axe(rules) {
    const { page } = this;
    // Through the debugger: the page's own policy lets no script in.
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(
      (only) =>
        window.axe.run(document, {
          runOnly: only ?? ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
          resultTypes: ["violations"],
        }),
      rules,
    );
    return violations.map(({ id, help, nodes }) => {
      const where = nodes
        .slice(0, 3)
        .map((node) => `\n      ${node.html.slice(0, 160)} — ${node.any[0]?.message ?? node.failureSummary}`);
      return `${id}: ${help} (${nodes.length})${where.join("")}`;
    });
  }

  /** How far the page can be pushed sideways, in pixels; 0 is right. */
  sideways() {
    return this.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
  }

  /** What stands out to the right, innermost first. */
  widest() {
    return this.page.evaluate(() => {
      const limit = document.documentElement.clientWidth;
      const out = [...document.querySelectorAll("body *")].filter(
        (one) => one.getBoundingClientRect().right > limit + 0.5,
      );
      const inner = out.filter((one) => !out.some((other) => other !== one && one.contains(other)));
      return inner
        .slice(0, 4)
        .map(
          (one) =>
            `<${one.tagName.toLowerCase()} class="${one.getAttribute("class") ?? ""}"> ${one.textContent.slice(0, 40)}`,
        );
    });
  }

  close() {
    return this.context.close();
  }
}

/** Runs in the page: all that a site can keep in a browser, as one text. */
export async function everythingKept() {
  const kept = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done, failed) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
    for (const store of db.objectStoreNames) {
      const all = db.transaction(store).objectStore(store).getAll();
      kept.push(
        JSON.stringify(
          await new Promise((done) => {
            all.onsuccess = () => done(all.result);
          }),
        ),
      );
    }
    db.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const { pathname } = new URL(request.url);
      kept.push(pathname.startsWith("/api/") ? await (await cache.match(request)).text() : "");
    }
  }
  return kept.join("\n");
}
