// The one store: what the registry has told. Records are replaced, never changed, so that a row can
// compare identity; whoever listens is told once for each frame.
import { useEffect, useState } from "./dom.js";
import { loadState, saveState } from "./saved.js";

const MAX_EVENTS = 500;

/** The last known state. Maps and arrays are replaced when something in them changes. */
export const store = {
  servers: new Map(),
  nodes: new Map(),
  events: [],
  status: { state: "connecting", since: new Date().toISOString(), seq: 0 },
};

const ID = { servers: "id", nodes: "node_id" };
const listeners = new Map();
const dirty = new Set();
let pending = { servers: new Map(), nodes: new Map() };
let unseen = null; // what the stream has not named yet, while it tells the whole state
let quiet = true; // what comes is not news but the first look
let scheduled = false;
let moved = { arrived: [], left: [] };

/**
 * Calls `fn` after `what` changed, at most once for each frame: `servers`, `nodes`, `events`, `status`,
 * `servers/ID`, `nodes/ID`, or `moved`, which gets `{arrived, left}` with the servers that came and went.
 */
export function subscribe(what, fn) {
  if (!listeners.has(what)) listeners.set(what, new Set());
  const set = listeners.get(what);
  set.add(fn);
  return () => {
    set.delete(fn);
    if (!set.size) listeners.delete(what);
  };
}

/** A message of the live stream: `{changed, gone}` of `servers` or `nodes`. */
export function apply(what, { changed = [], gone = [] }) {
  const waiting = pending[what];
  for (const record of changed) {
    waiting.set(record[ID[what]], record);
    unseen?.[what].delete(record[ID[what]]);
  }
  for (const id of gone) waiting.set(id, null);
  // While the whole state comes, its first part is drawn at once, and the rest together.
  if (!(unseen && store.servers.size && store.nodes.size)) schedule();
}

/** The stream begins: what it does not name until `synced` is gone. */
export function beginSync() {
  quiet = true;
  unseen = { servers: new Set(store.servers.keys()), nodes: new Set(store.nodes.keys()) };
}

/** The whole state has been told. */
export function synced() {
  const gone = unseen;
  unseen = null;
  for (const what of ["servers", "nodes"]) apply(what, { gone: [...(gone?.[what] ?? [])] });
  setStatus("live");
}

/** An entry of the event log. */
export function addEvent(event) {
  if (store.events.some((known) => known.seq === event.seq)) return;
  store.events = [...store.events, event].slice(-MAX_EVENTS);
  store.status = { ...store.status, seq: Math.max(store.status.seq, event.seq) };
  dirty.add("events");
  schedule();
}

/** `connecting`, `live`, `lost` or `denied`, since when, and why. */
export function setStatus(state, reason) {
  const { status } = store;
  if (status.state === state && status.reason === reason) return;
  const since = status.state === state ? status.since : new Date().toISOString();
  const asOf = status.state === "live" ? since : status.asOf;
  store.status = { state, since, reason, seq: status.seq, asOf: state === "live" ? undefined : asOf };
  if (status.state === "live" && state === "lost") saveState(store);
  dirty.add("status");
  schedule();
}

/** Takes what an earlier visit kept, if nothing is known yet. */
export async function restore() {
  const saved = await loadState();
  if (!saved || store.servers.size || store.nodes.size || store.status.state === "live") return;
  store.servers = new Map(saved.servers.map((server) => [server.id, server]));
  store.nodes = new Map(saved.nodes.map((node) => [node.node_id, node]));
  store.status = { ...store.status, asOf: saved.time };
  for (const what of ["servers", "nodes", "status"]) dirty.add(what);
  schedule();
}

/** Forgets everything: we are logged out. */
export function clear() {
  pending = { servers: new Map(), nodes: new Map() };
  Object.assign(store, { servers: new Map(), nodes: new Map(), events: [] });
  store.status = { ...store.status, seq: 0, asOf: undefined };
  for (const what of ["servers", "nodes", "events", "status"]) dirty.add(what);
  schedule();
}

// Pages in the background get no frames, and still have to follow.
function schedule() {
  if (scheduled) return;
  scheduled = true;
  if (document.hidden) setTimeout(flush, 250);
  else requestAnimationFrame(flush);
}

function flush() {
  scheduled = false;
  for (const what of ["servers", "nodes"]) merge(what, what === "servers" && !quiet);
  quiet = unseen !== null || store.status.state !== "live";
  const told = [...dirty];
  dirty.clear();
  for (const what of told) for (const fn of listeners.get(what) ?? []) fn();
  if (moved.arrived.length || moved.left.length) {
    const news = moved;
    moved = { arrived: [], left: [] };
    for (const fn of listeners.get("moved") ?? []) fn(news);
  }
}

function merge(what, announce) {
  const changes = pending[what];
  if (!changes.size) return;
  pending[what] = new Map();
  const next = new Map(store[what]);
  for (const [id, record] of changes) {
    const before = next.get(id);
    if (record) next.set(id, record);
    else next.delete(id);
    if (announce && record && !before) moved.arrived.push(record);
    if (announce && before && !record) moved.left.push(before);
    dirty.add(`${what}/${id}`);
  }
  store[what] = next;
  dirty.add(what);
  saveState(store);
}

function useStored(what, read) {
  const [, redraw] = useState(0);
  const shown = read();
  useEffect(() => {
    const update = () => redraw((n) => n + 1);
    // It may have changed between the drawing and now.
    if (read() !== shown) update();
    return subscribe(what, update);
  }, [what]);
  return shown;
}

/** All servers, by id. */
export const useServers = () => useStored("servers", () => store.servers);
/** One server; undefined when it is not there (any more). */
export const useServer = (id) => useStored(`servers/${id}`, () => store.servers.get(id));
/** All nodes, by id. */
export const useNodes = () => useStored("nodes", () => store.nodes);
/** One node; undefined when it is not there (any more). */
export const useNode = (id) => useStored(`nodes/${id}`, () => store.nodes.get(id));
/** The last events, the oldest first. */
export const useEvents = () => useStored("events", () => store.events);
/** How the connection is: `{state, since, reason, asOf, seq}`. */
export const useStatus = () => useStored("status", () => store.status);
