// Charts over time, and bars. Each has its numbers as a table too, for readers who do not see the
// picture and for those who want the numbers.

import uPlot from "../../vendor/uplot/uplot.js";
import { html, useEffect, useRef, useState } from "../core/dom.js";
import { number } from "../core/format.js";

const MAX_ROWS = 400;
const HEIGHT = 220;
// How much time is shown on each side of a point that is alone.
const LONE_S = 1800;
// Lines differ in their dashes as well as in their colours.
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [14, 4]];

// Loaded with the module, so that pages without charts do without it.
const sheet = document.createElement("link");
Object.assign(sheet, { rel: "stylesheet", href: new URL("../../vendor/uplot/uplot.css", import.meta.url).href });
document.head.append(sheet);

/** The value of a CSS variable. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "gray";
}

/** Sums from the first series up, so that each stands on the one before. Pure. */
export function stack(series) {
  let below = [];
  return series.map(({ values }) => {
    below = values.map((value, at) => (value === null ? null : value + (below[at] ?? 0)));
    return below;
  });
}

function axes(unit) {
  const line = { stroke: colour("--chart-grid"), width: 1 };
  const text = { stroke: colour("--chart-text"), font: "12px system-ui, sans-serif", ticks: { show: false } };
  const values = (_, splits) =>
    splits.map((value) => (value === null ? "" : `${number(value, 2)}${unit ? ` ${unit}` : ""}`));
  return [
    {
      ...text,
      grid: { show: false },
      space: 80,
      size: 30,
      values: (_, splits, __, ___, step) => splits.map((at) => tick(at, step)),
    },
    {
      ...text,
      grid: line,
      values,
      size: (_, labels) => 16 + Math.max(20, ...(labels ?? []).map((label) => label.length * 7)),
    },
  ];
}

// A day names itself by its date, anything shorter by its time.
function tick(seconds, step) {
  const time = new Date(seconds * 1000);
  const midnight = !time.getHours() && !time.getMinutes();
  if (step >= 86_400 || midnight) return time.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  return time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

function options(series, unit, stacked, width, onCursor) {
  const drawn = series.map((one, at) => ({
    label: one.label,
    stroke: colour(one.colour),
    width: stacked ? 1.5 : 2,
    dash: stacked ? [] : DASHES[at % DASHES.length],
    // A line needs two points: one is shown as itself.
    points: { show: (plot) => plot.data[0].length < 3 },
  }));
  const fill = (one) => `color-mix(in srgb, ${colour(one.colour)} 35%, transparent)`;
  const bands = stacked ? series.slice(1).map((one, at) => ({ series: [at + 2, at + 1], fill: fill(one) })) : [];
  if (stacked && drawn.length) drawn[0].fill = fill(series[0]);
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: !stacked }, drag: { x: false, y: false } },
    scales: {
      x: { range: (_, least, most) => (least === most ? [least - LONE_S, most + LONE_S] : [least, most]) },
      y: { range: (_, __, most) => [0, Math.max(1, (most ?? 1) * 1.08)] },
    },
    series: [{}, ...drawn],
    bands,
    axes: axes(unit),
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

/** Draws into `host`, anew when its width, the theme or the data change. */
function usePlot(times, series, unit, stacked, onCursor) {
  const host = useRef(null);
  const latest = useRef(null);
  latest.current = () => {
    const values = stacked ? stack(series) : series.map((one) => one.values);
    const { current: place } = host;
    return new uPlot(options(series, unit, stacked, place.clientWidth, onCursor), [times, ...values], place);
  };
  const redraw = useRef(null);
  useEffect(() => {
    const place = host.current;
    let plot = null;
    redraw.current = () => {
      plot?.destroy();
      plot = latest.current();
    };
    const resized = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height: HEIGHT }));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const repaint = () => redraw.current();
    resized.observe(place);
    dark.addEventListener("change", repaint);
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", repaint);
      plot?.destroy();
    };
  }, []);
  useEffect(() => redraw.current?.(), [times, series, unit, stacked]);
  return host;
}

/**
 * A chart over time. `times` are seconds since 1970, `series` `[{label, values, colour}]` with a CSS
 * variable's name as colour and null for a gap; both keep their identity while nothing changes.
 */
export function Chart({ title, about, times, series, unit = "", stacked = false, empty }) {
  const shown = series.filter((one) => one.values.some((value) => value !== null));
  const nothing = !times.length || !shown.length;
  const first = (one) => `${one.label} ${number(one.values[0], 2)}${unit && ` ${unit}`}`;
  // An axis of one moment would have no length.
  const only = !nothing && times.length === 1 ? `So far one measurement: ${shown.map(first).join(", ")}.` : null;
  return html`<figure class="chart" aria-label=${title}>
    <figcaption><h2>${title}</h2>${about && html`<p class="muted">${about}</p>`}</figcaption>
    ${
      nothing || only
        ? html`<p class="chart-empty">${only ?? empty}</p>`
        : html`<${Drawn} ...${{ title, times, series, unit, stacked }} />`
    }
  </figure>`;
}

function Drawn({ title, times, series, unit, stacked }) {
  const [at, setAt] = useState(null);
  const host = usePlot(times, series, unit, stacked, setAt);
  const place = at ?? times.length - 1;
  return html`
    <ul class="chart-legend" aria-hidden="true">
      ${series.map(
        (one, index) => html`<li key=${one.label}>
        <${Mark} variable=${one.colour} dash=${stacked ? [] : DASHES[index % DASHES.length]} /> ${one.label}
        <b>${number(one.values[place], 2)}${unit && ` ${unit}`}</b>
      </li>`,
      )}</ul>
    <p class="chart-at muted" aria-hidden="true">${at === null ? "now" : full(times[place])}</p>
    <div class="chart-canvas" ref=${host} role="img" aria-label=${summary(title, series, unit)}></div>
    <${Numbers} title=${title} head=${["Time", ...series.map((one) => one.label)]} unit=${unit}
      rows=${() => times.map((time, row) => [full(time), ...series.map((one) => one.values[row])]).reverse()} />`;
}

function Mark({ variable, dash }) {
  return html`<svg class="chart-mark" width="22" height="10" aria-hidden="true">
    <line x1="0" y1="5" x2="22" y2="5" stroke=${`var(${variable})`} stroke-width="3"
      stroke-dasharray=${dash.join(" ")} />
  </svg>`;
}

function full(seconds) {
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

function summary(title, series, unit) {
  const words = series.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    const last = number(known.at(-1) ?? 0, 2);
    return `${label}: ${last}${unit && ` ${unit}`} at the end, ${number(Math.max(0, ...known), 2)} at most`;
  });
  return `${title}. ${words.join("; ")}. The numbers are below.`;
}

/** The numbers behind a button, made when they are asked for. */
export function Numbers({ title, head, rows, unit }) {
  const [open, setOpen] = useState(false);
  const all = open ? rows() : [];
  return html`<button type="button" class="button button-small" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      ${open ? "Hide numbers" : "Show numbers"}<span class="visually-hidden"> of ${title}</span>
    </button>
    ${
      open &&
      html`<div class="chart-numbers" tabindex="0" role="region" aria-label=${`Numbers of ${title}`}>
      <table>
        <caption class="visually-hidden">${title}${unit && ` in ${unit}`}</caption>
        <thead><tr>${head.map((word) => html`<th scope="col">${word}</th>`)}</tr></thead>
        <tbody>${all.slice(0, MAX_ROWS).map(
          ([first, ...rest]) => html`<tr>
          <th scope="row">${first}</th>${rest.map((cell) => html`<td class="number">${number(cell, 2)}</td>`)}
        </tr>`,
        )}</tbody>
      </table>
      ${all.length > MAX_ROWS && html`<p class="muted">The newest ${MAX_ROWS} of ${all.length}.</p>`}
    </div>`
    }`;
}

/** Bars for `{name: value}`, the longest first; what is beyond `most` is one bar. */
export function Bars({ title, about, values, unit, most = 12, empty }) {
  const sorted = Object.entries(values)
    .filter(([, value]) => value > 0)
    .sort((a, b) => b[1] - a[1]);
  const rest = sorted.slice(most);
  const shown = sorted.slice(0, most);
  if (rest.length) shown.push([`${rest.length} others`, rest.reduce((sum, [, value]) => sum + value, 0)]);
  const longest = Math.max(...shown.map(([, value]) => value));
  return html`<figure class="chart" aria-label=${title}>
    <figcaption><h2>${title}</h2>${about && html`<p class="muted">${about}</p>`}</figcaption>
    ${
      shown.length === 0
        ? html`<p class="chart-empty">${empty}</p>`
        : html`<ul class="bars">${shown.map(
            ([name, value]) => html`<li key=${name}>
      <span class="truncate" title=${name}>${name}</span>
      <span class="bars-bar" aria-hidden="true">
        <span style=${{ width: `${Math.max(0.5, (100 * value) / longest)}%` }} /></span>
      <span class="number">${number(value, value < 10 ? 2 : 1)} ${unit}</span></li>`,
          )}</ul>`
    }
    ${rest.length > 0 && html`<${Numbers} title=${title} unit=${unit} head=${["Name", unit]} rows=${() => sorted} />`}
  </figure>`;
}
