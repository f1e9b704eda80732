// How busy a node is, in bars: what the list of nodes and the page of one have both.
import { html } from "../core/dom.js";
import { bytes, number } from "../core/format.js";
import { vramMb } from "../facts/node-facts.js";
import { Bar } from "./ui.js";

const MIB = 1024 * 1024;

/** A share as a bar with its number; a dash where nothing was measured. */
export function Share({ value, what }) {
  if (value === null) return html`<span class="muted" title="not measured">–</span>`;
  const text = `${Math.round(value)} %`;
  return html`<${Bar} value=${value} total=${100} label=${`${what}: ${text}`} text=${text}
      tone=${value >= 95 ? "warn" : "info"} />`;
}

/** GPU memory in use and in all. */
export function Memory({ node, share }) {
  const total = vramMb(node);
  if (total === null) return html`<span class="muted">–</span>`;
  if (share === null) return html`${bytes(total * MIB)}`;
  return html`<${Bar} value=${share} total=${100}
      label=${`GPU memory: ${Math.round(share)} % of ${bytes(total * MIB)} in use`}
    text=${`${Math.round(share)} % of ${bytes(total * MIB)}`} tone=${share >= 95 ? "warn" : "info"} />`;
}

/** The load of the last minute beside the number of CPUs. */
export function Load({ busy }) {
  const cpus = busy.cpus === null ? "" : `${number(busy.cpus)} CPU${busy.cpus === 1 ? "" : "s"}`;
  if (busy.load === null) return cpus ? html`<span class="muted">${cpus}</span>` : html`<span class="muted">–</span>`;
  const text = `${number(busy.load, 1)}${cpus && ` of ${cpus}`}`;
  if (busy.loadShare === null) return html`${text}`;
  return html`<${Bar} value=${busy.loadShare} total=${100} label=${`Load: ${text}`}
      text=${`${number(busy.load, 1)} of ${number(busy.cpus)}`} tone=${busy.loadShare >= 100 ? "warn" : "info"} />`;
}
