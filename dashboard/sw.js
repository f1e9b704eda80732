// The shell of the page, kept for the time when the registry is not reached. The registry is asked
// first, always; its API is never kept, so nothing of what it answered is in here.
const CACHE = "llamactl-shell-2";
const WAIT_MS = 4000;

/** What the page needs to start, and every view. A test compares it with the folder. */
const SHELL = [
  "/",
  "/dashboard/manifest.webmanifest",
  ...["app", "fleet", "parts", "servers", "views"].map((name) => `/dashboard/css/${name}.css`),
  "/dashboard/icons/icon.svg",
  "/dashboard/icons/icon-192.png",
  ...["early", "main"].map((name) => `/dashboard/js/${name}.js`),
  ...["api", "copy", "dom", "format", "lists", "live", "router", "saved", "store"].map(
    (name) => `/dashboard/js/core/${name}.js`,
  ),
  ...[
    "event-log",
    "event-words",
    "model-names",
    "models",
    "node-facts",
    "server-facts",
    "submit-command",
    "topology-layout",
    "watching",
  ].map((name) => `/dashboard/js/facts/${name}.js`),
  ...[
    "chart",
    "connect",
    "event-list",
    "heat-map",
    "node-bars",
    "pan-zoom",
    "server-row",
    "shell",
    "timeline",
    "topology-picture",
    "ui",
    "usage",
    "where",
  ].map((name) => `/dashboard/js/parts/${name}.js`),
  ...["capacity", "events", "login", "node", "nodes", "server", "servers", "start", "tokens", "topology", "watch"].map(
    (name) => `/dashboard/js/views/${name}.js`,
  ),
  "/dashboard/vendor/preact/standalone.module.js",
  "/dashboard/vendor/uplot/uplot.js",
  "/dashboard/vendor/uplot/uplot.css",
];

addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(dropOld().then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.origin === location.origin && (url.pathname === "/" || url.pathname.startsWith("/dashboard/"));
  if (event.request.method === "GET" && ours) event.respondWith(networkFirst(event.request, url.pathname));
});

// A notification of a model that somebody waits for: its click leads to the server.
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url ?? "/"));
});

async function open(url) {
  const [page] = await clients.matchAll({ type: "window" });
  if (!page) return clients.openWindow(url);
  await page.navigate(url).catch(() => undefined);
  return page.focus();
}

// One file that is missing must not take the whole shell with it.
async function keepShell() {
  const cache = await caches.open(CACHE);
  await Promise.allSettled(SHELL.map((path) => cache.add(new Request(path, { cache: "no-cache" }))));
}

async function dropOld() {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith("llamactl-shell-") && name !== CACHE).map((name) => caches.delete(name)),
  );
}

async function networkFirst(request, path) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(path);
  try {
    // A line that hangs must not keep the page from starting.
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(WAIT_MS) } : {});
    if (answer.ok && answer.type === "basic") await cache.put(path, answer.clone());
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
