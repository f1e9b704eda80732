// The lines that lead to a server: asked from the registry, which knows how it is reached and who may have its key.
import { get } from "../core/api.js";
import { html, useEffect, useRef, useState } from "../core/dom.js";
import { addressOf, commandFor } from "../facts/server-facts.js";
import { CopyButton, Dialog, ErrorBox, Link } from "./ui.js";
import { useWhere, WhereAreYou } from "./where.js";

/** `{snippets, error, retry}` for a server and for where the reader sits. `version` asks anew when it changes. */
export function useSnippets(server, version = "") {
  const { from, login } = useWhere();
  const [state, set] = useState({});
  const [tries, retry] = useState(0);
  const missing = from === "outside" && !login;
  useEffect(() => {
    if (missing) return set({ missing });
    let current = true;
    const query = new URLSearchParams({ from, ...(from === "outside" ? { login } : {}) });
    get(`/api/v1/servers/${encodeURIComponent(server.id)}/connect?${query}`).then(
      ({ snippets }) => current && set({ snippets }),
      (error) => current && set({ error }),
    );
    return () => {
      current = false;
    };
  }, [server.id, version, from, login, tries]);
  return { ...state, retry: () => retry((n) => n + 1) };
}

/** Asks for what is missing, or shows what went wrong. */
export function SnippetsState({ state }) {
  if (state.missing)
    return html`<p class="muted">Name the login host that you reach with ssh, and the lines appear.</p>`;
  if (state.error)
    return html`<${ErrorBox} title="The lines could not be made" error=${state.error} retry=${state.retry} />`;
  return state.snippets ? null : html`<p class="muted" aria-busy="true">Loading …</p>`;
}

/** The menu of a row: every line by its name, one click copies it. */
export function ConnectMenu({ server, at, onClose }) {
  const state = useSnippets(server);
  const list = useRef();
  const ready = Boolean(state.snippets);
  useEffect(() => {
    // Not when the reader has gone on to another field meanwhile.
    if (ready && !document.activeElement?.matches(".menu input")) list.current.querySelector("button")?.focus();
  }, [ready]);
  const place = { "--x": `${Math.max(8, at.right - 340)}px`, "--y": `${at.bottom + 4}px` };
  // Where there is no room below, it opens upwards.
  if (at.bottom > innerHeight * 0.6)
    Object.assign(place, { "--y": "auto", "--below": `${innerHeight - at.top + 4}px` });
  return html`<${Dialog} title="Connect to ${server.name}" class="menu" style=${place} onClose=${onClose}>
    <div onKeyDown=${walk}>
    <${WhereAreYou} />
    <${SnippetsState} state=${state} />
    <ul class="menu-list" ref=${list}>
      ${state.snippets?.map(
        (snippet) => html`<li key=${snippet.id}>
        <${CopyButton} class="menu-item" text=${snippet.text} label=${menuLabel(snippet)}
            title=${snippet.about} /></li>`,
      )}
    </ul>
    </div>
    <p class="menu-more"><${Link} to=${["servers", server.id]}>All about this server</${Link}></p>
  </${Dialog}>`;
}

function menuLabel({ title, secret }) {
  return html`<span>Copy <strong>${title}</strong></span>
    ${secret && html`<span class="muted small">with the key</span>`}`;
}

// Up and down lead through the menu, as in any other.
function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.matches("input")) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll(".menu-item")];
  const next = items.indexOf(document.activeElement) + step;
  items[(next + items.length) % items.length]?.focus();
}

/** The two buttons of a row: the line that connects, and the menu of all others. */
export function ConnectButtons({ server, onMenu, disabled }) {
  const line = commandFor("connect", server);
  return html`<span class="connect">
    <${CopyButton} text=${line} label="Copy connect" title=${`Copy: ${line}`} class="button button-small"
        disabled=${disabled} />
    <button type="button" class="button button-small connect-more" aria-haspopup="dialog" disabled=${disabled}
      aria-label=${`More ways to connect to ${server.name} at ${addressOf(server)}`}
      title="Tunnel, Claude Code, curl, Python …"
      onClick=${(event) => onMenu(server, event.currentTarget.getBoundingClientRect())}>
        <span aria-hidden="true">▾</span></button>
  </span>`;
}
