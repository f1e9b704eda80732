// One node: all that is known of it, how busy it is, what runs on it, what happened to it.
import { can, get, send, session } from "../core/api.js";
import { html, useEffect, useMemo, useState } from "../core/dom.js";
import { bytes, duration, number, Time } from "../core/format.js";
import { useNode, useServers, useStatus } from "../core/store.js";
import { useSubjectEvents } from "../facts/event-log.js";
import { finite, gpuCells, gpuText, runsOn, usage, vramMb } from "../facts/node-facts.js";
import { EventList } from "../parts/event-list.js";
import { Load, Memory, Share } from "../parts/node-bars.js";
import { Badge, Cell, CopyButton, Dialog, Empty, ErrorBox, Link, Row, Table } from "../parts/ui.js";

const MIB = 1024 * 1024;

/** The page. */
export default function NodePage({ params }) {
  const known = useNode(params.id);
  const status = useStatus();
  const [asked, setAsked] = useState({});
  // An old link may have the node's name, and the live state may not be here yet.
  useEffect(() => {
    if (known) return;
    get(`/api/v1/nodes/${encodeURIComponent(params.id)}`).then(
      (told) => setAsked({ node: told }),
      (error) => setAsked({ error }),
    );
  }, [params.id, !known, status.state]);
  const node = known ?? asked.node;
  if (!node && asked.error?.status === 404) {
    return html`<${Empty} page=${true} title="This node is not in the registry">
      <p>It was taken out, or never registered. <a
          href=${`#/events?subject=${encodeURIComponent(params.id)}`}>What happened to it</a></p>
      <p><a class="button" href="#/nodes">To all nodes</a></p><//>`;
  }
  if (!node)
    return asked.error
      ? html`<${ErrorBox} error=${asked.error} />`
      : html`<p class="loading" aria-busy="true">Loading …</p>`;
  return html`<${Head} node=${node} gone=${!known && status.state === "live" && asked.node?.node_id === params.id} />
    <div class="node-grid stale-when-lost">
      <${Busy} node=${node} /><${Gpus} node=${node} /><${Servers} node=${node} /><${Facts} node=${node} />
      <${Pools} node=${node} /><${More} node=${node} />
    </div>
    <${History} id=${node.node_id} />`;
}

function Head({ node, gone }) {
  const [asking, setAsking] = useState(false);
  const on = node.state === "maintenance";
  const mine = !node.owner || can("admin") || node.owner === session.whoami?.owner;
  return html`<p class="crumbs"><a href="#/nodes">Nodes</a></p>
    <div class="page-head"><h1>${node.name}</h1><${Badge} state=${node.state} />
      <span class="muted">${node.role}${node.location && `, ${node.location}`}</span>
      ${
        can("register") &&
        mine &&
        html`<button type="button" class="button push-right" onClick=${() => setAsking(true)}>
        ${on ? "End maintenance …" : "Maintenance …"}</button>`
      }</div>
    ${gone && html`<p class="notice">It has left the registry.</p>`}
    ${
      on &&
      html`<p class="notice notice-warn">
        <strong>In maintenance:</strong> ${node.maintenance_reason ?? "no reason was given"}.
      It stays so until somebody ends it, whatever the node says.</p>`
    }
    ${asking && html`<${Maintenance} node=${node} on=${!on} onClose=${() => setAsking(false)} />`}`;
}

function Maintenance({ node, on, onClose }) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await send(
        "PUT",
        `/api/v1/nodes/${encodeURIComponent(node.node_id)}/maintenance`,
        on && reason.trim() ? { on, reason: reason.trim() } : { on },
      );
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${on ? `Take ${node.name} out of use` : `Give ${node.name} back to use`}
      onClose=${onClose}>
    <form onSubmit=${submit}>
      ${
        on
          ? html`<p>Routers give it no new work. What runs on it goes on, and SLURM is not told: drain it there
            with${" "}
          <code>scontrol</code>.</p>
        <label class="field wide"><span class="field-label">Why, for your colleagues</span>
          <input value=${reason} maxlength="512" placeholder="a new fan"
              onInput=${(event) => setReason(event.target.value)} /></label>`
          : html`<p>Its state is again what the node says of itself.</p>`
      }
      <${ErrorBox} error=${error} />
      <div class="dialog-actions"><button type="button" class="button" onClick=${onClose}>Cancel</button>
        <button class="button button-accent" disabled=${busy}>${on ? "Take out of use" : "Give back"}</button></div>
    </form><//>`;
}

function Busy({ node }) {
  const busy = usage(node);
  const metrics = node.metrics ?? {};
  const memory = finite(metrics.memory_total_mb) ?? finite(node.capabilities?.memory_mb);
  const used = finite(metrics.memory_used_mb);
  return html`<section class="card" aria-label="How busy it is"><h2>How busy it is</h2>
    <dl class="facts">
      <dt>Heartbeat</dt><dd><${Time} value=${node.last_heartbeat} /></dd>
      <dt>Load</dt><dd><${Load} busy=${busy} />${
        finite(metrics.load5) !== null &&
        html` <span class="muted small nowrap">5 min: ${number(metrics.load5, 1)}, 15
        min: ${number(finite(metrics.load15), 1)}</span>`
      }</dd>
      <dt>Memory</dt><dd>${
        used === null
          ? bytes(memory === null ? null : memory * MIB)
          : html`<${Share} value=${busy.memoryShare} what="Memory" /> <span class="muted small">
            ${bytes(used * MIB)} of ${bytes(memory * MIB)}</span>`
      }</dd>
      <dt>GPU use</dt><dd><${Share} value=${busy.gpu} what="GPU use" /></dd>
      <dt>GPU memory</dt><dd><${Memory} node=${node} share=${busy.vram} /></dd>
      ${finite(metrics.uptime_seconds) !== null && html`<dt>Up for</dt><dd>${duration(metrics.uptime_seconds)}</dd>`}
    </dl>
    ${
      typeof metrics.gpu_trouble === "string" &&
      html`<p class="notice notice-bad"><strong>GPUs:</strong> ${metrics.gpu_trouble}</p>`
    }
  </section>`;
}

function Gpus({ node }) {
  const cells = gpuCells(node);
  if (!cells.length) return null;
  const differ = new Set(cells.map((gpu) => gpu.name)).size > 1;
  const columns = [
    { id: "n", label: "GPU" },
    ...(differ ? [{ id: "name", label: "Type" }] : []),
    { id: "use", label: "Use" },
    { id: "memory", label: "Memory in use" },
  ];
  return html`<section class="card" aria-label="GPUs"><h2>
    ${gpuText(node)}, ${bytes(vramMb(node) === null ? null : vramMb(node) * MIB)}</h2>
    <${Table} label="GPUs" columns=${columns}>${cells.map(
      (gpu) => html`<${Row} key=${gpu.index}>
      <${Cell} label="GPU">${gpu.index}<//>
      ${differ && html`<${Cell} label="Type"><span class="truncate" title=${gpu.name}>${gpu.name ?? "–"}</span><//>`}
      <${Cell} label="Use"><${Share} value=${gpu.use} what=${`GPU ${gpu.index}`} /><//>
      <${Cell} label="Memory in use"><${Share} value=${gpu.memory} what=${`Memory of GPU ${gpu.index}`} /><//><//>`,
    )}<//>
    ${
      cells.some((gpu) => gpu.mean && gpu.use !== null) &&
      html`<p class="muted small">Only the mean of all GPUs is known.</p>`
    }
  </section>`;
}

function Servers({ node }) {
  const servers = useServers();
  const here = useMemo(() => [...servers.values()].filter((server) => runsOn(server, node)), [servers, node]);
  return html`<section class="card" aria-label="Servers here"><h2>Servers here</h2>
    ${here.length === 0 && html`<p class="muted">No server on this node is registered.</p>`}
    <ul class="plain-list">${here.map(
      (server) => html`<li key=${server.id}><${Badge} state=${server.state} />
      <${Link} to=${["servers", server.id]}>${server.name}<//> <span
          class="muted">of ${server.owner}, port ${server.port}</span></li>`,
    )}</ul>
  </section>`;
}

function Facts({ node }) {
  const has = node.capabilities ?? {};
  const list = (values) =>
    values?.length
      ? html`<span class="chips">${values.map((word) => html`<span key=${word} class="chip">${word}</span>`)}</span>`
      : null;
  const facts = [
    ["Host name", node.hostname],
    ["SLURM's name", node.slurm_node],
    ["Id", html`<code>${node.node_id}</code> <${CopyButton} text=${node.node_id} label="Copy id" />`],
    ["Role", node.role],
    ["Location", node.location],
    ["Labels", list(node.labels)],
    ["Groups", list(node.groups)],
    ["Address", node.ip],
    ["… private network", node.vpn_ip],
    ["… internet", node.public_ip],
    ["All addresses", list(node.addresses)],
    ["Its service", node.address],
    ["CPUs", number(has.cpus)],
    ["Memory", has.memory_mb && bytes(has.memory_mb * MIB)],
    ["Local disks", has.disk_mb && bytes(has.disk_mb * MIB)],
    ["System", has.os],
    ["CUDA", has.cuda_version],
    ["Machine id", node.machine_id],
    ["Registered by", node.owner],
    ["First heard of", html`<${Time} value=${node.created_at} />`],
    ["Last changed", html`<${Time} value=${node.updated_at} />`],
    ["Agent", typeof node.metrics?.agent_version === "string" ? `llamactl ${node.metrics.agent_version}` : null],
  ];
  return html`<section class="card" aria-label="What it is"><h2>What it is</h2>
    <dl class="facts">${facts
      .filter(([, value]) => value && value !== "–")
      .map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}</dl></section>`;
}

function Pools({ node }) {
  if (!node.pools?.length) return null;
  const columns = [
    { id: "pool", label: "Pool" },
    { id: "ready", label: "Takes work" },
    { id: "free", label: "Free slots", number: true },
  ];
  return html`<section class="card" aria-label="Pools"><h2>Pools</h2><${Table} label="Pools" columns=${columns}>
    ${node.pools.map(
      (pool) => html`<${Row} key=${pool.pool_id}><${Cell} label="Pool">${pool.pool_id}<//>
      <${Cell} label="Takes work"><${Badge} tone=${pool.ready ? "ok" : "plain"}>${pool.ready ? "yes" : "no"}<//><//>
      <${Cell} label="Free slots" number>${number(pool.slots_free)}<//><//>`,
    )}<//></section>`;
}

const KNOWN = [
  "load1",
  "load5",
  "load15",
  "memory_total_mb",
  "memory_used_mb",
  "uptime_seconds",
  "agent_version",
  "gpus",
  "gpu_use_percent",
  "vram_used_mb",
  "gpu_trouble",
];
const SHOWN = [
  "gpu",
  "gpu_count",
  "gpu_type",
  "gpu_memory",
  "total_vram_mb",
  "cuda_version",
  "gpus",
  "cpus",
  "memory_mb",
  "disk_mb",
  "os",
];

/** What its client told beside what has a place of its own. */
function More({ node }) {
  const without = (object, known) =>
    Object.fromEntries(Object.entries(object ?? {}).filter(([name]) => !known.includes(name)));
  const rest = {
    measured: without(node.metrics, KNOWN),
    has: without(node.capabilities, SHOWN),
    metadata: node.metadata ?? {},
  };
  const told = Object.fromEntries(Object.entries(rest).filter(([, value]) => Object.keys(value).length));
  if (!Object.keys(told).length) return null;
  return html`<section class="card" aria-label="What else it told"><h2>What else it told</h2>
    <pre class="json" tabindex="0" role="region" aria-label="What else it told, as JSON">
      ${JSON.stringify(told, null, 2)}</pre></section>`;
}

function History({ id }) {
  const { events, error, loading, retry } = useSubjectEvents(id);
  return html`<section class="card" aria-label="What happened"><h2>What happened</h2>
    <${ErrorBox} error=${error} retry=${retry} />
    ${
      !error &&
      !loading &&
      !events.length &&
      html`<p class="muted">Nothing in the event log, which may not reach so far back.</p>`
    }
    <${EventList} events=${events} />
    <p><a href=${`#/events?subject=${encodeURIComponent(id)}`}>All its events</a></p></section>`;
}
