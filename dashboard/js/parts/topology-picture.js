// The picture of the topology: SVG, moved and made larger by mouse, touch and keyboard.
import { html, memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../core/dom.js";
import { href } from "../core/router.js";
import { gpuText } from "../facts/node-facts.js";
import { bundles, curve, layout, NODE, neighbour, shortened } from "../facts/topology-layout.js";
import { COMFORTABLE, READABLE, usePanZoom } from "./pan-zoom.js";

const STATE_MARKS = { online: "●", warning: "▲", draining: "◆", maintenance: "■", offline: "✕" };
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
const LEAST_HEIGHT = 260;
/** Lines of one node that are drawn one by one. */
const MOST_LINES = 60;
/** Share of the screen that the picture takes at most. */
const SCREEN = 0.78;
const SCALES = [COMFORTABLE, 1.25, 1, 0.9];
/** Phones show it at full size: it is moved there. */
const NARROW = 600;

/** The picture. `marked` are the names that a search found, while `searching`. */
export function TopologyPicture({ nodes, by, connections, marked, searching }) {
  const box = useRef(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState(null);
  useLayoutEffect(() => {
    const resized = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    resized.observe(box.current);
    return () => resized.disconnect();
  }, []);
  // States change often, places seldom: the layout knows nothing of states unless it is by them.
  const shape = nodes
    .map((node) => [node.name, node.role, node.location, node.groups?.[0], by === "state" && node.state].join("\t"))
    .join("\n");
  const plan = useMemo(() => (width ? planned(nodes, by, width) : null), [shape, by, width]);
  const state = useMemo(() => new Map(nodes.map((node) => [node.name, node])), [nodes]);
  const view = usePanZoom(box, plan);
  useEffect(() => {
    const first = searching && [...marked][0];
    if (first && plan?.places.has(first)) view.show(plan.places.get(first));
  }, [marked, plan]);
  return html`<div class="topology" onKeyDown=${(event) => keys(event, plan, view)}>
    <div class="topology-buttons" role="group" aria-label="Size of the picture">
      <button type="button" class="button" aria-label="Larger" onClick=${() => view.zoom(1.3)}>+</button>
      <button type="button" class="button" aria-label="Smaller" onClick=${() => view.zoom(1 / 1.3)}>−</button>
      <button type="button" class="button" onClick=${view.reset}>Whole</button>
    </div>
    <div class="topology-box" ref=${box} style=${{ height: `${windowHeight(plan, width)}px` }}>
      ${
        plan &&
        html`<svg class="topology-svg" role="group"
            aria-label="Nodes by ${by}; arrow keys lead from node to node, + and - change the size"
          width="100%" height="100%">
        <g transform=${`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          <${Trunk} plan=${plan} connections=${connections} />
          ${plan.clusters.map(
            (cluster) => html`<${Cluster} key=${cluster.name + cluster.hub}
              ...${{ cluster, state, marked, searching, setAt }} />`,
          )}
          <${Lines} plan=${plan} connections=${connections} at=${at} />
        </g></svg>`
      }
    </div>
    <${Legend} at=${at && state.get(at)} connections=${connections} />
  </div>`;
}

/** The layout for a window of this width: as large as it can be shown and still fit on the screen. On a
 * phone it is moved instead of being made smaller. */
function planned(nodes, by, width) {
  if (width < NARROW) return layout(nodes, by, width);
  const fits = (plan, scale) => plan.height * scale <= innerHeight * SCREEN;
  for (const scale of SCALES) {
    const plan = layout(nodes, by, width / scale);
    if (fits(plan, scale)) return plan;
  }
  return layout(nodes, by, width / READABLE);
}

/** How high the window of the picture is. */
function windowHeight(plan, width) {
  const wanted = plan ? plan.height * Math.min(COMFORTABLE, width / plan.width) : 0;
  return Math.max(LEAST_HEIGHT, Math.min(wanted, innerHeight * SCREEN));
}

function keys(event, plan, view) {
  if (!plan || event.target.closest("button") || event.ctrlKey || event.metaKey || event.altKey) return;
  const focused = event.target.closest("[data-node]")?.dataset.node;
  if (ARROWS.includes(event.key) && focused) {
    const next = neighbour(plan, focused, event.key);
    const element = event.currentTarget.querySelector(`[data-node="${CSS.escape(next)}"]`);
    view.show(plan.places.get(next));
    element?.focus({ preventScroll: true });
  } else if (event.key === "+" || event.key === "=") view.zoom(1.3);
  else if (event.key === "-") view.zoom(1 / 1.3);
  else if (event.key === "0") view.reset();
  else return;
  event.preventDefault();
}

/** The lines between the hub and the clusters, with how many connections each stands for. */
const Trunk = memo(({ plan, connections }) => {
  const counts = useMemo(() => bundles(connections, plan), [connections, plan]);
  return html`<g class="trunk" aria-hidden="true">${plan.trunk
    .filter(({ cluster }) => counts.has(cluster))
    .map((line) => html`<path key=${line.cluster} d=${line.path} />`)}</g>`;
});

const Cluster = memo(({ cluster, state, marked, searching, setAt }) => {
  const nodes = cluster.nodes.map(({ node }) => state.get(node.name) ?? node);
  const online = nodes.filter((node) => node.state === "online").length;
  const about = cluster.width > 260 ? `${online} of ${nodes.length} online` : `${online}/${nodes.length}`;
  const room = cluster.width - 24 - about.length * 6.5;
  return html`<g role="group" aria-label=${`${cluster.name}: ${online} of ${nodes.length} online`}>
    <rect class=${`cluster ${cluster.hub ? "cluster-hub" : ""}`} x=${cluster.x} y=${cluster.y} width=${cluster.width}
        height=${cluster.height} rx="8" />
    <text class="cluster-name" x=${cluster.x + 12} y=${cluster.y + 21} aria-hidden="true"><title>${cluster.name}</title>
      ${shortened(cluster.name, room, 9.4)}</text>
    <text class="cluster-about" x=${cluster.x + cluster.width - 12} y=${cluster.y + 21} aria-hidden="true">
      ${about}</text>
    ${cluster.nodes.map(
      ({ node, x, y }) => html`<${NodeBox} key=${node.name} node=${state.get(node.name) ?? node} x=${x} y=${y}
      faint=${searching && !marked.has(node.name)} found=${searching && marked.has(node.name)} setAt=${setAt} />`,
    )}</g>`;
});

const NodeBox = memo(({ node, x, y, faint, found, setAt }) => {
  const words = `${node.name}, ${node.role}, ${node.state}`;
  const short = shortened(node.name, NODE.width - 28, 6.8);
  return html`<a href=${href("nodes", node.node_id)} data-node=${node.name}
      aria-label=${short === node.name ? words : `${short}: ${words}`}
      class=${`topo-node topo-${node.state} ${faint ? "topo-faint" : ""} ${found ? "topo-found" : ""}`}
      onFocus=${() => setAt(node.name)} onBlur=${() => setAt(null)} onPointerEnter=${() => setAt(node.name)}
      onPointerLeave=${() => setAt(null)}>
    <title>${words}</title>
    <rect x=${x} y=${y} width=${NODE.width} height=${NODE.height} rx="5" />
    <text class="topo-mark" x=${x + 13} y=${y + 17.5} aria-hidden="true">${STATE_MARKS[node.state] ?? "?"}</text>
    <text class="topo-name" x=${x + 24} y=${y + 17.5} aria-hidden="true">${short}</text>
  </a>`;
});

/** The connections of the node that is looked at, over everything else. */
function Lines({ plan, connections, at }) {
  const from = at && plan.places.get(at);
  if (!from) return null;
  const of = connections.filter((one) => one.source === at || one.target === at);
  // So many lines would hide what they lead to: those of the hub run as it does, between the clusters.
  if (of.length > MOST_LINES) {
    return html`<g class="links" aria-hidden="true">
      ${plan.trunk.map((line) => html`<path key=${line.cluster} class="link many" d=${line.path} />`)}</g>`;
  }
  const seen = new Map();
  return html`<g class="links" aria-hidden="true">${of.map((one) => {
    const other = one.source === at ? one.target : one.source;
    const to = plan.places.get(other);
    const nth = seen.get(other) ?? 0;
    seen.set(other, nth + 1);
    return (
      to &&
      html`<path key=${`${one.source}\n${one.target}\n${one.type}`} class=${`link link-${one.type}`}
          d=${curve(from, to, nth)} />`
    );
  })}</g>`;
}

function Legend({ at, connections }) {
  const states = Object.entries(STATE_MARKS).map(
    ([state, mark]) =>
      html`<span key=${state} class=${`topo-key topo-${state}`}>
        <span aria-hidden="true">${mark}</span> ${state}</span>`,
  );
  const count = at && connections.filter((one) => one.source === at.name || one.target === at.name).length;
  return html`<p class="topology-legend small"><span class="topology-states">${states}</span>
    <span class="muted truncate">${
      at
        ? [at.name, at.role, at.state, gpuText(at), at.location, `${count} connections`].filter(Boolean).join(" · ")
        : html`Point at a node, or move to it with the arrow keys, to see its connections.
          Drag to move, wheel or pinch to zoom.`
    }</span></p>`;
}
