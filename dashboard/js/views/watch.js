// "Tell me when a server of a model is ready": by this browser, and by the registry's own channels,
// which tell of more than that.
import { can, get, send, useSession } from "../core/api.js";
import { html, useEffect, useMemo, useReducer, useState } from "../core/dom.js";
import { Time } from "../core/format.js";
import { distinct } from "../core/lists.js";
import { useServers } from "../core/store.js";
import { MODELS } from "../facts/models.js";
import { shellWord } from "../facts/server-facts.js";
import { ability, ask, onChange, serves, tryOut, unwatch, watch, watched } from "../facts/watching.js";
import { announce, Empty, ErrorBox, Link, Snippet, useId } from "../parts/ui.js";

/** The page. */
export default function Watch({ query, setQuery }) {
  const servers = useServers();
  const list = useMemo(() => [...servers.values()], [servers]);
  const known = useMemo(
    () => distinct([...list.map((server) => server.model.name), ...MODELS.map(({ name }) => name)]),
    [list],
  );
  const model = query.model ?? "";
  const there = model.trim() ? list.filter((server) => server.state === "ready" && serves(server, model)) : [];
  return html`<div class="page-head"><h1>Watch</h1>
    <p class="muted">Be told when a server of a model is ready, and what becomes of it</p></div>
    <${ModelField} model=${model} known=${known} onInput=${(text) => setQuery({ model: text })} />
    ${
      there.length > 0 &&
      html`<p class="notice">One is ready already: ${there.slice(0, 3).map(
        (server, at) => html`${at > 0 && ", "}<${Link} key=${server.id} to=${["servers", server.id]}>
        ${server.name} of ${server.owner}<//>`,
      )}${there.length > 3 && ` and ${there.length - 3} more`}.
      You will be told of the next one.</p>`
    }
    <div class="watch-grid"><${InBrowser} model=${model.trim()} /><${ByRegistry} model=${model.trim()} /></div>`;
}

function ModelField({ model, known, onInput }) {
  const id = useId("model");
  return html`<div class="toolbar"><label class="field watch-model">
    <span class="field-label">Model, by the name that servers have here; * stands for anything</span>
    <input value=${model} list=${id} placeholder="qwen3-30b" maxlength="512" autocomplete="off" spellcheck=${false}
        onInput=${(event) => onInput(event.target.value)} />
    <datalist id=${id}>${known.map((name) => html`<option key=${name} value=${name} />`)}</datalist></label></div>`;
}

const WHY = {
  none: html`<p>This browser has no notifications. Let the registry tell you, or use the terminal:</p>`,
  insecure: html`<p>This page came over plain http, where browsers show no notifications. Reach it through a tunnel
    at <code>http://localhost</code>, or ask the operator for https (<code>--tls-cert</code>). Or let the registry tell
    you, or use the terminal:</p>`,
  denied: html`<p>You, or your browser, said no to notifications of this page. The lock or the sign beside the address
    changes that. Or let the registry tell you, or use the terminal:</p>`,
};

function InBrowser({ model }) {
  const [, redraw] = useReducer((n) => n + 1, 0);
  const [once, setOnce] = useState(true);
  useEffect(() => onChange(redraw), []);
  const able = ability();
  const all = watched();
  const begin = async () => {
    if ((await ask()) !== "yes") return announce("Notifications are not allowed");
    watch(model, once);
    return announce(`Waiting for ${model}`);
  };
  return html`<section class="card" aria-label="In this browser"><h2>In this browser</h2>
    ${
      WHY[able]
        ? html`${WHY[able]}<${Terminal} model=${model} />`
        : html`
      <p>A notification of the browser, as long as this page is open, also in the background. Nothing leaves this
        machine.</p>
      <label class="tick"><input type="checkbox" checked=${once} onChange=${(event) => setOnce(event.target.checked)} />
        <span>only the first time</span></label>
      <p><button type="button" class="button button-accent"
          disabled=${!model || all.some((one) => one.model === model && one.once === once)} onClick=${begin}>
        Tell me here${able === "ask" ? " (the browser will ask you)" : ""}</button>${" "}
        ${
          able === "yes" &&
          html`<button type="button" class="button" onClick=${() => tryOut()}>Try a notification</button>`
        }</p>`
    }
    ${
      all.length > 0 &&
      html`<h3>Waiting for</h3><ul class="plain-list">${all.map(
        (one) => html`<li key=${one.model}><strong>${one.model}</strong>
      <span class="muted">${one.once ? "the first time" : "every time"}</span>
      <button type="button" class="button button-small" aria-label=${`Stop waiting for ${one.model}`}
          onClick=${() => unwatch(one.model)}>Stop</button></li>`,
      )}</ul>`
    }
  </section>`;
}

function Terminal({ model }) {
  const word = shellWord(model || "qwen3-30b");
  return html`<${Snippet} label="In a terminal, with a bell"
      text=${`until llamactl connect ${word} --print >/dev/null 2>&1; do sleep 20; done; printf '\\a'`} />`;
}

const CHANNELS = {
  ntfy: {
    scheme: "ntfy://",
    label: "ntfy topic",
    placeholder: "my-topic",
    pattern: "[A-Za-z0-9_\\-]{1,64}",
    hint: "1 to 64 letters, digits, - and _. Whoever knows it can read it.",
  },
  email: { scheme: "mailto:", label: "mail address", placeholder: "ann@example.org", pattern: undefined, hint: "" },
};

/** What the registry can be asked to tell of, by what people want to know. */
const EVENTS = [
  ["available", "it is ready", ["available"]],
  ["trouble", "something is wrong with it: lost, unhealthy, recovered", ["lost", "unhealthy", "recovered"]],
  ["end", "it ends: draining, ended", ["draining", "ended"]],
  ["all", "any of these", ["available", "draining", "ended", "lost", "unhealthy", "recovered"]],
];

function ByRegistry({ model }) {
  const [{ told, error }, setState] = useState({});
  const load = () =>
    get("/api/v1/watches").then(
      (list) => setState({ told: list }),
      (problem) => setState({ error: problem }),
    );
  useSession();
  const may = can("register");
  useEffect(() => {
    if (may) load();
  }, [may]);
  const missing = error?.status === 404;
  const channels = told?.channels ?? [];
  return html`<section class="card" aria-label="By the registry"><h2>By the registry</h2>
    ${
      !may &&
      html`<p class="muted">That needs a token with the scope <code>register</code>. The browser can tell you
      without.</p>`
    }
    ${missing && html`<p class="muted">This registry is older and can tell nobody.</p>`}
    ${!missing && html`<${ErrorBox} error=${error} retry=${load} />`}
    ${
      told &&
      html`<p>A message, whether this page is open or not.</p>
      ${
        channels.length === 0 &&
        html`<${Empty} title="The operator has set up no channel">
        <p>With <code>notify.smtp</code> or <code>notify.ntfy_server</code> in the
          registry's <code>config.yaml</code> it can send mail or ntfy messages. Until then the browser can tell
          you.</p><//>`
      }
      ${channels.length > 0 && html`<${NewWatch} model=${model} channels=${channels} onMade=${load} />`}
      <${Watches} watches=${told.watches ?? []} onChanged=${load} />`
    }
  </section>`;
}

function NewWatch({ model, channels, onMade }) {
  const [form, setForm] = useState({ channel: channels[0], target: "", once: true, events: EVENTS[0][0] });
  const [error, setError] = useState(null);
  const about = CHANNELS[form.channel] ?? {
    scheme: `${form.channel}://`,
    label: `address, without ${form.channel}://`,
    placeholder: "",
  };
  const submit = async (event) => {
    event.preventDefault();
    try {
      const [, when, events] = EVENTS.find(([id]) => id === form.events);
      // A registry that is older knows no events.
      const wanted = form.events === "available" ? {} : { events };
      await send("POST", "/api/v1/watches", {
        model,
        ...wanted,
        notify: [about.scheme + form.target.trim()],
        once: form.once,
      });
      setError(null);
      setForm({ ...form, target: "" });
      announce(`The registry tells you of ${model} when ${when}`);
      onMade();
    } catch (problem) {
      setError(problem);
    }
  };
  const set = (field) => (event) => setForm({ ...form, [field]: event.target.value });
  return html`<form onSubmit=${submit}>
    <label class="field wide"><span class="field-label">When</span>
      <select value=${form.events} onChange=${set("events")}>
      ${EVENTS.map(
        ([id, when]) => html`<option key=${id} value=${id} selected=${id === form.events}>
        ${when}</option>`,
      )}</select></label>
    <div class="form-row"><label class="field"><span class="field-label">By</span>
      <select value=${form.channel} onChange=${set("channel")}>
        ${channels.map(
          (name) => html`<option key=${name} value=${name} selected=${name === form.channel}>
          ${name}</option>`,
        )}</select></label>
      <label class="field wide"><span class="field-label">${about.label}</span>
        <input required type=${form.channel === "email" ? "email" : "text"} pattern=${about.pattern} title=${about.hint}
            placeholder=${about.placeholder} value=${form.target} onInput=${set("target")}
        autocomplete="off" /></label></div>
    ${about.hint && html`<p class="muted small">${about.hint}</p>`}
    <label class="tick"><input type="checkbox" checked=${form.once}
        onChange=${(event) => setForm({ ...form, once: event.target.checked })} />
      <span>only the first time</span></label>
    <${ErrorBox} error=${error} />
    <p><button class="button button-accent" disabled=${!model || !form.target.trim()}>Let the registry tell me</button>
      ${!model && html`<span class="muted small"> Choose a model first.</span>`}</p>
  </form>`;
}

/** What a watch is about, in a few words. */
function subject({ model, server_owner: owner, labels = {}, node }) {
  const parts = [
    model !== "*" && model,
    owner && `of ${owner}`,
    ...Object.entries(labels).map(([key, value]) => `with ${key}=${value}`),
    node && `on ${node}`,
  ];
  return parts.filter(Boolean).join(" ") || "any model";
}

/** `available, gone: ann@example.org, the first time, for ann`. */
function terms({ events, notify, once, owner }) {
  const targets = notify.map((target) => target.replace(/^(ntfy:\/\/|mailto:)/, ""));
  const times = once ? "the first time" : "every time";
  return `${(events ?? ["available"]).join(", ")}: ${targets.join(", ")}, ${times}${owner ? `, for ${owner}` : ""}`;
}

function Watches({ watches, onChanged }) {
  const [error, setError] = useState(null);
  if (!watches.length) return null;
  const remove = (id) =>
    send("DELETE", `/api/v1/watches/${encodeURIComponent(id)}`).then(() => {
      setError(null);
      onChanged();
    }, setError);
  return html`<h3>It waits for</h3><${ErrorBox} error=${error} /><ul class="plain-list">${watches.map(
    (one) => html`<li key=${one.id}>
    <strong>${subject(one)}</strong> <span class="muted">${terms(one)}</span>
    ${one.created && html`<span class="muted small"><${Time} value=${one.created} /></span>`}
    <button type="button" class="button button-small" aria-label=${`Take away the watch for ${one.model}`}
        onClick=${() => remove(one.id)}>Take away</button></li>`,
  )}</ul>`;
}
