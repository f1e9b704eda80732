// Numbers and times for people. All text is made here, so that it reads the same everywhere.
import { html, useEffect, useState } from "./dom.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
let skew = 0;

/** Tells the registry's time, so that ages are counted on its clock and not on this machine's. */
export function setRegistryTime(value) {
  const theirs = Date.parse(value);
  if (Number.isFinite(theirs)) skew = theirs - Date.now();
}

/** Now on the registry's clock, in milliseconds. */
export function now() {
  return Date.now() + skew;
}

/** How long, in its two largest units: `45 s`, `12 min`, `3 h 05 min`, `2 d 4 h`. */
export function duration(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return "–";
  const s = Math.max(0, Math.round(seconds));
  if (s < MINUTE) return `${s} s`;
  const minutes = Math.floor(s / MINUTE);
  if (s < HOUR) return `${minutes} min`;
  const hours = Math.floor(s / HOUR);
  if (s < DAY) return minutes % 60 ? `${hours} h ${pad(minutes % 60)} min` : `${hours} h`;
  const rest = hours % 24;
  return rest ? `${Math.floor(hours / 24)} d ${rest} h` : `${Math.floor(hours / 24)} d`;
}

/** The same, short, for narrow columns: `45s`, `12m`, `3h 05m`, `2d 4h`. */
export function shortDuration(seconds) {
  return duration(seconds)
    .replace(/ min$/, "m")
    .replace(/ (s|h|d)\b/g, "$1");
}

function pad(value) {
  return String(value).padStart(2, "0");
}

/** When, as seen from now: `just now`, `5 min ago`, `in 2 h 10 min`. */
export function ago(value, at = now()) {
  const then = Date.parse(value);
  if (!Number.isFinite(then)) return "unknown";
  const seconds = Math.round((at - then) / 1000);
  if (Math.abs(seconds) < 5) return "just now";
  return seconds > 0 ? `${duration(seconds)} ago` : `in ${duration(-seconds)}`;
}

/** Seconds from `value` until now; below zero for what is to come. */
export function secondsSince(value, at = now()) {
  return (at - Date.parse(value)) / 1000;
}

/** Date and time in full, with the zone, in the reader's language. */
export function exact(value) {
  const time = new Date(value);
  if (Number.isNaN(time.getTime())) return String(value);
  return time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
}

/** `1,234`, `12.5`: at most `digits` decimals. */
export function number(value, digits = 0) {
  if (value == null || !Number.isFinite(value)) return "–";
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** Tokens, short: `131,072` as `128k`, since contexts are powers of two. */
export function tokens(value) {
  if (value == null) return "–";
  if (value < 1024) return String(value);
  return `${number(value / 1024, value % 1024 ? 1 : 0)}k`;
}

/** `80 GiB`, `1.5 TiB`: binary units, from bytes. */
export function bytes(value) {
  if (value == null || !Number.isFinite(value)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  let shown = value;
  for (; shown >= 1024 && unit < units.length - 1; unit += 1) shown /= 1024;
  return `${number(shown, shown < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}

/** `HOST:PORT`, with brackets around an IPv6 address. */
export function hostPort(host, port) {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address if it is http or https; nothing for `javascript:` and the like. */
export function webAddress(value) {
  try {
    return ["http:", "https:"].includes(new URL(value).protocol) ? value : undefined;
  } catch {
    return undefined;
  }
}

// One timer for all relative times of the page; it rests while nobody looks.
const tickers = new Set();
setInterval(() => {
  if (globalThis.document?.hidden) return;
  for (const tick of tickers) tick();
}, 5000).unref?.();

/** What `compute` gives, computed again as time passes; renders only when it is another value. */
export function useTicking(compute, inputs) {
  const [, redraw] = useState(0);
  const value = compute();
  useEffect(() => {
    let shown = value;
    const tick = () => {
      const fresh = compute();
      if (fresh === shown) return;
      shown = fresh;
      redraw((n) => n + 1);
    };
    tickers.add(tick);
    return () => tickers.delete(tick);
  }, inputs);
  return value;
}

/** A time: relative, exact on hover. `as` makes the text of it, `ago` if nothing is given. */
export function Time({ value, as = ago }) {
  const text = useTicking(() => as(value), [value, as]);
  if (!value) return html`<span class="muted">–</span>`;
  return html`<time dateTime=${value} title=${exact(value)}>${text}</time>`;
}
