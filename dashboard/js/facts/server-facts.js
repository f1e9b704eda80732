// What a server's record says, for people. Pure.
import { hostPort, now } from "../core/format.js";
import { answersTo, namesOf } from "./model-names.js";

/** Its state in a word; one whose `/health` the registry finds wanting is `unhealthy`. */
export function stateOf(server) {
  return server.state === "ready" && server.health?.ok === false ? "unhealthy" : server.state;
}

/** What each state means, in a sentence. */
export const STATE_WORDS = {
  loading: "The job runs; the model is not loaded yet.",
  ready: "It answers.",
  draining: "It finishes what it has and takes nothing new.",
  lost: "Nothing was heard of it for longer than its lease.",
  unhealthy: "Its job reports that it is ready, but the registry does not get an answer from it.",
};

/** The job's id as SLURM and llamactl write it: `4711`, `4711_2`. */
export function jobOf(server) {
  return server.array_task == null ? server.job_id : `${server.job_id}_${server.array_task}`;
}

/** One word of a command, safe to paste into any POSIX shell. */
export function shellWord(word) {
  return /^[A-Za-z0-9_.,:@%+=/][A-Za-z0-9_.,:@%+=/-]*$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line of llamactl for this server: `llamactl connect 4711`. */
export function commandFor(verb, server) {
  const job = jobOf(server);
  return `llamactl ${verb} ${job.startsWith("-") ? "-- " : ""}${shellWord(job)}`;
}

/** Host and port, as one reads them. */
export const addressOf = (server) => hostPort(server.host, server.port);

/** `{left, share}`: seconds of walltime left, and how much of the whole that is; nothing where no end is known. */
export function walltime(server, at = now()) {
  if (!server.ends) return null;
  const whole = Date.parse(server.ends) - Date.parse(server.started);
  const left = Math.max(0, Date.parse(server.ends) - at);
  return { left: left / 1000, share: whole > 0 ? Math.min(1, left / whole) : 0 };
}

/** Its labels as `name=value`, or the name alone where the value is empty. */
export function labelsOf(server) {
  return Object.entries(server.labels ?? {}).map(([name, value]) => (value ? `${name}=${value}` : name));
}

/** What a search looks through. */
export function searched(server) {
  return [
    server.name,
    ...namesOf(server),
    server.owner,
    jobOf(server),
    addressOf(server),
    server.slurm_node,
    server.partition,
    server.gpus,
    server.cluster,
    stateOf(server),
    ...labelsOf(server),
  ];
}

const STATE_ORDER = ["ready", "loading", "draining", "unhealthy", "lost"];

/** How each column sorts. */
export const SORT_KEYS = {
  name: (server) => server.name,
  model: (server) => server.model.name,
  owner: (server) => server.owner,
  state: (server) => STATE_ORDER.indexOf(stateOf(server)),
  address: addressOf,
  gpus: (server) => server.gpus,
  partition: (server) => server.partition,
  context: (server) => server.model.context,
  slots: (server) => (server.slots?.total ? server.slots.busy / server.slots.total : null),
  speed: (server) => server.tokens_per_second,
  uptime: (server) => -Date.parse(server.started),
  left: (server) => (server.ends ? Date.parse(server.ends) : null),
};

/** Whether the server fits every filter of the query. */
export function fits(server, { owner, model, state, label, partition }) {
  return (
    (!owner || server.owner === owner) &&
    (!model || answersTo(server, model)) &&
    (!state || stateOf(server) === state) &&
    (!partition || server.partition === partition) &&
    (!label || labelsOf(server).includes(label))
  );
}
