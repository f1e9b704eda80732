// Where we are: `#/path/ID?query`. The part after `?` has filters, sorting and search.
import { useEffect, useState } from "./dom.js";

const listeners = new Set();

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

export function navigate(...parts) {
  location.hash = href(...parts);
}

/** Changes some of the query; an empty value takes its key out. `push` makes a step that Back undoes. */
export function setQuery(changes, { push = false } = {}) {
  const { path, query } = parse(location.hash);
  const target = href(...path, { ...query, ...changes });
  if (target === location.hash) return;
  history[push ? "pushState" : "replaceState"](null, "", target);
  tell();
}

/** The place we are at, followed. */
export function useLocation() {
  const [hash, set] = useState(location.hash);
  useEffect(() => {
    const update = () => set(location.hash);
    listeners.add(update);
    update();
    return () => listeners.delete(update);
  }, []);
  return hash;
}

function tell() {
  for (const listener of listeners) listener();
}

addEventListener("hashchange", tell);
addEventListener("popstate", tell);
