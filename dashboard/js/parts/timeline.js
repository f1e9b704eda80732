// What happened to a server, the newest first, and whom the registry told about it.
import { get } from "../core/api.js";
import { html, useEffect, useMemo, useState } from "../core/dom.js";
import { Time } from "../core/format.js";
import { useEvents, useStatus } from "../core/store.js";
import { plain, tone } from "../facts/event-words.js";
import { ErrorBox } from "./ui.js";

const PAGE = 1000;
const PAGES = 5;
const SHOWN = 30;

/** The events of one server: those that the registry kept, and what comes. */
export function Timeline({ id }) {
  const { past, error, retry } = usePast(id);
  const live = useEvents();
  const [all, setAll] = useState(false);
  const events = useMemo(() => {
    const known = new Map((past ?? []).map((event) => [event.seq, event]));
    for (const event of live) if (event.subject === id) known.set(event.seq, event);
    return [...known.values()].sort((a, b) => b.seq - a.seq);
  }, [past, live, id]);
  const shown = all ? events : events.slice(0, SHOWN);
  return html`<section class="card" aria-label="Events"><h2>What happened</h2>
    <${ErrorBox} title="The events could not be loaded" error=${error} retry=${retry} />
    ${
      !events.length &&
      !error &&
      html`<p class="muted">${past ? "The registry keeps no event of it." : "Loading …"}</p>`
    }
    <ol class="timeline">${shown.map((event) => html`<${Entry} key=${event.seq} event=${event} />`)}</ol>
    ${
      events.length > shown.length &&
      html`<button type="button" class="button" onClick=${() => setAll(true)}>Show all ${events.length}</button>`
    }
  </section>`;
}

function Entry({ event }) {
  return html`<li class="timeline-${tone(event)}"><span class="timeline-mark" aria-hidden="true" />
    <p class="timeline-words">${plain(event)}</p><p class="muted small"><${Time} value=${event.time} /></p></li>`;
}

// Asked anew after the registry was gone: something may have happened meanwhile.
function usePast(id) {
  const [result, set] = useState({});
  const [tries, retry] = useState(0);
  const { state } = useStatus();
  const reachable = state === "live";
  useEffect(() => {
    if (!reachable) return undefined;
    let current = true;
    load(id).then(
      (past) => current && set({ past }),
      (error) => current && set({ error }),
    );
    return () => {
      current = false;
    };
  }, [id, tries, reachable]);
  return { ...result, retry: () => retry((n) => n + 1) };
}

async function load(id) {
  const events = [];
  for (let page = 0; page < PAGES; page += 1) {
    const more = await get(
      `/api/v1/events?${new URLSearchParams({ subject: id, limit: PAGE, after: events.at(-1)?.seq ?? 0 })}`,
    );
    events.push(...more);
    if (more.length < PAGE) break;
  }
  return events;
}
