// One server in the list. It renders again only when its own record, or what the reader chose, is another.

import { html, memo } from "../core/dom.js";
import { exact, number, secondsSince, shortDuration, Time, tokens, useTicking } from "../core/format.js";
import { addressOf, jobOf, labelsOf, STATE_WORDS, stateOf, walltime } from "../facts/server-facts.js";
import { ConnectButtons } from "./connect.js";
import { Badge, Bar, Link } from "./ui.js";

const uptime = (started) => shortDuration(secondsSince(started));

// Plain cells and not `<Cell>`: in a thousand rows, eleven components for each are felt.
/** `mine` marks the reader's own, `fresh` one that has just come, `gone` one that has just left. */
export const ServerRow = memo(({ server, mine, fresh, gone, onMenu }) => {
  const address = addressOf(server);
  const labels = labelsOf(server);
  return html`<tr role="row" class="server ${fresh ? "server-fresh" : ""} ${gone ? "server-gone" : ""}">
    <td role="cell" class="server-name">
      <${Link} class="truncate server-link" to=${["servers", server.id]} title=${server.name}>${server.name}<//>
      <span class="truncate muted small" title=${server.model.file ?? server.model.name}>${secondLine(server)}</span>
      ${
        labels.length > 0 &&
        html`<span class="labels">${labels.map(
          (label) => html`<span class="label truncate" key=${label} title=${label}>${label}</span>`,
        )}</span>`
      }</td>
    <td role="cell" class="server-state"><${State} server=${server} gone=${gone} /></td>
    <td role="cell" data-label="Owner"><span class="truncate ${mine ? "mine" : ""}"
        title=${mine ? `${server.owner}: you` : server.owner}>${server.owner}</span></td>
    <td role="cell" class="server-address" data-label="Address">
      <span class="address" title=${`${address}, job ${jobOf(server)}`}><span class="truncate">
      ${address.slice(0, address.lastIndexOf(":"))}</span><span>${`:${server.port}`}</span></span></td>
    <td role="cell" data-label="GPUs"><span class="pair"><span class="truncate" title=${server.gpus}>
      ${server.gpus ?? "–"}</span>
      ${
        server.partition &&
        html`<span class="truncate muted small" title=${`Partition ${server.partition}`}>${server.partition}</span>`
      }</span></td>
    <td role="cell" class="number" data-label="Context">
      <span title=${server.model.context != null && `${number(server.model.context)} tokens`}>
      ${tokens(server.model.context)}</span></td>
    <td role="cell" data-label="Slots busy"><${SlotsBar} slots=${server.slots} /></td>
    <td role="cell" class="number" data-label="Tokens/s">
      ${number(server.tokens_per_second, server.tokens_per_second < 10 ? 1 : 0)}</td>
    <td role="cell" class="number" data-label="Up"><${Time} value=${server.started} as=${uptime} /></td>
    <td role="cell" class="server-left" data-label="Walltime left"><${WalltimeBar} server=${server} /></td>
    <td role="cell" class="server-connect"><${ConnectButtons} server=${server} onMenu=${onMenu} disabled=${gone} /></td>
  </tr>`;
});

// The model where the name does not already say it, and the file.
function secondLine({ name, model }) {
  const words = [model.name !== name && model.name, model.file !== model.name && model.file].filter(Boolean);
  return words.join(" · ") || model.alias || model.name;
}

/** Its state as a badge, with what it means on hover. */
export function State({ server, gone }) {
  if (gone) return html`<${Badge} tone="plain">gone<//>`;
  const state = stateOf(server);
  const why = state === "unhealthy" && server.health.reason ? ` ${server.health.reason}` : "";
  return html`<${Badge} state=${state} title=${STATE_WORDS[state] + why} />`;
}

/** How many of its slots work. */
export function SlotsBar({ slots }) {
  if (!slots) return html`<span class="muted">–</span>`;
  const { busy, total } = slots;
  return html`<${Bar} value=${busy} total=${total} tone=${busy >= total && total > 0 ? "warn" : "ok"}
    label=${`${busy} of ${total} slots busy`} text=${`${busy}/${total}`} />`;
}

/** How much walltime is left. */
export function WalltimeBar({ server }) {
  // Whole per cents and the words: it renders again when either is another.
  const shown = useTicking(() => {
    const time = walltime(server);
    if (!time) return null;
    const words = time.left > 0 ? shortDuration(time.left) : "over";
    return `${Math.round(time.share * 100)}|${words}|${urgency(time.left)}`;
  }, [server]);
  if (!shown) return html`<span class="muted" title="No end is known">–</span>`;
  const [percent, words, tone] = shown.split("|");
  const ends = exact(server.ends);
  const label = words === "over" ? `The walltime ended ${ends}` : `${words} of walltime left, until ${ends}`;
  return html`<${Bar} value=${Number(percent)} total=${100} tone=${tone} text=${words} label=${label} />`;
}

// How much is said of so many seconds that are left.
function urgency(left) {
  if (left < 600) return "bad";
  return left < 3600 ? "warn" : "info";
}
