// What stands around every view: header, navigation, banners, and the place for the view.
import { can, loadSession, logout, session, useSession } from "../core/api.js";
import { html, useEffect, useErrorBoundary, useRef, useState } from "../core/dom.js";
import { exact, Time } from "../core/format.js";
import { retryNow } from "../core/live.js";
import { href, navigate, parse, setQuery, useLocation } from "../core/router.js";
import { subscribe, useStatus } from "../core/store.js";
import { Announce, announce, Badge, Empty, ErrorBox } from "./ui.js";

/** The whole page. */
export function Shell({ routes }) {
  const hash = useLocation();
  const who = useSession();
  const { path, query } = parse(hash);
  const found = find(routes, path.length ? path : ["servers"]);
  useFocus(path.join("/"));
  useNews();
  useSlash();
  useComeback();
  return html`<${Announce} />
    <a class="skip" href="#main" onClick=${skip}>Skip to content</a>
    <header class="top">
      <a class="brand" href="#/servers" aria-label="llamactl: servers"><${Mark} /><span>llamactl</span></a>
      <${Navigation} routes=${routes} current=${path[0] ?? "servers"} />
      <${Connection} />
      <${Who} who=${who} />
    </header>
    <${Banners} info=${who.info} />
    <main id="main" tabindex="-1">
      ${
        who.denied || !found
          ? html`<${Page} key=${who.denied ? "login" : "none"}
              route=${who.denied ? routes.find((route) => route.path === "login") : null} params=${{}}
              query=${query} />`
          : html`<${Page} key=${path.join("/")} route=${found.route} params=${found.params} query=${query} />`
      }
    </main>
    <${Foot} info=${who.info} />`;
}

// The address stays that of the page.
function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

/** The route whose path fits, and what its parameters are. */
function find(routes, path) {
  const parameter = (part) => part.startsWith(":");
  for (const route of routes) {
    const parts = route.path.split("/");
    const fits = parts.every((part, at) => parameter(part) || part === path[at]);
    if (parts.length !== path.length || !fits) continue;
    const params = parts.map((part, at) => [part.slice(1), path[at]]).filter((_, at) => parameter(parts[at]));
    return { route, params: Object.fromEntries(params) };
  }
  return null;
}

// A view is loaded when it is first used, and is remembered.
const loaded = new Map();

function Page({ route, params, query }) {
  const [view, setView] = useState(() => loaded.get(route));
  const [problem, setProblem] = useState(null);
  const [crash, resetCrash] = useErrorBoundary();
  const allowed = !route?.scope || !session.info || can(route.scope);
  const load = () => {
    setProblem(null);
    route.view().then(
      (module) => {
        loaded.set(route, module.default);
        setView(() => module.default);
      },
      (error) =>
        setProblem({
          error: error.message,
          hint: "The registry may be gone, or may have been updated: try again, or reload the page.",
        }),
    );
  };
  useEffect(() => {
    document.title = route ? `${route.title} · llamactl` : "llamactl";
    if (route && !view && allowed) load();
  }, [route, allowed]);
  if (!route)
    return html`<${Empty} page=${true} title="There is no such page"><p><a href="#/servers">To the servers</a></p><//>`;
  if (!allowed) return html`<${NotAllowed} route=${route} />`;
  if (crash) return html`<${ErrorBox} title="This page has an error" error=${crash} retry=${resetCrash} />`;
  if (problem) return html`<${ErrorBox} title="This page could not be loaded" error=${problem} retry=${load} />`;
  if (!view) return html`<p class="loading" aria-busy="true">Loading …</p>`;
  return html`<${view} params=${params} query=${query} setQuery=${setQuery} />`;
}

function NotAllowed({ route }) {
  return html`<${Empty} page=${true} title="${route.title}: not with what you are">
    <p>This page needs a token with the scope <code>${route.scope}</code>. The registry's operator makes one with
      <code>llamactl registry token create</code>.</p>
    <p><a class="button" href="#/login">Log in with another token</a></p>
  <//>`;
}

function Navigation({ routes, current }) {
  const [open, setOpen] = useState(false);
  const box = useRef();
  useEffect(() => setOpen(false), [current]);
  useEffect(() => {
    if (!open) return undefined;
    const close = (event) => {
      if (event.type === "keydown" ? event.key === "Escape" : !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("keydown", close);
    document.addEventListener("click", close);
    return () => {
      document.removeEventListener("keydown", close);
      document.removeEventListener("click", close);
    };
  }, [open]);
  const shown = routes.filter(
    ({ nav, scope }) => nav && (scope !== "admin" || (can("admin") && session.info?.auth === "token")),
  );
  return html`<nav ref=${box} aria-label="Pages" class="nav ${open ? "nav-open" : ""}">
    <button type="button" class="button button-quiet nav-toggle" aria-expanded=${open} aria-controls="pages"
        onClick=${() => setOpen(!open)}>Menu</button>
    <ul id="pages">${shown.map(
      ({ path, nav }) => html`<li key=${path}>
      <a href=${href(path)} aria-current=${path === current ? "page" : undefined} onClick=${() => setOpen(false)}>
        ${nav}</a></li>`,
    )}
    </ul>
  </nav>`;
}

const CONNECTIONS = {
  connecting: ["info", "connecting"],
  live: ["ok", "live"],
  lost: ["bad", "registry gone"],
  denied: ["plain", "not logged in"],
};

function Connection() {
  const { state, since } = useStatus();
  const [tone, text] = CONNECTIONS[state];
  return html`<span class="connection"><${Badge} tone=${tone} title=${`${text} since ${exact(since)}`}>
    ${text}<//></span>`;
}

function Who({ who }) {
  const { info, whoami } = who;
  if (!info || (info.auth === "none" && !whoami?.owner)) return null;
  if (!whoami) return who.denied ? null : html`<a class="button button-quiet" href="#/login">Log in</a>`;
  const leave = async () => {
    await logout();
    navigate("servers");
    announce("Logged out");
  };
  return html`<span class="who">
    <span class="who-name"
        title=${`May ${whoami.scopes.join(", ")}${whoami.expires ? `; until ${exact(whoami.expires)}` : ""}`}>
      ${whoami.owner ?? "token"}</span>
    <button type="button" class="button button-quiet" onClick=${leave}>Log out</button>
  </span>`;
}

function Banners({ info }) {
  const status = useStatus();
  useEffect(() => {
    document.documentElement.dataset.connection = status.state;
  }, [status.state]);
  return html`
    ${
      info?.exposed &&
      html`<aside class="banner banner-warn" aria-label="Warning">
      <p><strong>Whoever reaches this registry may change it:</strong> it asks for no tokens. Send no secrets to a
        server
        that you do not know. The operator's mend: <code>--auth token</code>.</p></aside>`
    }
    ${
      status.state === "lost" &&
      html`<div class="banner banner-bad" role="alert">
      <p><strong>The registry does not answer${status.reason ? `: ${status.reason}` : "."}</strong>${" "}
        ${
          status.asOf
            ? html`This is the last known state, of <${Time} value=${status.asOf} />; it may no longer be true. `
            : html`Nothing is known of an earlier time. `
        }
        It is tried again by itself.</p>
      <button type="button" class="button" onClick=${retryNow}>Try now</button></div>`
    }`;
}

function Foot({ info }) {
  return html`<footer class="foot"><p>llamactl ${info?.version ?? ""}</p>
    <p><a href="/api/v1/docs">API</a></p></footer>`;
}

function Mark() {
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <path d="M9 27V12.5L7.6 5.5h3l1.5 4h2.4l1.5-4h2.8l-1 6.3c4.6.5 7.2 2.8 7.2 6.9V27h-4.2v-5h-7.6v5z" /></svg>`;
}

// A new page takes the focus, so that keyboard and screen reader go on in it and not in the navigation.
function useFocus(path) {
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    scrollTo(0, 0);
    document.getElementById("main").focus({ preventScroll: true });
  }, [path]);
}

// Servers that come and go, in a sentence for those who do not see it.
function useNews() {
  useEffect(
    () =>
      subscribe("moved", ({ arrived, left }) => {
        const parts = [
          [arrived, "arrived"],
          [left, "left"],
        ]
          .filter(([list]) => list.length)
          .map(([list, did]) =>
            list.length === 1 ? `Server ${list[0].name} of ${list[0].owner} ${did}` : `${list.length} servers ${did}`,
          );
        announce(parts.join(", "));
      }),
    [],
  );
}

function useSlash() {
  useEffect(() => {
    const press = (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (
        event.target.closest?.("input, textarea, select, [contenteditable]") ||
        document.querySelector("dialog[open]")
      )
        return;
      const search = document.querySelector('main input[type="search"]');
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

// After the registry was gone it may be another one, or know us no more: ask it again.
function useComeback() {
  const { state } = useStatus();
  const before = useRef(state);
  useEffect(() => {
    if (state === "live" && (before.current === "lost" || !session.info)) loadSession().catch(() => undefined);
    before.current = state;
  }, [state]);
}
