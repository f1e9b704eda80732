// The stream of changes. fetch() and not EventSource, which cannot send the session's header.
import { request } from "./api.js";
import { setRegistryTime } from "./format.js";
import { addEvent, apply, beginSync, restore, setStatus, store, synced } from "./store.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
// The registry writes something every 15 s: after this long the line is dead.
const SILENCE_MS = 40_000;
// A browser has six connections to a registry for all its tabs: one that nobody looks at lets go of its own.
const HIDDEN_MS = 120_000;

let attempt = 0;
let retryTimer = null;
let hiddenTimer = null;
let controller = null;
let keepHidden = false;

/** Gives up the stream that early.js has asked for: it is somebody else's. */
export function dropEarly() {
  const early = globalThis.llamactlEarly;
  if (early?.live) early.asked.abort();
  if (early) early.live = null;
}

// That stream, once; nothing where there is none.
function takeEarly() {
  const early = globalThis.llamactlEarly;
  const live = early?.live;
  if (early) early.live = null;
  return live ? { mine: early.asked, answer: live.catch(() => null) } : null;
}

function open(mine) {
  return request("GET", "/api/v1/live", { signal: mine.signal, accept: "text/event-stream" });
}

/** Connects, and from then on reconnects by itself. */
export function start() {
  stop();
  attempt = 0;
  connect();
}

/** Lets go, until `start`. */
export function stop() {
  clearTimeout(retryTimer);
  controller?.abort();
  controller = null;
}

/** With `true` the stream stays while the page is hidden, for whoever waits for a notification. */
export function stayWhenHidden(stay) {
  keepHidden = stay;
}

/** When the next try is, for the banner. */
export let nextTry = null;

async function connect() {
  clearTimeout(retryTimer);
  nextTry = null;
  const asked = takeEarly();
  const mine = asked?.mine ?? new AbortController();
  controller = mine;
  try {
    await follow(mine, asked?.answer);
    if (controller === mine) retry(new Error("the registry ended the stream"));
  } catch (error) {
    if (controller === mine) retry(error);
  }
}

async function follow(mine, asked) {
  let watchdog = setTimeout(() => mine.abort(), SILENCE_MS);
  try {
    const answer = (await asked) ?? (await open(mine));
    const reader = answer.body.getReader();
    const parse = parser(receive);
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => mine.abort(), SILENCE_MS);
      parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** Cuts a stream of server-sent events into messages: `onMessage(event, data)`. */
export function parser(onMessage) {
  let rest = "";
  let event = "message";
  let data = [];
  const take = (line) => {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    if (line !== "") return;
    if (data.length) onMessage(event, data.join("\n"));
    event = "message";
    data = [];
  };
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) take(line.endsWith("\r") ? line.slice(0, -1) : line);
  };
}

function receive(event, data) {
  const value = JSON.parse(data);
  if (event === "hello") {
    attempt = 0;
    setRegistryTime(value.now);
    beginSync();
  } else if (event === "servers" || event === "nodes") apply(event, value);
  else if (event === "synced") synced();
  else if (event === "event") addEvent(value);
}

function retry(error) {
  if (error.status === 401) {
    setStatus("denied");
    return;
  }
  setStatus("lost", error.status ? error.message : undefined);
  if (!store.servers.size && !store.nodes.size) restore();
  // Half of it is chance, so that all pages do not come back in the same moment.
  const limit = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  const wait = Math.max((error.retryAfter ?? 0) * 1000, limit / 2 + (Math.random() * limit) / 2);
  attempt = Math.min(attempt + 1, 10);
  nextTry = Date.now() + wait;
  retryTimer = setTimeout(connect, wait);
}

/** Tries at once if the registry was lost. */
export function retryNow() {
  if (store.status.state !== "lost") return;
  stop();
  connect();
}

if (globalThis.document) {
  addEventListener("online", retryNow);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (!document.hidden) return controller ? retryNow() : start();
    hiddenTimer = setTimeout(() => {
      if (keepHidden || store.status.state === "denied") return;
      stop();
      setStatus("connecting");
    }, HIDDEN_MS);
  });
}
