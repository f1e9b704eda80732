// The parts that all views share.
import { copyText } from "../core/copy.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/dom.js";
import { href } from "../core/router.js";

let counter = 0;
/** An id of its own for each use, to tie a label to its field. */
export function useId(prefix = "id") {
  return useRef(`${prefix}-${++counter}`).current;
}

const TONES = {
  ready: "ok",
  online: "ok",
  recovered: "ok",
  loading: "info",
  registered: "info",
  draining: "warn",
  warning: "warn",
  maintenance: "warn",
  degraded: "warn",
  unhealthy: "bad",
  lost: "bad",
  offline: "bad",
};

/** A state in a word, with its colour and a shape that tells it without colour. */
export function Badge({ state, tone = TONES[state] ?? "plain", title, children }) {
  return html`<span class="badge badge-${tone}" title=${title}><span class="badge-dot" aria-hidden="true" />
    ${children ?? state}</span>`;
}

/** How much of `total` is `value`; `label` says it in words. */
export function Bar({ value, total, label, tone = "accent", text }) {
  const share = total > 0 ? Math.min(1, Math.max(0, value / total)) : 0;
  return html`<span class="bar-with-text">
    <span class="bar bar-${tone}" role="img" aria-label=${label} title=${label}>
      <span class="bar-fill" style=${{ width: `${(share * 100).toFixed(1)}%` }} />
    </span>
    ${text != null && html`<span class="bar-text" aria-hidden="true">${text}</span>`}
  </span>`;
}

/** The search field of a view; `/` leads to it, Escape empties it. */
export function Search({ value = "", onInput, label = "Search" }) {
  const leave = (event) => {
    if (event.key !== "Escape") return;
    onInput("");
    event.target.blur();
  };
  return html`<label class="search">
    <span class="visually-hidden">${label}</span>
    <input type="search" value=${value} placeholder=${`${label} ( / )`} autocomplete="off" spellcheck=${false}
      enterkeyhint="search" onInput=${(event) => onInput(event.target.value)} onKeyDown=${leave} />
  </label>`;
}

/** One of `options` (values, or `[value, text]`), or nothing: `all` is the text for that. */
export function Select({ label, value = "", options, onChange, all }) {
  const known = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  // What the address asks for is shown as chosen even when no entry has it.
  if (value && !known.some(([name]) => name === value)) known.push([value, value]);
  return html`<label class="field"><span class="field-label">${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${all != null && html`<option key="all" value="" selected=${!value}>${all}</option>`}
      ${known.map(
        ([name, text]) => html`<option key=${name} value=${name} selected=${name === value}>
        ${text}</option>`,
      )}
    </select>
  </label>`;
}

/**
 * A table whose rows become cards on a phone. `columns`: `{id, label, sort, number, hint}`; `sort` is a
 * column's id, with `-` before it the other way round; the children are `<Row>`s with keys.
 */
export function Table({ label, columns, sort = "", onSort, children, class: name = "" }) {
  return html`<table class="table ${name}" role="table" aria-label=${label}>
    <thead role="rowgroup"><tr role="row">
      ${columns.map((column) => html`<${Header} key=${column.id} column=${column} sort=${sort} onSort=${onSort} />`)}
    </tr></thead>
    <tbody role="rowgroup">${children}</tbody>
  </table>`;
}

function directionOf(column, sort) {
  if (sort === column.id) return "ascending";
  return sort === `-${column.id}` ? "descending" : "none";
}

function Header({ column, sort, onSort }) {
  const name = `column-${column.id}${column.number ? " number" : ""}`;
  if (!column.sort) {
    return html`<th class=${name} role="columnheader" scope="col">
      ${column.hidden ? html`<span class="visually-hidden">${column.label}</span>` : column.label}</th>`;
  }
  const direction = directionOf(column, sort);
  const next = direction === "ascending" ? `-${column.id}` : column.id;
  return html`<th class=${name} role="columnheader" scope="col" aria-sort=${direction}>
    <button type="button" class="sort" title=${column.hint} onClick=${() => onSort(next)}>
      ${column.label}<span class="sort-mark" aria-hidden="true">
        ${{ ascending: "▲", descending: "▼", none: "" }[direction]}</span>
    </button></th>`;
}

/** A row of a `<Table>`. */
export function Row({ class: name, children, ...rest }) {
  return html`<tr role="row" class=${name} ...${rest}>${children}</tr>`;
}

/** A cell; `label` stands before it where the row is a card. */
export function Cell({ label, number, class: name = "", children, ...rest }) {
  return html`<td role="cell" data-label=${label} class="${name}${number ? " number" : ""}" ...${rest}>
    ${children}</td>`;
}

/** Nothing to show: says so, and what to do next. `page`: it is all that the page has. */
export function Empty({ title, page, children }) {
  return html`<div class="empty">${page ? html`<h1>${title}</h1>` : html`<h2>${title}</h2>`}${children}</div>`;
}

/** What went wrong, and how to mend it; `retry` offers another try. */
export function ErrorBox({ error, retry, title = "That did not work" }) {
  if (!error) return null;
  return html`<div class="notice notice-bad" role="alert">
    <p><strong>${title}:</strong> ${error.error ?? error.message ?? String(error)}</p>
    ${error.hint && html`<p>${error.hint}</p>`}
    ${retry && html`<button type="button" class="button" onClick=${retry}>Try again</button>`}
  </div>`;
}

/** Copies `text` (or what the function `text` gives, also later); says that it did. */
export function CopyButton({ text, label = "Copy", title, class: name = "button button-small", disabled, onCopied }) {
  const [state, set] = useState("");
  useEffect(() => {
    if (!state) return undefined;
    const timer = setTimeout(() => set(""), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    const value = typeof text === "function" ? await text() : text;
    if (value == null) return;
    const done = await copyText(value);
    set(done ? "done" : "failed");
    announce(done ? "Copied" : "Copying is not allowed here: select the text and copy it by hand");
    if (done) onCopied?.();
  };
  const shown = { done: "Copied", failed: "Not allowed" }[state];
  return html`<button type="button" class="${name} copy ${state && `copy-${state}`}" title=${title} disabled=${disabled}
      onClick=${copy}>
    <span class="copy-label" data-shown=${shown ? "no" : "yes"}>${label}</span>
    ${shown && html`<span class="copy-state" aria-hidden="true">${shown}</span>`}
  </button>`;
}

/** Text to copy, shown in full, with its button. */
export function Snippet({ text, label, about }) {
  return html`<div class="snippet">
    ${
      (label || about) &&
      html`<div class="snippet-head"><strong>${label}</strong>
      ${about && html`<span class="muted">${about}</span>`}</div>`
    }
    <div class="snippet-body">
      <pre tabindex="0" role="region" aria-label=${label ?? "Text to copy"}><code>${text}</code></pre>
      <${CopyButton} text=${text} title=${label && `Copy: ${label}`} />
    </div>
  </div>`;
}

/** A dialog over the page; Escape and a click beside it close it. */
export function Dialog({ title, onClose, children, class: name = "", style }) {
  const ref = useRef();
  const id = useId("dialog");
  useLayoutEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  // Closing it is for whoever draws it.
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${ref} class="dialog ${name}" style=${style} aria-labelledby=${id}
      onCancel=${cancel}
      onClick=${(event) => event.target === ref.current && onClose()}>
    <div class="dialog-box">
      <header class="dialog-head"><h2 id=${id}>${title}</h2>
        <button type="button" class="button button-quiet" aria-label="Close" onClick=${onClose}>✕</button></header>
      ${children}</div>
  </dialog>`;
}

/** Asks before something that cannot be undone. `onConfirm` may be async; its error is shown. */
export function Confirm({ title, action, onConfirm, onClose, children }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    ${children}
    <${ErrorBox} error=${error} />
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button button-bad" disabled=${busy} onClick=${confirm}>${action}</button>
    </div>
  <//>`;
}

let tell = () => undefined;
/** Says `text` to screen readers, without moving the focus. */
export function announce(text) {
  tell(text);
}

/** The live region behind `announce`; the shell has the only one. */
export function Announce() {
  const [text, set] = useState("");
  useEffect(() => {
    tell = set;
    return () => {
      tell = () => undefined;
    };
  }, []);
  return html`<p class="visually-hidden" role="status" aria-live="polite">${text}</p>`;
}

/** A link inside the page: `<Link to=${["servers", id]}>`. */
export function Link({ to, children, ...rest }) {
  return html`<a href=${href(...to)} ...${rest}>${children}</a>`;
}

/** The first rows at once, the rest while the browser has nothing else to do, and not before `ready`: a thousand do
 * not hold up the page. With another `key` it begins anew. */
export function useGradually(list, key, ready = true, first = 20, step = 60) {
  const [, redraw] = useState(0);
  const shown = useRef({ key, limit: first }).current;
  if (shown.key !== key) Object.assign(shown, { key, limit: first });
  const { limit } = shown;
  useEffect(() => {
    if (!ready || limit >= list.length) return undefined;
    const more = () => {
      shown.limit = limit + step;
      redraw((n) => n + 1);
    };
    if (!globalThis.requestIdleCallback) {
      const timer = setTimeout(more, 30);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(more, { timeout: 200 });
    return () => cancelIdleCallback(handle);
  }, [limit, list.length > limit, key, ready]);
  return limit < list.length ? list.slice(0, limit) : list;
}
