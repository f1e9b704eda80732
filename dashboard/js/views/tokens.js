// Tokens, for administrators: who has one, a new one, the end of one.
import { get, send, session } from "../core/api.js";
import { html, useEffect, useMemo, useState } from "../core/dom.js";
import { exact, now, Time } from "../core/format.js";
import { sorted } from "../core/lists.js";
import { Badge, Cell, Confirm, CopyButton, Dialog, Empty, ErrorBox, Row, Search, Snippet, Table } from "../parts/ui.js";

const SCOPES = [
  ["read", "to read servers, nodes and events, and the keys of shared servers"],
  ["register", "to register servers and nodes, and to change one's own"],
  ["admin", "to change everything, and to make tokens"],
];
const EXPIRIES = [
  ["7", "in a week"],
  ["30", "in 30 days"],
  ["90", "in 90 days"],
  ["365", "in a year"],
  ["date", "on a day …"],
  ["", "never"],
];
const DAY_MS = 86_400_000;
const KEYS = {
  owner: (token) => token.owner,
  scopes: (token) => token.scopes.join(" "),
  created: (token) => Date.parse(token.created),
  expires: (token) => (token.expires ? Date.parse(token.expires) : Infinity),
  state: (token) => state(token),
};
const COLUMNS = [
  { id: "owner", label: "Owner", sort: true },
  { id: "scopes", label: "May", sort: true },
  { id: "note", label: "For" },
  { id: "state", label: "State", sort: true },
  { id: "created", label: "Made", sort: true },
  { id: "expires", label: "Ends", sort: true },
  { id: "id", label: "Id" },
  { id: "revoke", label: "Revoke", hidden: true },
];

function state(token) {
  if (token.revoked) return "revoked";
  return token.expires && Date.parse(token.expires) <= now() ? "expired" : "valid";
}

/** The page. */
export default function Tokens({ query, setQuery }) {
  const [tokens, setTokens] = useState(null);
  const [error, setError] = useState(null);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState(null);
  const load = () =>
    get("/api/v1/tokens").then((list) => {
      setTokens(list);
      setError(null);
    }, setError);
  const done = () => {
    setMaking(false);
    setRevoking(null);
    load();
  };
  useEffect(() => {
    load();
  }, []);
  const sort = query.sort ?? "owner";
  const shown = useMemo(
    () =>
      sorted(
        (tokens ?? []).filter((token) => fits(token, query.q)),
        sort,
        KEYS,
      ),
    [tokens, sort, query.q],
  );
  const head = (button) => html`<div class="page-head"><h1>Tokens</h1>
    <p class="muted">Who may do what with this registry</p>
    ${
      button &&
      html`<button type="button" class="button button-accent push-right"
        onClick=${() => setMaking(true)}>New token …</button>`
    }</div>`;
  if (session.info?.auth === "none") return html`${head(false)}<${NoTokens} />`;
  return html`${head(true)}
    <div class="toolbar" role="search"><${Search} label="Search tokens" value=${query.q}
        onInput=${(q) => setQuery({ q })} /></div>
    <${ErrorBox} error=${error} retry=${load} />
    ${tokens && !shown.length && html`<${Empty} title=${tokens.length ? "No token fits" : "There is no token"} />`}
    ${
      shown.length > 0 &&
      html`<${Table} label="Tokens" class="tokens-table" columns=${COLUMNS} sort=${sort}
          onSort=${(next) => setQuery({ sort: next }, { push: true })}>
      ${shown.map(
        (token) => html`<${TokenRow} key=${token.id} token=${token} onRevoke=${() => setRevoking(token)} />`,
      )}<//>
      <p class="muted small more-note">When a token was last used is not kept. What was done with it: <a
          href="#/events">events</a>, by its id or owner.</p>`
    }
    ${making && html`<${NewToken} onClose=${done} />`}
    ${revoking && html`<${Revoke} token=${revoking} onClose=${done} />`}`;
}

function NoTokens() {
  return html`<${Empty} title="This registry asks for no tokens">
    <p>It was started with <code>--auth none</code>, or listens on this machine only. With tokens, everybody changes
      only what is theirs:</p>
    <${Snippet} label="On the registry's host"
        text="llamactl registry token create --owner NAME --scope admin\nllamactl registry serve --auth token" />
  <//>`;
}

function fits(token, q = "") {
  const text = [token.owner, token.note, token.id, state(token), ...token.scopes].join("\n").toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function TokenRow({ token, onRevoke }) {
  const is = state(token);
  const ends = token.revoked ?? token.expires;
  return html`<${Row}>
    <${Cell} label="Owner"><span class="strong">${token.owner}</span><//>
    <${Cell} label="May">${token.scopes.join(", ")}<//>
    <${Cell} label="For"><span class="truncate" title=${token.note}>
      ${token.note ?? html`<span class="muted">–</span>`}</span><//>
    <${Cell} label="State"><${Badge} tone=${{ valid: "ok", expired: "warn", revoked: "bad" }[is]}>${is}<//><//>
    <${Cell} label="Made" class="column-created"><${Time} value=${token.created} /><//>
    <${Cell} label="Ends">${ends ? html`<${Time} value=${ends} />` : "never"}<//>
    <${Cell} label="Id" class="column-id"><a href=${`#/events?actor=${encodeURIComponent(token.id)}`}
        title="What was done with it"><code>${token.id}</code></a><//>
    <${Cell} label="Revoke" class="row-actions">${
      is === "valid" &&
      html`<button type="button" class="button button-small button-bad"
        aria-label=${`Revoke the token ${token.id} of ${token.owner}`} onClick=${onRevoke}>Revoke …</button>`
    }<//>
  <//>`;
}

function Revoke({ token, onClose }) {
  const [force, setForce] = useState(false);
  const own = token.id === session.whoami?.token;
  const revoke = async () => {
    try {
      await send("DELETE", `/api/v1/tokens/${encodeURIComponent(token.id)}${force ? "?force=true" : ""}`);
    } catch (error) {
      if (error.status === 409) setForce(true);
      throw error;
    }
  };
  return html`<${Confirm} title=${`Revoke the token of ${token.owner}?`}
      action=${force ? "Revoke it all the same" : "Revoke"} onConfirm=${revoke} onClose=${onClose}>
    <p>It counts for nothing from then on: whoever uses it is refused within seconds. That cannot be undone.</p>
    <p class="muted">${token.scopes.join(", ")}${token.note && `; for: ${token.note}`}; made ${exact(token.created)}</p>
    ${own && html`<p class="notice notice-warn"><strong>It is the one that you are logged in with.</strong></p>`}
  <//>`;
}

function NewToken({ onClose }) {
  const [form, setForm] = useState({ owner: "", scopes: ["read"], note: "", expiry: "90", day: "" });
  const [made, setMade] = useState(null);
  const [error, setError] = useState(null);
  const set = (field) => (event) => setForm({ ...form, [field]: event.target.value });
  const toggle = (scope) =>
    setForm({
      ...form,
      scopes: form.scopes.includes(scope) ? form.scopes.filter((one) => one !== scope) : [...form.scopes, scope],
    });
  const submit = async (event) => {
    event.preventDefault();
    try {
      setMade(await send("POST", "/api/v1/tokens", request(form)));
      setError(null);
    } catch (problem) {
      setError(problem);
    }
  };
  if (made) return html`<${Made} made=${made} onClose=${onClose} />`;
  return html`<${Dialog} title="A new token" onClose=${onClose}><form onSubmit=${submit}>
    <label class="field wide"><span class="field-label">Owner: the name that stands in what is registered with it</span>
      <input required maxlength="512" value=${form.owner} onInput=${set("owner")} placeholder="ann"
          autocomplete="off" /></label>
    <fieldset class="scopes"><legend class="field-label">What it allows</legend>${SCOPES.map(
      ([scope, words]) => html`<label key=${scope} class="tick">
      <input type="checkbox" checked=${form.scopes.includes(scope)} onChange=${() => toggle(scope)} /><span><strong>
        ${scope}</strong> <span class="muted">${words}</span></span></label>`,
    )}</fieldset>
    <div class="form-row"><label class="field"><span class="field-label">Ends</span>
      <select value=${form.expiry} onChange=${set("expiry")}>
        ${EXPIRIES.map(
          ([value, text]) => html`<option key=${value} value=${value} selected=${value === form.expiry}>
          ${text}</option>`,
        )}</select></label>
      ${
        form.expiry === "date" &&
        html`<label class="field"><span class="field-label">At the end of</span>
        <input type="date" required min=${new Date(now() + DAY_MS).toISOString().slice(0, 10)} value=${form.day}
            onInput=${set("day")} /></label>`
      }</div>
    <label class="field wide"><span class="field-label">What it is for (optional)</span>
      <input maxlength="512" value=${form.note} onInput=${set("note")} placeholder="ann's laptop" /></label>
    <${ErrorBox} error=${error} />
    <div class="dialog-actions"><button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button class="button button-accent"
          disabled=${!form.owner.trim() || !form.scopes.length}>Make the token</button></div>
  </form><//>`;
}

function request({ owner, scopes, note, expiry, day }) {
  const body = { owner: owner.trim(), scopes };
  if (note.trim()) body.note = note.trim();
  if (expiry === "date") body.expires = new Date(`${day}T23:59:59`).toISOString();
  else if (expiry) body.expires = new Date(now() + Number(expiry) * DAY_MS).toISOString();
  return body;
}

function Made({ made, onClose }) {
  const [copied, setCopied] = useState(false);
  return html`<${Dialog} title=${`The token of ${made.owner}`} onClose=${onClose}>
    <p><strong>It is shown this one time.</strong> The registry keeps only its hash.</p>
    <pre class="secret" tabindex="0" role="region" aria-label="The token"><code>${made.secret}</code></pre>
    <p><${CopyButton} class="button button-accent" text=${made.secret} label="Copy the token"
        onCopied=${() => setCopied(true)} /></p>
    <p class="muted">Its owner puts it into a file that only they can read, and names that
      in <code>~/.config/llamactl/config.yaml</code> as${" "}
      <code>registry.token_file</code>; or logs in on this page with it. Send it by a way that others do not read.</p>
    <div class="dialog-actions"><button type="button" class="button" onClick=${onClose}>
      ${copied ? "Done" : "I have it"}</button></div>
  <//>`;
}
