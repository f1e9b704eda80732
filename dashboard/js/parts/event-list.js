// Events as a list of sentences.
import { html, memo, useState } from "../core/dom.js";
import { Time } from "../core/format.js";
import { sentence, tone } from "../facts/event-words.js";
import { Link } from "./ui.js";

const MARKS = { good: "●", bad: "■", plain: "○" };

/** The list; `events` newest first. */
export function EventList({ events }) {
  return html`<ol class="events">${events.map((event) => html`<${Entry} key=${event.seq} event=${event} />`)}</ol>`;
}

const Entry = memo(({ event }) => {
  const [open, setOpen] = useState(false);
  return html`<li class="event">
    <span class=${`event-mark event-${tone(event)}`} aria-hidden="true">${MARKS[tone(event)]}</span>
    <p class="event-words">${sentence(event).map((part, at) =>
      typeof part === "string" ? part : html`<${Link} key=${at} to=${[part.page, part.id]}>${part.text}<//>`,
    )}
      ${(event.actor || event.origin) && html`<span class="muted small">, ${by(event)}</span>`}</p>
    <span class="event-when small muted"><${Time} value=${event.time} /></span>
    <details class="event-details" onToggle=${(toggled) => setOpen(toggled.currentTarget.open)}>
      <summary><span class="visually-hidden">Details of event ${event.seq}: ${event.kind}</span>
        <span aria-hidden="true">details</span></summary>
      ${
        open &&
        html`<pre class="json" tabindex="0" role="region" aria-label=${`Event ${event.seq} as JSON`}>
        ${JSON.stringify(event, null, 2)}</pre>`
      }
    </details>
  </li>`;
});

function by({ actor, origin }) {
  return [actor && `by ${actor}`, origin && `from ${origin}`].filter(Boolean).join(" ");
}
