// Requests to the registry, and who we are to it.
import { useEffect, useState } from "./dom.js";

const KEY = "llamactl-session";
const TIMEOUT_MS = 20_000;

/** What the registry answered instead of a result; status 0: it was not reached. */
export class ApiError extends Error {
  constructor(error, { status, hint, cause }) {
    super(error, { cause });
    this.name = "ApiError";
    Object.assign(this, { status, error, hint });
  }
}

const watchers = new Set();
let changes = 0;

/** `info` is /api/v1/dashboard (nothing until it was reached), `whoami` who we are, `denied` that we must log in. */
export const session = { info: null, whoami: null, denied: false, subscribe };

function subscribe(fn) {
  watchers.add(fn);
  return () => watchers.delete(fn);
}

function change(values) {
  Object.assign(session, values);
  changes += 1;
  for (const fn of watchers) fn();
}

/** The session, followed. */
export function useSession() {
  const [, redraw] = useState(0);
  const drawn = changes;
  useEffect(() => {
    const update = () => redraw((n) => n + 1);
    // It may have changed between the drawing and now.
    if (changes !== drawn) update();
    return subscribe(update);
  }, []);
  return session;
}

/** Whether we may do what needs `scope`: read, register or admin. */
export function can(scope) {
  if (!session.info || !scope) return !scope;
  const scopes = session.whoami?.scopes ?? (session.info.auth === "none" ? ["admin"] : session.info.anonymous);
  const implied = { read: ["read", "register", "admin"], register: ["register", "admin"], admin: ["admin"] }[scope];
  return implied.some((name) => scopes.includes(name));
}

/** The headers that every request has. */
export function headers() {
  const key = recall(KEY);
  return key ? { "llamactl-session": key } : {};
}

/** Like fetch(), with our half of the session; a 401 leads to the login. */
export async function request(method, path, { body, signal, accept = "application/json" } = {}) {
  const init = { method, signal, cache: "no-store", credentials: "same-origin", headers: { ...headers(), accept } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted && signal.reason?.name !== "TimeoutError") throw error;
    const hint = "Is it running, and is this machine online?";
    throw new ApiError("the registry does not answer", { status: 0, hint, cause: error });
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401 && path !== "/api/v1/session") refused();
  const { status } = answer;
  const failure = new ApiError(problem.error ?? `HTTP ${status}`, { status, hint: problem.hint });
  failure.retryAfter = Number(answer.headers.get("retry-after")) || 0;
  throw failure;
}

// The token has expired or was revoked: our half of it is of no use any more.
function refused() {
  forget(KEY);
  change({ denied: true, whoami: null });
}

/** Goes on as nobody, where the registry shows its servers to everybody. */
export function goOnAsNobody() {
  change({ denied: false, whoami: null });
}

/** Sends and reads JSON; nothing for an empty answer. */
export async function send(method, path, body) {
  const answer = await request(method, path, { body, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await answer.text();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const hint = "Is something else in between, such as a proxy?";
    throw new ApiError("the registry's answer is not JSON", { status: answer.status, hint, cause: error });
  }
}

/** Reads JSON. */
export function get(path) {
  return send("GET", path);
}

// What early.js was answered, once; nothing where it was not, or came to nothing.
async function aboutEarly() {
  const early = globalThis.llamactlEarly;
  const about = early?.about;
  if (early) early.about = null;
  return about?.catch(() => null);
}

/** Finds out what the registry is and who we are; throws when it is not reached. */
export async function loadSession() {
  const info = (await aboutEarly()) ?? (await get("/api/v1/dashboard"));
  const denied = info.auth === "token" && !info.whoami && !info.anonymous.includes("read");
  change({ info, whoami: info.whoami, denied });
}

/** Trades a token for a session; the page keeps one half, a cookie that it cannot read the other. */
export async function login(token) {
  const { key, whoami } = await send("POST", "/api/v1/session", { token });
  keep(KEY, key);
  change({ whoami, denied: false });
  return whoami;
}

/** Ends the session here, even if the registry cannot be told. */
export async function logout() {
  await send("DELETE", "/api/v1/session").catch(() => undefined);
  forget(KEY);
  const mustLogIn = session.info?.auth === "token" && !session.info.anonymous.includes("read");
  change({ whoami: null, denied: mustLogIn });
}

// Another tab has logged in or out: this one follows.
globalThis.addEventListener?.("storage", ({ key }) => {
  if (key === KEY || key === null) loadSession().catch(() => undefined);
});

// Storage can be switched off or full: then a choice is kept as long as the page is.
const memory = new Map();

/** What was kept under `name` in this browser. */
export function recall(name) {
  try {
    return localStorage.getItem(name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

/** Keeps a small text under `name` in this browser. */
export function keep(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // Kept in memory.
  }
}

/** Forgets what was kept under `name`. */
export function forget(name) {
  memory.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // There was nothing.
  }
}
