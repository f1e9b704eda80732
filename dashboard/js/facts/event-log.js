// Reading the event log: the newest, the older ones a page at a time, and what happens meanwhile.
// Administrators get the audit, which has the actor and the address too.
import { get, request } from "../core/api.js";
import { useCallback, useEffect, useReducer, useRef } from "../core/dom.js";
import { store, subscribe } from "../core/store.js";

const PAGE = 1000;
/** Numbers that one request looks through, where only some events are wanted. */
const SEARCHED = 5000;
/** Requests for one step back, before somebody has to ask for more. */
const STEPS = 6;
const WANTED = 60;
/** Most events that the page keeps. */
export const MOST = 5000;
const SOON_MS = 300;

function address(admin, after, { kind, subject, actor }) {
  const query = new URLSearchParams({ limit: PAGE });
  if (after !== null) query.set("after", Math.max(0, after));
  if (kind && !(admin && kind.includes(","))) query.set("kind", kind);
  if (subject) query.set("subject", subject);
  if (admin && actor) query.set("actor", actor);
  return `${admin ? "/api/v1/audit" : "/api/v1/events"}?${query}`;
}

/** The number of the newest event. */
async function newest() {
  const answer = await request("GET", "/api/v1/nodes?limit=1", { signal: AbortSignal.timeout(20_000) });
  return Number(answer.headers.get("llamactl-seq")) || 0;
}

/** The wanted events with numbers over `after` and under `before`, oldest first. */
async function between(admin, after, before, filter) {
  const found = [];
  let at = after;
  for (let step = 0; step < 2 * STEPS && at < before - 1; step += 1) {
    const answer = await request("GET", address(admin, at, filter), { signal: AbortSignal.timeout(20_000) });
    const events = await answer.json();
    found.push(...events.filter((event) => event.seq < before));
    const next = Number(answer.headers.get("llamactl-seq")) || events.at(-1)?.seq || at;
    if (next <= at || (admin && events.length < PAGE)) break;
    at = next;
  }
  return found;
}

/** One step back from number `before`: some events, newest first, and where to go on. */
async function back(admin, before, filter) {
  const first = (await get("/api/v1/events?limit=1"))[0]?.seq ?? before;
  const span = filter.subject || filter.kind || filter.actor ? SEARCHED : PAGE;
  let found = [];
  let at = before;
  for (let step = 0; step < STEPS && at > first && found.length < WANTED; step += 1) {
    const after = Math.max(first - 1, at - 1 - span);
    found = [...found, ...(await between(admin, after, at, filter)).reverse()];
    at = after + 1;
  }
  return { events: found, at, done: at <= first };
}

async function start(admin, filter) {
  if (!admin) return back(false, (await newest()) + 1, filter);
  // The audit gives the last ones by itself, however far back they are.
  const query = address(true, null, filter).replace(`limit=${PAGE}`, "limit=200");
  const events = (await get(query)).reverse();
  return { events, at: events.at(-1)?.seq ?? 0, done: events.length < 200 };
}

const EMPTY = { events: [], at: null, done: false, loading: true, error: null };

function reduce(state, change) {
  if (change === "begin") return EMPTY;
  if (!change.add) return { ...state, ...change };
  const known = new Set(state.events.map((event) => event.seq));
  const fresh = change.add.filter((event) => !known.has(event.seq));
  if (!fresh.length && change.at === undefined && change.loading === undefined) return state;
  const events = [...state.events, ...fresh].sort((a, b) => b.seq - a.seq).slice(0, MOST);
  return { ...state, ...change, add: undefined, events };
}

/** Calls `fn` soon after events were told, once for many. */
function useNews(fn) {
  useEffect(() => {
    let timer = null;
    const stop = subscribe("events", () => {
      timer ??= setTimeout(() => {
        timer = null;
        fn();
      }, SOON_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [fn]);
}

/** The log, newest first: `{events, done, loading, error, older, retry}`. */
export function useEventLog({ kind = "", subject = "", actor = "" }, admin) {
  const [state, change] = useReducer(reduce, EMPTY);
  const turn = useRef(0);
  const newestKnown = useRef(0);
  newestKnown.current = state.events[0]?.seq ?? newestKnown.current;
  const filter = { kind, subject, actor };
  const run = useCallback((work) => {
    const mine = turn.current;
    change({ loading: true, error: null });
    work.then(
      ({ events, at, done }) => mine === turn.current && change({ add: events, at, done, loading: false }),
      (error) => mine === turn.current && change({ loading: false, error }),
    );
  }, []);
  const begin = useCallback(() => {
    turn.current += 1;
    newestKnown.current = 0;
    change("begin");
    run(start(admin, filter));
  }, [kind, subject, actor, admin]);
  useEffect(begin, [begin]);
  useNews(
    useCallback(() => {
      const mine = turn.current;
      const add = (events) => mine === turn.current && change({ add: events });
      if (!admin) return add(store.events.filter(wanted(filter)));
      const after = newestKnown.current;
      // What is missed by a failure here comes with the next event.
      return after && get(address(true, after, filter)).then(add, () => undefined);
    }, [kind, subject, actor, admin]),
  );
  const older = () => !state.loading && !state.done && run(back(admin, state.at, filter));
  return { ...state, older, retry: state.at === null ? begin : older };
}

function wanted({ kind, subject }) {
  const kinds = kind.split(",").filter(Boolean);
  return (event) => (!kinds.length || kinds.includes(event.kind)) && (!subject || event.subject === subject);
}

/** The last events of one server or node, newest first: `{events, error, loading, retry}`. */
export function useSubjectEvents(id, most = 20) {
  const log = useEventLog({ subject: id }, false);
  return { ...log, events: log.events.slice(0, most) };
}
