// One server: what it is, how to reach it, how it goes, what happened to it, and how to stop it.
import { can, get, send, useSession } from "../core/api.js";
import { html, useEffect, useRef, useState } from "../core/dom.js";
import { exact, number, Time } from "../core/format.js";
import { navigate } from "../core/router.js";
import { store, useServer, useStatus } from "../core/store.js";
import { addressOf, commandFor, jobOf, labelsOf, STATE_WORDS, shellWord, stateOf } from "../facts/server-facts.js";
import { SnippetsState, useSnippets } from "../parts/connect.js";
import { SlotsBar, State, WalltimeBar } from "../parts/server-row.js";
import { Timeline } from "../parts/timeline.js";
import { Confirm, CopyButton, Empty, ErrorBox, Snippet } from "../parts/ui.js";
import { Usage } from "../parts/usage.js";
import { WhereAreYou } from "../parts/where.js";

/** The page of a server. It stays, with what was last known, after the server has gone. */
export default function ServerPage({ params }) {
  const live = useServer(params.id);
  const { state } = useStatus();
  const { error, record } = useRecord(params.id, live, state);
  const server = live ?? record;
  if (!server) {
    if (error) return html`<${Missing} id=${params.id} error=${error} />`;
    return html`<p class="loading" aria-busy="true">Loading …</p>`;
  }
  const gone = !live && state === "live";
  return html`<div class="server-page stale-when-lost">
    <${Head} server=${server} gone=${gone} />
    <${Trouble} server=${server} gone=${gone} />
    <div class="columns">
      <div class="column-wide">
        ${!gone && html`<${Connect} server=${server} />`}
        <${Usage} id=${server.id} />
        <${Timeline} id=${server.id} />
      </div>
      <div class="column-narrow">
        <${Facts} server=${server} gone=${gone} />
        ${!gone && html`<${Stop} server=${server} />`}
      </div></div>
  </div>`;
}

// The stream has it, as a rule; a link that somebody sent may be to one that has gone.
function useRecord(id, live, state) {
  const last = useRef(null);
  const [result, set] = useState({});
  if (live) last.current = live;
  useEffect(() => {
    if (live || last.current || state === "connecting" || state === "denied") return undefined;
    let current = true;
    get(`/api/v1/servers/${encodeURIComponent(id)}`).then(
      (record) => current && set({ record }),
      (error) => current && !store.servers.has(id) && set({ error }),
    );
    return () => {
      current = false;
    };
  }, [id, Boolean(live), state]);
  return { error: result.error, record: last.current ?? result.record };
}

function Missing({ id, error }) {
  if (error.status !== 404) return html`<${ErrorBox} title="This server could not be loaded" error=${error} />`;
  return html`<${Empty} page=${true} title="This server is not here (any more)">
      <p>Its job may have ended. What is known of it:</p>
      <p class="actions"><a class="button" href="#/servers">All servers</a> <a class="button"
          href="#/watch">Tell me when one comes</a></p>
    <//><${Timeline} id=${id} />`;
}

function Head({ server, gone }) {
  return html`<p class="crumbs"><a href="#/servers">Servers</a></p>
    <div class="page-head"><h1>${server.name}</h1><${State} server=${server} gone=${gone} />
      <p class="muted">${server.model.name !== server.name && `${server.model.name}, `}of ${server.owner}, at <span
          class="address-inline">${addressOf(server)}</span></p></div>`;
}

function Trouble({ server, gone }) {
  const state = stateOf(server);
  const logs = commandFor("logs", server);
  if (gone) {
    return html`<div class="notice" role="status"><p>
      <strong>This server has left.</strong> Its job ended, or another start took its place.
      This is what was last known of it. Why it ended is in its log: <code>${logs}</code></p></div>`;
  }
  if (state === "lost") {
    return html`<div class="notice notice-bad" role="status"><p>
      <strong>Nothing was heard of it since <${Time} value=${server.last_seen} />.</strong>
      Its node may be down, or the network between. If it comes back it is ready again by itself; else its entry goes
        after a while.</p>
      <p>Its owner asks SLURM: <code>squeue -j ${shellWord(jobOf(server))}</code>, and reads the log: <code>
        ${logs}</code></p></div>`;
  }
  if (state === "unhealthy") {
    return html`<div class="notice notice-bad" role="status"><p>
      <strong>The registry gets no answer from it${server.health.reason ? `: ${server.health.reason}` : "."}</strong>
      ${" "}Found <${Time} value=${server.health.checked} />. Its job still beats, so it may be busy, hang, or be cut
        off from the registry.</p>
      <p>Its owner reads the log: <code>${logs}</code>, and if it hangs: <code>
        ${commandFor("stop", server)}</code></p></div>`;
  }
  if (state === "draining" || state === "loading")
    return html`<div class="notice" role="status"><p>${STATE_WORDS[state]}</p></div>`;
  return null;
}

function Connect({ server }) {
  const { whoami } = useSession();
  const state = useSnippets(server, `${server.host}:${server.port}:${server.access}:${whoami?.owner}`);
  return html`<section class="card" aria-label="Connect">
    <div class="card-head"><h2>Connect</h2><${WhereAreYou} /></div>
    <${SnippetsState} state=${state} />
    ${state.snippets?.map((snippet) => html`<${ConnectSnippet} key=${snippet.id} snippet=${snippet} />`)}
  </section>`;
}

// A line with a key is shown when asked for: screens are shared, and pictures of them too.
function ConnectSnippet({ snippet }) {
  const [shown, setShown] = useState(false);
  const { title, about, text, secret } = snippet;
  if (!secret || shown) return html`<${Snippet} text=${text} label=${title} about=${about} />`;
  return html`<div class="snippet"><div class="snippet-head"><strong>${title}</strong><span class="muted">
    ${about}</span></div>
    <div class="snippet-body"><p class="muted snippet-hidden">Has the server's API key</p>
      <button type="button" class="button button-small" aria-label=${`Show: ${title}`}
          onClick=${() => setShown(true)}>Show</button>
      <${CopyButton} text=${text} title=${`Copy: ${title}`} /></div></div>`;
}

const ACCESS = {
  private: "private: its owner has the key",
  shared: "shared: whoever may read the registry gets the key",
  open: "open: no key",
};

function Facts({ server, gone }) {
  const labels = labelsOf(server);
  const { model } = server;
  const facts = [
    ["Address", html`<span class="address-inline">${server.scheme}://${addressOf(server)}</span>`],
    ["Model", model.name],
    ["File", model.file],
    ["Alias", model.alias],
    ["Models", server.models?.length > 0 && server.models.join(", ")],
    ["Context", model.context != null && `${number(model.context)} tokens`],
    ["Slots", server.slots && !gone && html`<${SlotsBar} slots=${server.slots} />`],
    ["Tokens/s", !gone && server.tokens_per_second != null && number(server.tokens_per_second, 1)],
    ["Owner", server.owner],
    ["Access", ACCESS[server.access]],
    ["Job", server.restart_count ? `${jobOf(server)}, start ${server.restart_count + 1}` : jobOf(server)],
    ["Cluster", server.cluster],
    ["Partition", server.partition],
    ["Node", server.slurm_node],
    ["GPUs", server.gpus],
    ["Started", html`<${Time} value=${server.started} />`],
    ["Walltime left", server.ends && !gone && html`<${WalltimeBar} server=${server} />`],
    ["Ends", server.ends && exact(server.ends)],
    ["Last heard of", html`<${Time} value=${server.last_seen} />`],
    [
      "Labels",
      labels.length > 0 &&
        html`<span class="labels labels-wrap">${labels.map(
          (label) => html`<a class="label" key=${label}
            href=${`#/servers?${new URLSearchParams({ label })}`}>${label}</a>`,
        )}</span>`,
    ],
  ];
  return html`<section class="card" aria-label="Facts"><h2>Facts</h2><dl class="facts">
    ${facts.filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}
  </dl></section>`;
}

function Stop({ server }) {
  const [asking, setAsking] = useState(false);
  const job = shellWord(jobOf(server));
  const inSlurm = /^\d/.test(server.job_id);
  return html`<section class="card" aria-label="Stop it"><h2>Stop it</h2>
    <p class="muted">On the cluster, by its owner. It finishes the requests that it has first.</p>
    <${Snippet} text=${commandFor("stop", server)} label="With llamactl" />
    ${inSlurm && html`<${Snippet} text=${`scancel ${job}`} label="With SLURM alone" />`}
    ${
      can("admin") &&
      html`<p class="muted">Its job is gone and the entry is still here? This takes the entry out; a job that still runs
        keeps running.</p>
      <button type="button" class="button button-bad" onClick=${() => setAsking(true)}>Take the entry out …</button>`
    }
    ${
      asking &&
      html`<${Confirm} title="Take this entry out?" action="Take it out" onClose=${() => setAsking(false)}
        onConfirm=${async () => {
          await send("DELETE", `/api/v1/servers/${encodeURIComponent(server.id)}`);
          navigate("servers");
        }}>
      <p>The entry of <strong>
        ${server.name}</strong> (job ${jobOf(server)} of ${server.owner}) leaves the registry, and the event log says
        that you did it.
        It does not stop the job.</p>
    <//>`
    }
  </section>`;
}
