// Where we are: `#/path/ID?query`. The part after `?` has filters, sorting and search.
import { useEffect, useState } from "./dom.js";

const listeners = new Set();
let current = location.hash;

/** What the address says: `{ path: ["servers", "ID"], query: {owner: "ann"} }`. */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { path: path.split("/").filter(Boolean).map(decode), query: Object.fromEntries(new URLSearchParams(query)) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone % that somebody typed
  }
}

/** The address of a page, as `href("servers", id)` or `href("servers", { owner: "ann" })`. */
export function href(...parts) {
  const query = typeof parts.at(-1) === "object" ? parts.pop() : {};
  const path = `#/${parts.map(encodeURIComponent).join("/")}`;
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return search ? `${path}?${search}` : path;
}

/** Goes to a page. */
export function navigate(...parts) {
  writeSoon.cancel();
  location.hash = href(...parts);
}

/** Changes some of the query; an empty value takes its key out. `push` makes a step that Back undoes. */
export function setQuery(changes, { push = false } = {}) {
  const { path, query } = parse(current);
  const target = href(...(path.length ? path : ["servers"]), { ...query, ...changes });
  if (target === current) return;
  current = target;
  if (push) {
    writeSoon.cancel();
    history.pushState(null, "", target);
  } else writeSoon();
  tell();
}

// Browsers refuse more than some hundred changes of the address in half a minute: while somebody
// types, what is shown changes at once, and the address a few times a second.
function writeSoon() {
  clearTimeout(writeSoon.timer);
  const wait = (writeSoon.last ?? -Infinity) + 400 - performance.now();
  if (wait > 0) writeSoon.timer = setTimeout(write, wait);
  else write();
}

function write() {
  writeSoon.last = performance.now();
  history.replaceState(null, "", current);
}
writeSoon.cancel = () => clearTimeout(writeSoon.timer);

/** The place we are at, followed. */
export function useLocation() {
  const [hash, set] = useState(current);
  useEffect(() => {
    const update = () => set(current);
    listeners.add(update);
    update();
    return () => listeners.delete(update);
  }, []);
  return hash;
}

function tell() {
  for (const listener of listeners) listener();
}

function follow() {
  writeSoon.cancel();
  if (current === location.hash) return;
  current = location.hash;
  tell();
}

addEventListener("hashchange", follow);
addEventListener("popstate", follow);
