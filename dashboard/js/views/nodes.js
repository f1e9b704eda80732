// All nodes: a list, or a heat map of their GPUs.
import { html, memo, useMemo, useState } from "../core/dom.js";
import { bytes, number, Time } from "../core/format.js";
import { sorted } from "../core/lists.js";
import { useNodes, useStatus } from "../core/store.js";
import { choices, gpuCount, gpuText, NODE_STATES, passes, usage, vramMb } from "../facts/node-facts.js";
import { HeatMap } from "../parts/heat-map.js";
import { Load, Share } from "../parts/node-bars.js";
import { Badge, Cell, Empty, Link, Row, Search, Select, Snippet, Table, useGradually } from "../parts/ui.js";

const FILTERS = ["q", "role", "label", "group", "location", "state"];
/** Rows that are shown at once; more at a click. */
const PAGE = 200;
const MIB = 1024 * 1024;

const KEYS = {
  name: (node) => node.name,
  state: (node) => NODE_STATES.indexOf(node.state),
  role: (node) => node.role,
  gpus: (node) => gpuCount(node) || null,
  vram: vramMb,
  busy: (node) => usage(node).gpu,
  load: (node) => usage(node).loadShare ?? usage(node).load,
  location: (node) => node.location,
  heartbeat: (node) => Date.parse(node.last_heartbeat),
};

const COLUMNS = [
  { id: "name", label: "Node", sort: true },
  { id: "state", label: "State", sort: true },
  { id: "role", label: "Role, location", sort: true },
  { id: "gpus", label: "GPUs", sort: true },
  { id: "busy", label: "GPU use", sort: true, hint: "Mean over the node's GPUs, as of its last heartbeat" },
  { id: "vram", label: "GPU memory", sort: true, hint: "In use, as of its last heartbeat" },
  { id: "load", label: "Load", sort: true, hint: "Load of the last minute, of the CPUs" },
  { id: "labels", label: "Labels, groups" },
  { id: "heartbeat", label: "Heartbeat", sort: true },
];

// Headers cannot be seen on a phone, and some things have no column of their own.
const SORTS = [
  ["name", "name"],
  ["state", "state, best first"],
  ["-state", "state, worst first"],
  ["role", "role"],
  ["location", "location"],
  ["-gpus", "most GPUs"],
  ["-busy", "busiest GPUs"],
  ["busy", "idlest GPUs"],
  ["-vram", "most GPU memory"],
  ["-load", "highest load"],
  ["heartbeat", "oldest heartbeat"],
];

/** The page. */
export default function Nodes({ query, setQuery }) {
  const nodes = useNodes();
  const status = useStatus();
  const all = useMemo(() => [...nodes.values()], [nodes]);
  const key = JSON.stringify(FILTERS.map((name) => query[name]));
  const found = useMemo(() => all.filter((node) => passes(node, query)), [all, key]);
  const sort = query.sort ?? "name";
  const shown = useMemo(() => sorted(found, sort, KEYS), [found, sort]);
  if (!all.length && status.state === "live") return html`<h1>Nodes</h1><${NoNodes} />`;
  const heat = query.view === "gpus";
  const showAll = () => setQuery(Object.fromEntries(FILTERS.map((name) => [name, ""])), { push: true });
  return html`<div class="page-head"><h1>Nodes</h1><p class="muted">${counted(found.length, all.length)}</p></div>
    <${Totals} nodes=${found} query=${query} setQuery=${setQuery} />
    <${Filters} all=${all} query=${query} setQuery=${setQuery} />
    <div class="stale-when-lost">
      ${
        !shown.length &&
        all.length > 0 &&
        html`<${Empty} title="No node fits">
        <p>${all.length} are there.</p>
        <p><button type="button" class="button" onClick=${showAll}>Show all</button></p><//>`
      }
      ${
        shown.length > 0 &&
        (heat
          ? html`<${HeatMap} nodes=${shown} by=${query.by} onBy=${(by) => setQuery({ by }, { push: true })} />`
          : html`<${List} nodes=${shown} sort=${sort} onSort=${(next) => setQuery({ sort: next }, { push: true })} />`)
      }
    </div>`;
}

function counted(found, all) {
  const word = all === 1 ? "node" : "nodes";
  return found === all ? `${number(all)} ${word}` : `${number(found)} of ${number(all)} ${word}`;
}

function NoNodes() {
  return html`<${Empty} title="No node has registered">
    <p>A node is a machine of the cluster. It appears here when its agent runs:</p>
    <${Snippet} label="On each machine"
        text=${`llamactl node agent --registry ${location.origin} --role compute --location room-1`} />
    <p>Servers do not need it: they are in <a href="#/servers">the list of servers</a> all the same.</p>
  <//>`;
}

/** How many there are in each state, which are filters too, and what they have. */
function Totals({ nodes, query, setQuery }) {
  const totals = useMemo(() => {
    const states = Object.fromEntries(NODE_STATES.map((state) => [state, 0]));
    let [gpus, vram, used] = [0, 0, 0];
    for (const node of nodes) {
      states[node.state] = (states[node.state] ?? 0) + 1;
      gpus += gpuCount(node);
      vram += vramMb(node) ?? 0;
      used += usage(node).vram === null ? 0 : node.metrics.vram_used_mb;
    }
    return { states, gpus, vram, used };
  }, [nodes]);
  const choose = (state) => setQuery({ state: query.state === state ? "" : state }, { push: true });
  return html`<div class="totals">
    ${NODE_STATES.filter((state) => totals.states[state] || query.state === state).map(
      (state) => html`<button key=${state} type="button"
        class="total" aria-pressed=${query.state === state} onClick=${() => choose(state)}>
      <b>${number(totals.states[state])}</b><${Badge} state=${state} />
    </button>`,
    )}
    <span class="total"><b>${number(totals.gpus)}</b> GPUs</span>
    <span class="total"><b>${bytes(totals.vram * MIB)}</b> <span>GPU memory${
      totals.used > 0 && html`<span class="muted">, ${bytes(totals.used * MIB)} in use</span>`
    }</span></span>
  </div>`;
}

function Filters({ all, query, setQuery }) {
  const known = useMemo(() => choices(all), [all]);
  const options = (which) => known[which].slice(0, 300).map(([value, count]) => [value, `${value} (${count})`]);
  const select = (which, label, none) =>
    known[which].length > 0 &&
    html`<${Select} key=${which} label=${label} value=${query[which] ?? ""}
    options=${options(which)} all=${none} onChange=${(value) => setQuery({ [which]: value }, { push: true })} />`;
  const tab = (
    view,
    text,
  ) => html`<button key=${view} type="button" class="button" aria-pressed=${(query.view ?? "") === view}
    onClick=${() => setQuery({ view }, { push: true })}>${text}</button>`;
  return html`<div class="toolbar toolbar-many" role="search" aria-label="Nodes">
    <${Search} label="Search nodes" value=${query.q} onInput=${(q) => setQuery({ q })} />
    ${select("role", "Role", "all roles")}
    ${select("location", "Location", "everywhere")}
    ${select("group", "Group", "all groups")}
    ${select("label", "Label", "all labels")}
    <${Select} label="Order" value=${query.sort ?? "name"} options=${SORTS}
        onChange=${(sort) => setQuery({ sort: sort === "name" ? "" : sort }, { push: true })} />
    <div class="segments" role="group" aria-label="Show as">${tab("", "List")}${tab("gpus", "GPU heat map")}</div>
  </div>`;
}

function List({ nodes, sort, onSort }) {
  const [most, setMost] = useState(PAGE);
  const rows = useGradually(nodes.slice(0, most), sort, useStatus().state !== "connecting");
  return html`<${Table} label="Nodes" class="nodes-table" columns=${COLUMNS} sort=${sort} onSort=${onSort}>
      ${rows.map((node) => html`<${NodeRow} key=${node.node_id} node=${node} />`)}
    <//>
    ${
      nodes.length > most &&
      html`<p class="more"><button type="button" class="button" onClick=${() => setMost(most + PAGE)}>
      Show ${Math.min(PAGE, nodes.length - most)} more of ${number(nodes.length - most)}</button></p>`
    }`;
}

const NodeRow = memo(({ node }) => {
  const busy = usage(node);
  const address = node.ip ?? node.vpn_ip ?? node.public_ip;
  return html`<${Row} class=${node.state === "offline" ? "row-offline" : ""}>
    <${Cell} label="Node"><div class="stack">
      <${Link} class="truncate strong" to=${["nodes", node.node_id]} title=${node.name}>${node.name}<//>
      <${Below} text=${address ?? node.hostname} title=${node.hostname} /></div><//>
    <${Cell} label="State"><div class="stack"><${Badge} state=${node.state} title=${node.maintenance_reason} />
      <${Below} text=${node.maintenance_reason} /></div><//>
    <${Cell} label="Role, location"><div class="stack"><span class="truncate" title=${node.role}>${node.role}</span>
      <${Below} text=${node.location} /></div><//>
    <${Cell} label="GPUs">${
      gpuText(node)
        ? html`<div class="stack"><span class="truncate" title=${gpuText(node)}>${gpuText(node)}</span>
      <${Below} text=${vramMb(node) === null ? null : bytes(vramMb(node) * MIB)} /></div>`
        : html`<span class="muted">none</span>`
    }<//>
    <${Cell} label="GPU use"><${Share} value=${busy.gpu} what="GPU use" /><//>
    <${Cell} label="GPU memory" class="when-wide"><${Share} value=${busy.vram} what="GPU memory" /><//>
    <${Cell} label="Load" class="when-wide"><${Load} busy=${busy} /><//>
    <${Cell} label="Labels, groups" class="when-wider"><${Words} node=${node} /><//>
    <${Cell} label="Heartbeat"><${Time} value=${node.last_heartbeat} /><//>
  <//>`;
});

/** A second line in a cell. */
function Below({ text, title = text }) {
  return text ? html`<span class="truncate muted small" title=${title}>${text}</span>` : null;
}

const MOST_WORDS = 2;

function Words({ node }) {
  const all = [...(node.labels ?? []), ...(node.groups ?? [])];
  if (!all.length) return html`<span class="muted">–</span>`;
  return html`<span class="chips" title=${all.join(", ")}>
    ${all.slice(0, MOST_WORDS).map((word) => html`<span key=${word} class="chip">${word}</span>`)}
    ${all.length > MOST_WORDS && html`<span class="muted small">+${all.length - MOST_WORDS}</span>`}</span>`;
}
