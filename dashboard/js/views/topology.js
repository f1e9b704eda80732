// How the nodes are connected: a picture that is read by clusters, or the same as a list.
import { get } from "../core/api.js";
import { html, useEffect, useMemo, useState } from "../core/dom.js";
import { number } from "../core/format.js";
import { useNodes, useStatus } from "../core/store.js";
import { passes } from "../facts/node-facts.js";
import { BY, clusters } from "../facts/topology-layout.js";
import { TopologyPicture } from "../parts/topology-picture.js";
import { Badge, Empty, ErrorBox, Link, Search, Select } from "../parts/ui.js";

/** Kinds of connections, with their words; the picture has a dash of its own for each. */
export const KINDS = { vpn_mesh: "private network", db_replication: "database copies", gpu_mesh: "GPUs" };
const SOON_MS = 500;

/** The page. */
export default function TopologyPage({ query, setQuery }) {
  const nodes = useNodes();
  const status = useStatus();
  const { connections, error, load } = useConnections(nodes);
  const all = useMemo(() => [...nodes.values()], [nodes]);
  const usual = all.some((node) => node.location) ? "location" : "role";
  const by = BY.includes(query.by) ? query.by : usual;
  const marked = useMemo(
    () => new Set(query.q ? all.filter((node) => passes(node, { q: query.q })).map((node) => node.name) : []),
    [all, query.q],
  );
  const hidden = new Set((query.hide ?? "").split(",").filter(Boolean));
  const drawn = useMemo(() => connections.filter((one) => !hidden.has(one.type)), [connections, query.hide]);
  if (!all.length && status.state === "live") {
    return html`<h1>Topology</h1><${Empty} title="No node has registered"><p>
      <a href="#/nodes">How a node gets here</a></p><//>`;
  }
  const view = query.view === "list" ? "list" : "picture";
  return html`<div class="page-head"><h1>Topology</h1>
      <p class="muted">${number(all.length)} nodes, ${number(connections.length)} connections${
        query.q ? `; ${number(marked.size)} fit the search` : ""
      }</p></div>
    <${Controls} ...${{ by, view, hidden, query, setQuery, connections }} />
    <${ErrorBox} error=${error} retry=${load} title="The connections could not be read" />
    <div class="stale-when-lost">${
      view === "list"
        ? html`<${AsList} nodes=${all} by=${by} connections=${drawn} marked=${marked} searching=${Boolean(query.q)} />`
        : html`<${TopologyPicture} nodes=${all} by=${by} connections=${drawn} marked=${marked}
            searching=${Boolean(query.q)} />`
    }</div>`;
}

/** The connections, asked for anew when nodes come or go. */
function useConnections(nodes) {
  const [state, setState] = useState({ connections: [] });
  const load = () =>
    get("/topology").then(
      ({ connections }) => setState({ connections }),
      (error) => setState((old) => ({ ...old, error })),
    );
  const names = useMemo(
    () =>
      [...nodes.values()]
        .map((node) => `${node.name}\n${node.role}`)
        .sort()
        .join("\n"),
    [nodes],
  );
  useEffect(() => {
    const timer = setTimeout(load, SOON_MS * (state.connections.length ? 1 : 0));
    return () => clearTimeout(timer);
  }, [names]);
  return { ...state, load };
}

function Controls({ by, view, hidden, query, setQuery, connections }) {
  const counts = {};
  for (const { type } of connections) counts[type] = (counts[type] ?? 0) + 1;
  const toggle = (kind) => {
    const next = new Set(hidden);
    if (!next.delete(kind)) next.add(kind);
    setQuery({ hide: [...next].join(",") }, { push: true });
  };
  const tab = (name, text) => html`<button type="button" class="button" aria-pressed=${view === name}
    onClick=${() => setQuery({ view: name === "picture" ? "" : name }, { push: true })}>${text}</button>`;
  return html`<div class="toolbar toolbar-many" role="search" aria-label="Topology">
    <${Search} label="Search nodes" value=${query.q} onInput=${(q) => setQuery({ q })} />
    <${Select} label="Together by" value=${by} options=${BY}
        onChange=${(value) => setQuery({ by: value }, { push: true })} />
    <fieldset class="kinds"><legend class="field-label">Connections</legend>${Object.entries(counts).map(
      ([kind, count]) => html`<label key=${kind} class="kind">
      <input type="checkbox" checked=${!hidden.has(kind)} onChange=${() => toggle(kind)} />
      <svg width="24" height="8" aria-hidden="true">
        <line class=${`link link-${kind}`} x1="0" y1="4" x2="24" y2="4" /></svg>
      ${KINDS[kind] ?? kind} (${number(count)})</label>`,
    )}</fieldset>
    <div class="segments" role="group" aria-label="Show as">${tab("picture", "Picture")}${tab("list", "List")}</div>
  </div>`;
}

function AsList({ nodes, by, connections, marked, searching }) {
  const links = useMemo(() => {
    const found = new Map();
    const add = (from, to, kind) => found.set(from, [...(found.get(from) ?? []), [to, kind]]);
    for (const { source, target, type } of connections) {
      add(source, target, type);
      add(target, source, type);
    }
    return found;
  }, [connections]);
  const shown = searching ? nodes.filter((node) => marked.has(node.name)) : nodes;
  if (!shown.length)
    return html`<${Empty} title="No node fits the search">
      <p>Its words are looked for in names, addresses, labels and places.</p><//>`;
  return html`<div class="topology-list">${clusters(shown, by).map(
    (cluster) => html`<section key=${cluster.name} class="card" aria-label=${cluster.name}>
    <h2>${cluster.name} <span class="muted">${number(cluster.nodes.length)}</span></h2>
    <ul class="plain-list">${cluster.nodes.map(
      (node) => html`<li key=${node.node_id}>
      <${Link} to=${["nodes", node.node_id]}>${node.name}<//> <${Badge} state=${node.state} />
      <span class="muted small">${connected(links.get(node.name))}</span></li>`,
    )}</ul></section>`,
  )}</div>`;
}

const MOST_NAMES = 4;

/** `private network: aurora; GPUs: a, b and 3 more`. */
function connected(links = []) {
  const kinds = new Map();
  for (const [name, kind] of links) kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  const words = [...kinds].map(([kind, names]) => {
    const more = names.length - MOST_NAMES;
    const shown = names.slice(0, MOST_NAMES).join(", ");
    return `${KINDS[kind] ?? kind}: ${shown}${more > 0 ? ` and ${number(more)} more` : ""}`;
  });
  return words.join("; ");
}
