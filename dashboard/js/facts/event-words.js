// Each entry of the event log as a sentence: a list of texts and of `{text, page, id}`, which are
// links to what it is about. Pure; what clients said is only ever text in it.

/** Every kind of event, with the words of the filter. */
export const KINDS = {
  registered: "server registered",
  updated: "server changed",
  lost: "server lost",
  unregistered: "server said goodbye",
  replaced: "server replaced",
  removed: "server removed",
  unhealthy: "server does not answer",
  recovered: "server answers again",
  notified: "somebody told",
  "watch-created": "watch made",
  "watch-removed": "watch ended",
  "node-registered": "node registered",
  "node-updated": "node changed",
  "node-state": "node's state",
  "node-removed": "node removed",
  "profile-set": "profile written",
  "profile-removed": "profile removed",
  "token-created": "token made",
  "token-revoked": "token revoked",
  restored: "database restored",
};

const GOOD = ["registered", "recovered", "node-registered", "updated: ready", "node-state: online"];
const BAD = ["lost", "unhealthy", "removed", "node-removed", "node-state: offline", "token-revoked"];

/** `good`, `bad` or `plain`, for the mark beside it. */
export function tone(event) {
  const { kind, data } = event;
  if (kind === "notified") return data?.ok ? "good" : "bad";
  const what = ["node-state", "updated"].includes(kind) ? `${kind}: ${data?.state}` : kind;
  if (GOOD.includes(what)) return "good";
  return BAD.includes(what) ? "bad" : "plain";
}

function text(value) {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function server(event) {
  const data = event.data ?? {};
  const name = text(data.name) || text(data.model) || `job ${text(data.job) || event.subject}`;
  const link = { text: name, page: "servers", id: event.subject };
  return data.owner ? [link, ` of ${text(data.owner)}`] : [link];
}

function node(event) {
  return { text: text(event.data?.name) || event.subject, page: "nodes", id: event.subject };
}

function where(data) {
  const url = text(data.url).replace(/^https?:\/\//, "") || (data.host ? `${text(data.host)}:${text(data.port)}` : "");
  return [url && ` at ${url}`, data.gpus && ` with ${text(data.gpus)}`].filter(Boolean).join("");
}

function changed(event) {
  const { state } = event.data ?? {};
  const after = {
    ready: " is ready",
    loading: " loads its model",
    draining: " drains: it finishes what it has",
    lost: " is lost",
  }[state];
  return [...server(event), after ?? " changed what it says of itself"];
}

function nodeState(event) {
  const { state, from } = event.data ?? {};
  const after = {
    online: " is online",
    warning: " is in trouble, or was not heard of for a while",
    offline: " is offline",
    maintenance: " is in maintenance",
    draining: " drains: it takes no new work",
  }[state];
  return [node(event), after ?? ` is ${text(state)}`, from ? `; it was ${text(from)} before` : ""];
}

function notified(event) {
  const { channel, ok, error, event: about, name, owner } = event.data ?? {};
  const link = { text: text(name) || event.subject, page: "servers", id: event.subject };
  const what = ok ? "was told" : "could not be told";
  const told = `${text(owner) || "its owner"} ${what} by ${text(channel) || "a message"}`;
  return [link, `: ${told}`, about ? ` (${text(about)})` : "", error ? `: ${text(error)}` : ""];
}

const WORDS = {
  registered: (event) => [...server(event), ` registered${where(event.data ?? {})}`],
  updated: changed,
  lost: (event) => [...server(event), " is lost: it was not heard of any more"],
  unregistered: (event) => [...server(event), " said goodbye"],
  replaced: (event) => [...server(event), " was replaced by a later start of its job"],
  removed: (event) => [...server(event), " was removed: it was silent for too long"],
  unhealthy: (event) => [...server(event), " does not answer", because(event)],
  recovered: (event) => [...server(event), " answers again"],
  notified,
  "watch-created": (event) => [`Somebody waits for a server of ${text(event.data?.model)}`],
  "watch-removed": (event) => [`Nobody waits for a server of ${text(event.data?.model)} by this watch any more`],
  "node-registered": (event) => ["Node ", node(event), ` registered as ${text(event.data?.role) || "a node"}`],
  "node-updated": (event) => ["Node ", node(event), " changed what it says of itself"],
  "node-state": (event) => ["Node ", ...nodeState(event)],
  "node-removed": (event) => [`Node ${text(event.data?.name) || event.subject} was taken out`],
  "profile-set": (event) => [`The profile of the role ${event.subject} was written`],
  "profile-removed": (event) => [`The profile of the role ${event.subject} was taken out`],
  "token-created": (event) => [`A token was made for ${text(event.data?.owner)}${scopes(event)}`],
  "token-revoked": (event) => [`A token of ${text(event.data?.owner)} was revoked${scopes(event)}`],
  restored: () => ["The database was replaced by a backup"],
};

function because(event) {
  return event.data?.reason ? `: ${text(event.data.reason)}` : "";
}

function scopes(event) {
  return Array.isArray(event.data?.scopes) ? ` (${event.data.scopes.map(text).join(", ")})` : "";
}

/** The sentence. A kind that this page does not know is named as it is. */
export function sentence(event) {
  const words = WORDS[event.kind] ?? (() => [`${event.kind}: ${event.subject}`]);
  return words(event).filter((part) => part !== "");
}

/** The sentence as one text. */
export function plain(event) {
  return sentence(event)
    .map((part) => (typeof part === "string" ? part : part.text))
    .join("");
}

/** Whether an event passes the filters of the URL: `{kind, subject, actor, q}`. */
export function passes(event, filter) {
  const kinds = (filter.kind ?? "").split(",").filter(Boolean);
  const words = (filter.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const has = () => {
    const { kind, subject, actor, origin, data } = event;
    return [plain(event), kind, subject, actor, origin, JSON.stringify(data)].join("\n").toLowerCase();
  };
  return (
    (!kinds.length || kinds.includes(event.kind)) &&
    (!filter.subject || event.subject === filter.subject) &&
    (!filter.actor || event.actor === filter.actor || event.token === filter.actor) &&
    (!words.length || words.every((word) => has().includes(word)))
  );
}
