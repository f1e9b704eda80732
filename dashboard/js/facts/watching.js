// Waiting for servers of some models, in this browser: it tells when one becomes ready, as long as
// a page of it is open. What is waited for is kept in this browser.
import { keep, recall } from "../core/api.js";
import { stayWhenHidden } from "../core/live.js";
import { href } from "../core/router.js";
import { store, subscribe } from "../core/store.js";
import { namesOf } from "./model-names.js";

const NAME = "llamactl-watching";
const MOST = 20;
const changed = new Set();
/** Servers that were ready when we looked last; nothing before the first look. */
let ready = null;

/** The models that are waited for: `[{model, once}]`. */
export function watched() {
  try {
    const list = JSON.parse(recall(NAME) ?? "[]");
    return Array.isArray(list) ? list.filter((one) => typeof one?.model === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

function change(list) {
  keep(NAME, JSON.stringify(list.slice(-MOST)));
  stayWhenHidden(list.length > 0);
  for (const fn of changed) fn();
}

/** Waits for `model`; with `once` until the first time. */
export function watch(model, once) {
  change([...watched().filter((one) => one.model !== model), { model, once }]);
}

/** Waits no more. */
export function unwatch(model) {
  change(watched().filter((one) => one.model !== model));
}

/** Calls `fn` when the list changes. */
export function onChange(fn) {
  changed.add(fn);
  return () => changed.delete(fn);
}

/** Whether a server serves `model`, in which `*` stands for anything, as the registry's own watches take
 * it. Pure. */
export function serves(server, model) {
  const parts = model
    .trim()
    .split("*")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const wanted = new RegExp(`^${parts.join(".*")}$`, "is");
  return namesOf(server).some((text) => wanted.test(text));
}

/** What this browser can do: `yes`, `ask`, `denied`, `insecure` or `none`. */
export function ability() {
  if (!("Notification" in globalThis)) return globalThis.isSecureContext === false ? "insecure" : "none";
  if (!globalThis.isSecureContext) return "insecure";
  return { granted: "yes", denied: "denied" }[Notification.permission] ?? "ask";
}

/** Asks for permission; call it from a click. */
export async function ask() {
  await Notification.requestPermission();
  for (const fn of changed) fn();
  return ability();
}

async function show(server) {
  const title = `${server.model.name} is ready`;
  const options = {
    body: `${server.name} of ${server.owner} on ${server.host}:${server.port}`,
    tag: server.id,
    icon: "/dashboard/icons/icon-192.png",
    data: { url: `/${href("servers", server.id)}` },
  };
  // Browsers of phones show notifications by the service worker only.
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  if (worker?.active) return worker.showNotification(title, options);
  const notification = new Notification(title, options);
  notification.onclick = () => {
    focus();
    location.hash = href("servers", server.id);
    notification.close();
  };
  return undefined;
}

/** Shows a notification for nothing, so that somebody sees whether they come through. */
export function tryOut() {
  const server = {
    id: "try",
    name: "A server",
    owner: "somebody",
    host: "host",
    port: 8080,
    model: { name: "A model" },
  };
  return show(server);
}

function look() {
  if (store.status.state !== "live") return;
  const now = new Set();
  const fresh = [];
  for (const server of store.servers.values()) {
    if (server.state !== "ready") continue;
    now.add(server.id);
    if (ready && !ready.has(server.id)) fresh.push(server);
  }
  ready = now;
  for (const server of fresh) tell(server);
}

function tell(server) {
  const fits = watched().filter(({ model }) => serves(server, model));
  if (!fits.length || ability() !== "yes") return;
  show(server).catch(() => undefined);
  const done = new Set(fits.filter(({ once }) => once).map(({ model }) => model));
  if (done.size) change(watched().filter(({ model }) => !done.has(model)));
}

subscribe("servers", look);
subscribe("status", look);
stayWhenHidden(watched().length > 0);
look();
