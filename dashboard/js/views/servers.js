// All servers, live: search, filters, sorting, and the line that connects.
import { forget, keep, recall, useSession } from "../core/api.js";
import { html, useCallback, useEffect, useMemo, useRef, useState } from "../core/dom.js";
import { distinct, matches, sorted } from "../core/lists.js";
import { subscribe, useServers, useStatus } from "../core/store.js";
import { fits, labelsOf, SORT_KEYS, searched, stateOf } from "../facts/server-facts.js";
import { ConnectMenu } from "../parts/connect.js";
import { ServerRow } from "../parts/server-row.js";
import { announce, Dialog, Empty, Search, Select, Snippet, Table, useGradually } from "../parts/ui.js";
import { WhereAreYou } from "../parts/where.js";

const COLUMNS = [
  { id: "name", label: "Server", sort: true },
  { id: "state", label: "State", sort: true },
  { id: "owner", label: "Owner", sort: true },
  { id: "address", label: "Address", sort: true },
  { id: "gpus", label: "GPUs", sort: true },
  { id: "context", label: "Context", sort: true, number: true },
  { id: "slots", label: "Slots", sort: true },
  {
    id: "speed",
    label: "Tok/s",
    sort: true,
    number: true,
    hint: "Tokens generated each second, over the last heartbeats",
  },
  { id: "uptime", label: "Up", sort: true, number: true },
  { id: "left", label: "Time left", sort: true, hint: "Until the walltime ends" },
  { id: "connect", label: "Connect", hidden: true },
];
const ORDERS = [
  ["uptime", "Newest first"],
  ["name", "Name"],
  ["state", "State"],
  ["owner", "Owner"],
  ["model", "Model"],
  ["partition", "Partition"],
  ["gpus", "GPUs"],
  ["-context", "Largest context"],
  ["slots", "Most free slots"],
  ["-speed", "Fastest"],
  ["-left", "Most time left"],
];
const ME = "llamactl-me";
const GHOST_MS = 4000;

/** The list of servers. */
export default function Servers({ query, setQuery }) {
  const servers = useServers();
  const status = useStatus();
  const { whoami } = useSession();
  const [me, setMe] = useState(() => recall(ME));
  const owner = whoami?.owner ?? me;
  const [menu, setMenu] = useState(null);
  const openMenu = useCallback((server, at) => setMenu({ server, at }), []);
  const { fresh, ghosts } = useMoves();
  const sort = query.sort ?? "uptime";
  const asked = JSON.stringify(query);
  const all = useMemo(() => [...servers.values()], [servers]);
  const shown = useMemo(() => {
    const list = [...all, ...ghosts.filter(({ id }) => !servers.has(id))];
    const chosen = list.filter(
      (server) =>
        fits(server, query) &&
        (!query.mine || server.owner === owner) &&
        (!query.q || matches(query.q, searched(server))),
    );
    return sorted(chosen, sort, SORT_KEYS);
  }, [all, ghosts, asked, owner]);
  const rows = useGradually(shown, asked, status.state !== "connecting");
  const there = ghosts.length ? shown.filter(({ id }) => servers.has(id)) : shown;
  useCount(there.length, all.length, asked);
  const known = status.state === "live" || all.length > 0;
  return html`<div class="stale-when-lost">
    <div class="page-head"><h1>Servers</h1><${Count} shown=${there} all=${all.length} />
      ${all.length > 0 && html`<${WhereAreYou} />`}</div>
    ${
      (all.length > 0 || ghosts.length > 0) &&
      html`<${Toolbar} all=${all} query=${query} setQuery=${setQuery}
        sort=${sort} owner=${owner} whoami=${whoami} me=${me} setMe=${setMe} />`
    }
    ${
      shown.length > 0
        ? html`<${Table} label="Servers" class="servers" columns=${COLUMNS} sort=${sort}
            onSort=${(next) => setQuery({ sort: next }, { push: true })}>
          ${rows.map(
            (server) => html`<${ServerRow} key=${server.id} server=${server} mine=${server.owner === owner}
            fresh=${fresh.has(server.id)} gone=${!servers.has(server.id)} onMenu=${openMenu} />`,
          )}
        <//>`
        : html`<${Nothing} known=${known} lost=${status.state === "lost"} any=${all.length > 0}
            setQuery=${setQuery} query=${query} />`
    }
    ${menu && html`<${ConnectMenu} ...${menu} onClose=${() => setMenu(null)} />`}
  </div>`;
}

function Count({ shown, all }) {
  const sum = (pick) => shown.reduce((total, server) => total + (pick(server) ?? 0), 0);
  const slots = sum((server) => server.slots?.total);
  const speed = sum((server) => server.tokens_per_second);
  if (!all) return null;
  return html`<p class="muted tabular">${shown.length === all ? plural(all) : `${shown.length} of ${plural(all)}`}
    ${slots > 0 && ` · ${sum((server) => server.slots?.busy)} of ${slots} slots busy`}${
      speed > 0 && ` · ${Math.round(speed)} tokens/s`
    }</p>`;
}

const plural = (count) => (count === 1 ? "1 server" : `${count} servers`);

function Toolbar({ all, query, setQuery, sort, owner, whoami, me, setMe }) {
  const [asking, setAsking] = useState(false);
  const [open, setOpen] = useState(false);
  const options = useMemo(
    () => ({
      owner: distinct(all.map((server) => server.owner)),
      model: distinct(all.map((server) => server.model.name)),
      state: distinct(all.map(stateOf)),
      label: distinct(all.flatMap(labelsOf)),
    }),
    [all],
  );
  const select = (name, label, text) =>
    (options[name].length > 1 || query[name]) &&
    html`<${Select} label=${label} value=${query[name]}
    options=${options[name]} all=${text} onChange=${(value) => setQuery({ [name]: value }, { push: true })} />`;
  const used = ["owner", "model", "state", "label", "partition"].filter((name) => query[name]).length;
  const notMe = () => {
    forget(ME);
    setMe(null);
    setQuery({ mine: "" });
  };
  const named = (name) => {
    keep(ME, name);
    setMe(name);
    setAsking(false);
    setQuery({ mine: "1" }, { push: true });
  };
  const mine = () => (owner ? setQuery({ mine: query.mine ? "" : "1" }, { push: true }) : setAsking(true));
  return html`<search class="toolbar">
    <${Search} value=${query.q} label="Search servers" onInput=${(q) => setQuery({ q })} />
    <button type="button" class="button toggle" aria-pressed=${Boolean(query.mine)}
        title=${owner ? `Servers of ${owner}` : "Your own servers"} onClick=${mine}>Mine</button>
    <button type="button" class="button only-cards" aria-expanded=${open} aria-controls="filters"
        onClick=${() => setOpen(!open)}>Filters${used > 0 && ` (${used})`}</button>
    <div id="filters" class="filters ${open ? "filters-open" : ""}">
      ${select("owner", "Owner", "Everybody")} ${select("model", "Model", "Every model")}
      ${select("state", "State", "Any state")} ${select("label", "Label", "Any label")}
      <span class="only-cards"><${Select} label="Order" value=${sort} options=${ORDERS}
          onChange=${(value) => setQuery({ sort: value })} /></span>
    </div>
    ${
      (used > 0 || query.q || query.mine) &&
      html`<button type="button" class="button button-quiet"
        onClick=${() => setQuery(NO_FILTERS, { push: true })}>Clear</button>`
    }
    ${
      query.mine &&
      !whoami?.owner &&
      me &&
      html`<button type="button" class="button button-quiet"
        onClick=${notMe}>Not ${me}?</button>`
    }
    ${
      asking &&
      html`<${AskName} owners=${options.owner} onClose=${() => setAsking(false)}
      onName=${named} />`
    }
  </search>`;
}

const NO_FILTERS = { q: "", owner: "", model: "", state: "", label: "", partition: "", mine: "" };

// Where the registry asks for no tokens it does not know who we are.
function AskName({ owners, onName, onClose }) {
  const submit = (event) => {
    event.preventDefault();
    const name = new FormData(event.target).get("owner").trim();
    if (name) onName(name);
  };
  return html`<${Dialog} title="Who are you?" onClose=${onClose}>
    <form onSubmit=${submit}>
      <p>Your user name on the cluster. It stays in this browser.</p>
      <label class="field"><span class="field-label">User name</span>
        <input name="owner" list="owners" autofocus required autocomplete="username" autocapitalize="off"
            spellcheck=${false} /></label>
      <datalist id="owners">${owners.map((name) => html`<option key=${name} value=${name} />`)}</datalist>
      <div class="dialog-actions"><button class="button button-accent">Show mine</button></div>
    </form>
  <//>`;
}

function Nothing({ known, lost, any, query, setQuery }) {
  if (!known) return html`<p class="loading" aria-busy="true">${lost ? "Nothing is known yet." : "Loading …"}</p>`;
  if (any) {
    return html`<${Empty} title="No server fits">
      <p>${
        query.mine
          ? "None of them is yours with these filters."
          : "Nothing that runs now fits the search and the filters."
      }</p>
      <p class="actions"><button type="button" class="button"
          onClick=${() => setQuery(NO_FILTERS, { push: true })}>Show all servers</button>
        <a class="button" href="#/watch">Tell me when one comes</a></p>
    <//>`;
  }
  return html`<${Empty} title="No server runs now">
    <p>On the cluster, this starts one; it appears here by itself:</p>
    <${Snippet} text="llamactl submit --config qwen3-30b --wait" label="Start a server" />
    <p class="actions"><a class="button button-accent" href="#/start">Get started</a>${" "}
      <a class="button" href="#/watch">Tell me when one comes</a></p>
  <//>`;
}

/** Servers that have just come, and those that have just left, for a few seconds each. */
function useMoves() {
  const [moves, set] = useState({ fresh: new Set(), ghosts: [] });
  useEffect(() => {
    const timers = new Set();
    const stop = subscribe("moved", ({ arrived, left }) => {
      const ids = arrived.map(({ id }) => id);
      set(({ fresh, ghosts }) => ({ fresh: new Set([...fresh, ...ids]), ghosts: [...ghosts, ...left].slice(-50) }));
      const timer = setTimeout(() => {
        timers.delete(timer);
        set(({ fresh, ghosts }) => ({
          fresh: new Set([...fresh].filter((id) => !ids.includes(id))),
          ghosts: ghosts.filter((server) => !left.includes(server)),
        }));
      }, GHOST_MS);
      timers.add(timer);
    });
    return () => {
      stop();
      for (const timer of timers) clearTimeout(timer);
    };
  }, []);
  return moves;
}

// What a search found, said when the fingers rest.
function useCount(shown, all, asked) {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    const timer = setTimeout(() => announce(`${shown} of ${plural(all)} shown`), 700);
    return () => clearTimeout(timer);
  }, [asked]);
}
