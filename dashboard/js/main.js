// The start of the page, and its one table of routes.
import { loadSession, recall, session } from "./core/api.js";
import { html, render } from "./core/dom.js";
import { dropEarly, start, stop } from "./core/live.js";
import { dropState } from "./core/saved.js";
import { clear, setStatus } from "./core/store.js";
import { Shell } from "./parts/shell.js";

/**
 * Every page: `path` (a part that begins with `:` is a parameter), `nav` the word in the navigation, `scope` who may.
 */
const routes = [
  { path: "servers", title: "Servers", nav: "Servers", view: () => import("./views/servers.js"), scope: "read" },
  { path: "servers/:id", title: "Server", view: () => import("./views/server.js"), scope: "read" },
  { path: "nodes", title: "Nodes", nav: "Nodes", view: () => import("./views/nodes.js"), scope: "read" },
  { path: "nodes/:id", title: "Node", view: () => import("./views/node.js"), scope: "read" },
  { path: "topology", title: "Topology", nav: "Topology", view: () => import("./views/topology.js"), scope: "read" },
  { path: "capacity", title: "Capacity", nav: "Capacity", view: () => import("./views/capacity.js"), scope: "read" },
  { path: "events", title: "Events", nav: "Events", view: () => import("./views/events.js"), scope: "read" },
  { path: "watch", title: "Watch", nav: "Watch", view: () => import("./views/watch.js"), scope: "read" },
  { path: "tokens", title: "Tokens", nav: "Tokens", view: () => import("./views/tokens.js"), scope: "admin" },
  { path: "start", title: "Get started", nav: "Get started", view: () => import("./views/start.js") },
  { path: "login", title: "Log in", view: () => import("./views/login.js") },
];

// The stream follows the session: it ends with a logout, begins with a login, and another person's begins anew.
let following = null;
function follow() {
  const wanted = session.denied ? "denied" : `in as ${session.whoami?.owner ?? ""}`;
  if (wanted === following?.who) return;
  const changed = following?.known;
  following = { who: wanted, known: session.info !== null || session.denied };
  if (changed || session.denied) {
    dropEarly();
    stop();
    clear();
    dropState();
  }
  if (session.denied) setStatus("denied");
  else start();
}

// The page that was asked for is on its way while we find out who asks.
function fetchFirstView() {
  const [first] = location.hash.replace(/^#\//, "").split(/[/?]/);
  routes
    .find(({ path }) => path === first)
    ?.view()
    .catch(() => undefined);
}

async function begin() {
  fetchFirstView();
  render(html`<${Shell} routes=${routes} />`, document.getElementById("app"));
  try {
    await loadSession();
  } catch {
    // The registry is gone: the stream says so, keeps trying, and the last known state is shown.
  }
  session.subscribe(follow);
  follow();
  // Somebody waits for a model here (facts/watching.js): that goes on after a reload.
  if (recall("llamactl-watching")) import("./facts/watching.js").catch(() => undefined);
}

// Only where the browser allows it: over https, and on localhost. Elsewhere the page works without.
function workOffline() {
  navigator.serviceWorker?.register("/dashboard/sw.js", { scope: "/" }).catch(() => undefined);
}

begin();
if (document.readyState === "complete") workOffline();
else addEventListener("load", workOffline);
