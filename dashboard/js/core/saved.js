// The last known state, kept in this browser for the time when the registry is gone. It has what the
// lists show: no key, no token. IndexedDB, because two thousand records are too much for localStorage.
const NAME = "llamactl";
const TABLE = "state";
const RECORD = "last";
const SOON_MS = 1_000;
const EVERY_MS = 20_000;
const MAX_RECORDS = 5_000;
let timer = null;
let last = -Infinity;
let waiting = null;

/** Keeps the state soon; many calls become one. */
export function saveState(store) {
  waiting = store;
  timer ??= setTimeout(write, Math.max(SOON_MS, last + EVERY_MS - performance.now()));
}

function write() {
  clearTimeout(timer);
  timer = null;
  if (!waiting) return;
  const { servers, nodes, status } = waiting;
  waiting = null;
  last = performance.now();
  const record = {
    time: status.asOf ?? new Date().toISOString(),
    servers: [...servers.values()].slice(0, MAX_RECORDS),
    nodes: [...nodes.values()].slice(0, MAX_RECORDS),
  };
  within("readwrite", (table) => table.put(record, RECORD)).catch(ignore);
}

// Whoever leaves may come back to a registry that is gone.
globalThis.document?.addEventListener("visibilitychange", () => document.hidden && write());

/** What was kept, or nothing. */
export function loadState() {
  return within("readonly", (table) => table.get(RECORD)).catch(ignore);
}

/** Takes it away. */
export function dropState() {
  clearTimeout(timer);
  timer = null;
  waiting = null;
  return within("readwrite", (table) => table.delete(RECORD)).catch(ignore);
}

// A browser that forbids storage shows the live state all the same.
function ignore() {
  return undefined;
}

function within(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(TABLE, mode);
      const asked = work(transaction.objectStore(TABLE));
      transaction.oncomplete = () => {
        database.close();
        resolve(asked.result);
      };
      transaction.onabort = () => {
        database.close();
        reject(transaction.error);
      };
    };
  });
}
