// Every GPU as a cell: how full it is, is its colour and its number.
import { html, memo, useMemo } from "../core/dom.js";
import { number } from "../core/format.js";
import { gpuCells, gpuCount } from "../facts/node-facts.js";
import { Link, Select } from "./ui.js";

/** With more GPUs than this each node is one cell. */
const MOST_CELLS = 2000;
const BY = [
  ["use", "how busy they are"],
  ["memory", "memory in use"],
];
const STEPS = 5;

/** The heat map of `nodes`; `by` is `use` or `memory`. */
export function HeatMap({ nodes, by = "use", onBy }) {
  const withGpus = useMemo(() => nodes.filter((node) => gpuCount(node) > 0), [nodes]);
  const cells = withGpus.reduce((sum, node) => sum + gpuCount(node), 0);
  const perNode = cells > MOST_CELLS;
  return html`<section class="card" aria-label="Heat map of GPUs">
    <div class="heat-head">
      <${Select} label="Colour" value=${by} options=${BY} onChange=${onBy} />
      <${Scale} />
    </div>
    ${
      withGpus.length === 0
        ? html`<p class="muted">None of these nodes has told that it has a GPU. The agent (<code>llamactl node
          agent</code>) finds them with nvidia-smi or rocm-smi.</p>`
        : html`<p class="muted small">${number(cells)} GPUs
          on ${number(withGpus.length)} nodes${perNode ? "; one cell for each node, since there are so many" : ""}.</p>
        <ul class="heat">${withGpus.map(
          (node) => html`<${NodeCells} key=${node.node_id} node=${node} by=${by} perNode=${perNode} />`,
        )}</ul>`
    }
  </section>`;
}

function Scale() {
  return html`<p class="heat-scale"><span class="muted small">idle</span>
    ${[0, 25, 50, 75, 100].map((value) => html`<${Cell} key=${value} value=${value} />`)}
    <span class="muted small">full</span>
    <${Cell} value=${null} /><span class="muted small">not measured</span>
    <span class="heat-cell heat-off" data-text="off" /><span class="muted small">offline</span></p>`;
}

const NodeCells = memo(({ node, by, perNode }) => {
  const gpus = gpuCells(node);
  const cells = perNode ? [mean(gpus, by)] : gpus;
  const off = node.state === "offline";
  const words = gpus.map((gpu) => `GPU ${gpu.index} ${gpu[by] === null ? "not measured" : `${Math.round(gpu[by])} %`}`);
  const label = `${node.name}, ${node.state}: ${off ? `${gpus.length} GPUs` : words.join(", ")}`;
  const left = perNode ? 0 : gpuCount(node) - cells.length;
  return html`<li class="heat-node"><${Link} to=${["nodes", node.node_id]} aria-label=${label}
      title=${[gpus[0]?.name, label].filter(Boolean).join("\n")}>
    <span class="heat-name"><span class=${`heat-state heat-state-${node.state}`} aria-hidden="true" />
      <span class="truncate">${node.name}</span></span>
    <span class="heat-cells" aria-hidden="true">${cells.map((gpu, place) =>
      off
        ? html`<span key=${place} class="heat-cell heat-off" data-text="off" />`
        : html`<${Cell} key=${place} value=${gpu[by]} />`,
    )}${left > 0 && html`<span class="muted small">+${left}</span>`}</span>
  <//></li>`;
});

function mean(gpus, by) {
  const known = gpus.map((gpu) => gpu[by]).filter((value) => value !== null);
  return { [by]: known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null };
}

// The number is written by the style sheet: the link's name has it in words.
function Cell({ value }) {
  if (value === null) return html`<span class="heat-cell heat-none" data-text="–" />`;
  const shown = Math.round(value);
  const step = shown ? Math.min(STEPS, Math.floor((shown / 100) * STEPS) + 1) : 0;
  return html`<span class=${`heat-cell heat-${step}`} data-text=${shown} />`;
}
