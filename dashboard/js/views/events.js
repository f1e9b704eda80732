// What happened, newest first: live at the top, older ones at the bottom. Administrators see the audit.
import { can, useSession } from "../core/api.js";
import { html, useEffect, useMemo, useRef, useState } from "../core/dom.js";
import { number } from "../core/format.js";
import { distinct } from "../core/lists.js";
import { MOST, useEventLog } from "../facts/event-log.js";
import { KINDS, passes } from "../facts/event-words.js";
import { EventList } from "../parts/event-list.js";
import { Empty, ErrorBox, Search, Select } from "../parts/ui.js";

const FILTERS = ["kind", "subject", "actor", "q"];
/** How far down somebody is who reads: nothing moves under them. */
const READING_PX = 120;

/** The page. */
export default function Events({ query, setQuery }) {
  useSession();
  const admin = can("admin");
  const log = useEventLog(query, admin);
  const key = JSON.stringify(FILTERS.map((name) => query[name]));
  const found = useMemo(() => log.events.filter((event) => passes(event, query)), [log.events, key]);
  const { shown, fresh, show } = useHeld(found, key);
  const filtered = FILTERS.some((name) => query[name]);
  return html`<div class="page-head"><h1>Events</h1>
      <p class="muted">${admin ? "Who did what, and from where" : "What happened, in order"}</p></div>
    <${Filters} ...${{ admin, query, setQuery, events: log.events }} />
    ${
      fresh > 0 &&
      html`<p class="news"><button type="button" class="button button-accent" onClick=${show}>
      ${fresh === 1 ? "1 new event" : `${number(fresh)} new events`} ↑</button></p>`
    }
    <${ErrorBox} error=${log.error} retry=${log.retry} />
    <section aria-label="Events" class="card stale-when-lost" hidden=${!shown.length}>
      <${EventList} events=${shown} /></section>
    ${!shown.length && log.done && !log.error && html`<${Nothing} filtered=${filtered} setQuery=${setQuery} />`}
    <${Older} log=${log} shown=${shown.length} filtered=${filtered} />`;
}

/** Holds new events back while somebody reads further down, or has the focus in the list. */
function useHeld(found, key) {
  const limit = useRef({ key, seq: Infinity });
  const [, redraw] = useState(0);
  const newest = found[0]?.seq ?? 0;
  if (limit.current.key !== key) limit.current = { key, seq: Infinity };
  const reading = scrollY > READING_PX || Boolean(document.activeElement?.closest?.(".events"));
  if (!reading || limit.current.seq === Infinity || !newest) limit.current.seq = newest || Infinity;
  const shown = found.filter((event) => event.seq <= limit.current.seq);
  useEffect(() => {
    const atTop = () => scrollY <= READING_PX && redraw((n) => n + 1);
    addEventListener("scroll", atTop, { passive: true });
    return () => removeEventListener("scroll", atTop);
  }, []);
  const show = () => {
    limit.current.seq = Infinity;
    redraw((n) => n + 1);
    scrollTo({ top: 0 });
  };
  return { shown, fresh: found.length - shown.length, show };
}

function Filters({ admin, query, setQuery, events }) {
  const actors = useMemo(() => distinct(events.map((event) => event.actor)), [events]);
  return html`<div class="toolbar toolbar-many" role="search" aria-label="Events">
    <${Search} label="Search events" value=${query.q} onInput=${(q) => setQuery({ q })} />
    <${Select} label="What" value=${query.kind} all="everything" options=${Object.entries(KINDS)}
      onChange=${(kind) => setQuery({ kind }, { push: true })} />
    ${
      admin &&
      html`<${Select} label="Who did it" value=${query.actor} all="everybody" options=${actors}
      onChange=${(actor) => setQuery({ actor }, { push: true })} />`
    }
    <label class="field"><span class="field-label">About (an id)</span>
      <input value=${query.subject ?? ""} placeholder="any server, node, token" autocomplete="off" spellcheck=${false}
        onChange=${(event) => setQuery({ subject: event.target.value.trim() }, { push: true })} /></label>
  </div>`;
}

function Nothing({ filtered, setQuery }) {
  const all = () => setQuery(Object.fromEntries(FILTERS.map((name) => [name, ""])), { push: true });
  return filtered
    ? html`<${Empty} title="No event fits"><p>
      <button type="button" class="button" onClick=${all}>Show all</button></p><//>`
    : html`<${Empty} title="Nothing has happened yet">
      <p>A server that registers is the first event: <a href="#/start">get started</a>.</p><//>`;
}

function Older({ log, shown, filtered }) {
  if (log.loading) return html`<p class="loading" aria-busy="true">Loading …</p>`;
  if (log.error) return null;
  if (log.events.length >= MOST)
    return html`<p class="more muted">These are ${number(MOST)} events. Filters find older ones; <code>llamactl registry
      audit</code> and <code>GET /api/v1/events</code> have all.</p>`;
  if (!log.done)
    return html`<p class="more"><button type="button" class="button" onClick=${log.older}>Older events</button>
    ${filtered && !shown && html`<span class="muted"> None of the newer ones fits.</span>`}</p>`;
  return shown ? html`<p class="more muted">That is where the log begins.</p>` : null;
}
