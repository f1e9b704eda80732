// How much there was and how much was used, from the registry's history.
import { get } from "../core/api.js";
import { html, useCallback, useEffect, useMemo, useState } from "../core/dom.js";
import { exact, number } from "../core/format.js";
import { NODE_STATES } from "../facts/node-facts.js";
import { Bars, Chart } from "../parts/chart.js";
import { ErrorBox } from "../parts/ui.js";

const RANGES = [
  ["1h", "1 hour"],
  ["24h", "24 hours"],
  ["7d", "7 days"],
  ["30d", "30 days"],
];
const EVERY_MS = 60_000;
const SERVER_STATES = ["ready", "loading", "draining", "lost"];
const COLOURS = {
  ready: "--ok-fill",
  loading: "--info-fill",
  draining: "--warn-fill",
  lost: "--bad-fill",
  online: "--ok-fill",
  warning: "--warn-fill",
  "node draining": "--info-fill",
  maintenance: "--chart-violet",
  offline: "--bad-fill",
};

/** The page. */
export default function Capacity({ query, setQuery }) {
  const since = RANGES.some(([range]) => range === query.since) ? query.since : "24h";
  const { history, error, load } = useHistory(since);
  const words = RANGES.find(([range]) => range === since)[1];
  return html`<div class="page-head"><h1>Capacity</h1>
      <div class="segments push-right" role="group" aria-label="How far back">${RANGES.map(
        ([range, text]) => html`<button key=${range} type="button" class="button"
        aria-pressed=${range === since} onClick=${() => setQuery({ since: range }, { push: true })}>${text}</button>`,
      )}</div></div>
    <${ErrorBox} error=${error} retry=${load} title="The history could not be read" />
    ${!history && !error && html`<p class="loading" aria-busy="true">Loading …</p>`}
    ${history && html`<${Charts} history=${history} words=${words} />`}`;
}

function useHistory(since) {
  const [state, setState] = useState({});
  const load = useCallback(() => {
    get(`/api/v1/history?since=${since}`).then(
      (history) => setState({ since, history }),
      (error) => setState((old) => ({ ...old, error })),
    );
  }, [since]);
  useEffect(() => {
    load();
    const timer = setInterval(() => document.hidden || load(), EVERY_MS);
    return () => clearInterval(timer);
  }, [load]);
  return { ...state, history: state.since === since ? state.history : undefined, load };
}

/** Counts by state as series; states that never were are left out, but one is always there. */
function byState(points, what, states) {
  const known = new Set(points.flatMap((point) => Object.keys(point[what] ?? {})));
  const order = [...states, ...[...known].filter((state) => !states.includes(state))];
  return order
    .filter((state) => points.some((point) => point[what]?.[state]))
    .map((state) => ({
      label: state,
      colour: COLOURS[what === "nodes" && state === "draining" ? "node draining" : state] ?? "--line-strong",
      values: points.map((point) => (point[what] ? (point[what][state] ?? 0) : null)),
    }));
}

const seconds = (time) => Date.parse(time) / 1000;

function delays(points) {
  const one = (label, colour, field) => ({ label, colour, values: points.map((point) => point[field] ?? null) });
  return [
    one("half of them (p50)", "--ok-fill", "p50_ms"),
    one("99 of 100 (p99)", "--info-fill", "p99_ms"),
    one("latest", "--bad-fill", "max_ms"),
  ];
}

function Charts({ history, words }) {
  const shaped = useMemo(
    () => ({
      times: history.points.map((point) => seconds(point.time)),
      servers: byState(history.points, "servers", SERVER_STATES),
      nodes: byState(history.points, "nodes", NODE_STATES),
      delayTimes: (history.heartbeat_delay ?? []).map((point) => seconds(point.time)),
      delay: delays(history.heartbeat_delay ?? []),
    }),
    [history],
  );
  const late = Date.parse(history.complete_from) - Date.parse(history.since) > 60_000;
  return html`
    ${
      late &&
      html`<p class="notice">Everything is known only since ${exact(history.complete_from)}: the event log does
      not reach further back.</p>`
    }
    <${Totals} history=${history} words=${words} />
    <div class="chart-grid stale-when-lost">
      <${Chart} title="Servers by state" times=${shaped.times} series=${shaped.servers} stacked
        empty="No server was registered in this time." />
      <${Chart} title="Nodes by state" times=${shaped.times} series=${shaped.nodes} stacked
        empty="No node was registered in this time. Nodes appear when llamactl node agent runs on them." />
      <${Bars} title="GPU hours by owner" values=${history.gpu_hours_by_owner} unit="h" empty=${noHours(history)} />
      <${Bars} title="GPU hours by model" values=${history.gpu_hours_by_model} unit="h" empty=${noHours(history)} />
      <${Chart} title="Heartbeat delay" about=${ABOUT_DELAY} times=${shaped.delayTimes} series=${shaped.delay} unit="ms"
        empty=${history.heartbeat_delay ? NO_DELAY : "This registry does not measure it."} />
    </div>`;
}

const ABOUT_DELAY =
  "How long after they were due heartbeats of servers came: a measure of how busy registry and network are.";
const NO_DELAY = "No heartbeat was measured in this time: the registry keeps the figures of its own run.";

function noHours(history) {
  return history.servers_registered || history.points.some((point) => Object.values(point.servers ?? {}).some(Boolean))
    ? "The servers of this time did not say that they have GPUs."
    : "No server ran in this time.";
}

const sum = (values) => Object.values(values).reduce((total, value) => total + value, 0);

function Totals({ history, words }) {
  const last = history.points.at(-1);
  const [ready, online] = [last?.servers?.ready ?? 0, last?.nodes?.online ?? 0];
  const totals = [
    [number(ready), ready === 1 ? "server ready now" : "servers ready now"],
    [number(online), online === 1 ? "node online now" : "nodes online now"],
    [number(sum(history.gpu_hours_by_owner), 1), `GPU hours in ${words}`],
    [number(history.servers_registered), "servers registered"],
    [number(history.servers_lost), "servers lost"],
    [number(history.nodes_lost), "times a node went offline"],
  ];
  return html`<div class="totals">${totals.map(
    ([value, text]) => html`<span key=${text} class="total"><b>${value}</b> ${text}</span>`,
  )}</div>`;
}
