// Get started: a form that makes a `llamactl submit` command and a model's file, and what to
// install before. What says who you are (mail address, topic) is neither in the address nor kept.
import { can, useSession } from "../core/api.js";
import { html, useMemo, useState } from "../core/dom.js";
import { distinct } from "../core/lists.js";
import { useNodes, useServers } from "../core/store.js";
import { MODELS } from "../facts/models.js";
import { gpuKind } from "../facts/node-facts.js";
import { check, command, commandForFile, connect, fileName, problems, yaml } from "../facts/submit-command.js";
import { ErrorBox, Snippet, useId } from "../parts/ui.js";

/** Fields that stand in the address, so that a filled form can be sent to a colleague. */
const SHARED = ["source", "model", "file", "hf", "name", "gpuType", "gpus", "context", "time", "partition", "access"];
const SOURCES = [
  ["known", "one that llamactl knows"],
  ["hf", "from Hugging Face"],
  ["file", "a GGUF file of mine"],
];
const ACCESS = [
  ["", "as it is set up (shared, if nothing else is)"],
  ["shared", "shared: whoever may read the registry"],
  ["private", "private: only me"],
  ["open", "open: anybody who reaches its port"],
];

/** The page. */
export default function Start({ query, setQuery }) {
  const [own, setOwn] = useState({ mail: false, email: "", push: false, topic: "", wait: true });
  const form = { ...Object.fromEntries(SHARED.map((field) => [field, query[field] ?? ""])), ...own };
  form.source ||= "known";
  if (form.source === "known") form.model ||= "qwen3-30b";
  const set = (changes) => {
    const mine = Object.entries(changes).filter(([field]) => !SHARED.includes(field));
    const shared = Object.entries(changes).filter(([field]) => SHARED.includes(field));
    if (mine.length) setOwn({ ...own, ...Object.fromEntries(mine) });
    if (shared.length) setQuery(Object.fromEntries(shared));
  };
  const wrong = problems(form);
  return html`<div class="page-head"><h1>Get started</h1>
    <p class="muted">From nothing to an answer from your own model</p></div>
    <div class="start-grid"><${Install} /><${Form} form=${form} set=${set} wrong=${wrong} />
      <${Result} form=${form} wrong=${wrong} /></div>`;
}

const THROUGH_TUNNEL =
  "if that is what the cluster calls it: you came through this machine, so it may be another there";
const KEEP_TOKEN = `mkdir -p ~/.config/llamactl
(umask 077; cat > ~/.config/llamactl/token)
llamactl configs init --user-config`;

/** The registry's address as this page was reached; from a tunnel it is another one. */
function Install() {
  const { info } = useSession();
  const [ready, setReady] = useState(false);
  const url = location.origin;
  const tunnel = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  return html`<section class="card" aria-label="Before the first time"><h2>1. Before the first time</h2>
    <p>You need an account on the SLURM cluster, and no other right. On its login node:</p>
    <${Snippet} label="Is llamactl there?" text="llamactl doctor" about="says what is missing, and how to mend it" />
    <details class="more-facts" open=${ready} onToggle=${(event) => setReady(event.currentTarget.open)}>
      <summary>It is not there</summary>
      <p>Ask the registry's operator for the program: it is one file, and works from any folder that the compute nodes
        see too. To build it from its source, with <a href="https://rustup.rs" rel="noreferrer">Rust</a>:</p>
      <${Snippet} text="cargo install --path ." about="in the folder with llamactl's source" />
      <p>llama-server must be on the compute nodes, too: on PATH, or by a module, <code>hooks: { before: module load
        llama-cpp }</code> in${" "}
        <code>~/.config/llamactl/config.yaml</code>.</p></details>
    <${Snippet} label="Tell it where this registry is" text=${`export REGISTRY_URL=${url}`}
      about=${tunnel ? THROUGH_TUNNEL : "in ~/.bashrc, or as registry.url in config.yaml"} />
    ${
      info?.auth === "token" &&
      html`<${Snippet} label="Your token" about="from the operator; type this, paste the token, then Ctrl-D"
        text=${KEEP_TOKEN} />
      <p class="muted small">Then, in the file that it names: <code>registry: { url: "${url}", token_file:
        ~/.config/llamactl/token }</code></p>`
    }
  </section>`;
}

function Form({ form, set, wrong }) {
  return html`<section class="card" aria-label="What to run"><h2>2. What to run</h2>
    <form class="start-form" onSubmit=${(event) => event.preventDefault()}>
      <fieldset><legend>Model</legend>
        <div class="ticks">${SOURCES.map(
          ([source, text]) => html`<label key=${source} class="tick">
            <input type="radio" name="source" checked=${form.source === source}
              onChange=${() => set({ source })} /><span>${text}</span></label>`,
        )}</div>
        <${ModelFields} form=${form} set=${set} wrong=${wrong} /></fieldset>
      <fieldset><legend>Resources</legend><${Resources} form=${form} set=${set} wrong=${wrong} /></fieldset>
      <fieldset><legend>Who may use it</legend>
        <label class="field wide"><span class="field-label">Access</span>
          <select value=${form.access} onChange=${(event) => set({ access: event.target.value })}>
          ${ACCESS.map(
            ([value, text]) => html`<option key=${value} value=${value} selected=${value === form.access}>
            ${text}</option>`,
          )}</select></label></fieldset>
      <fieldset><legend>Tell me when it is ready</legend><${Notify} form=${form} set=${set} wrong=${wrong} /></fieldset>
    </form></section>`;
}

function ModelFields({ form, set, wrong }) {
  const servers = useServers();
  const running = useMemo(() => elsewhere([...servers.values()]), [servers]);
  if (form.source === "file")
    return html`<${Text} label="Path of the file on the cluster" field="file" placeholder="~/models/my-model.gguf"
        ...${{ form, set, wrong }} />`;
  if (form.source === "hf") {
    return html`<${Text} label="Hugging Face reference" field="hf"
        placeholder="unsloth/Qwen3-4B-Instruct-2507-GGUF:Q4_K_M" list=${running} ...${{ form, set, wrong }}
      hint="llama-server downloads it at the first start: compute nodes need a way to the internet." />`;
  }
  const about = MODELS.find(({ name }) => name === form.model)?.values.description;
  return html`<label class="field wide"><span class="field-label">Model</span>
    <select value=${form.model} onChange=${(event) => set({ model: event.target.value })}>
      ${MODELS.map(
        ({ name }) => html`<option key=${name} value=${name} selected=${name === form.model}>
        ${name}</option>`,
      )}
      ${
        !MODELS.some(({ name }) => name === form.model) &&
        html`<option value=${form.model} selected>${form.model}</option>`
      }</select></label>
    <p class="muted small">${about ?? "A configuration of that name must be there: llamactl configs ls."}</p>
    ${
      running.length > 0 &&
      html`<p class="small">Running here now, from Hugging Face: ${running.slice(0, 5).map(
        (hf) => html`<button key=${hf} type="button" class="linklike"
      onClick=${() => set({ source: "hf", hf })}>${hf}</button> `,
      )}</p>`
    }`;
}

const BUILT_IN = new Set(MODELS.map(({ values }) => values.hf));

/** Hugging Face references of servers here that no built-in model has. */
function elsewhere(servers) {
  const all = distinct(servers.map((server) => server.model.file));
  return all.filter((file) => /^[\w.-]+\/[\w.-]+(:[\w.-]+)?$/.test(file) && !BUILT_IN.has(file));
}

function Resources({ form, set, wrong }) {
  const nodes = useNodes();
  const servers = useServers();
  const known = MODELS.find(({ name }) => form.source === "known" && name === form.model);
  const types = useMemo(() => {
    const there = [...nodes.values()].map(gpuKind).map((kind) => kind?.toLowerCase().split(/[\s-]/)[0]);
    return distinct([...Object.keys(known?.variants ?? {}), ...there]).filter((type) =>
      /^[a-z0-9._-]{1,64}$/.test(type),
    );
  }, [nodes, known]);
  const partitions = useMemo(() => distinct([...servers.values()].map((server) => server.partition)), [servers]);
  const given = { ...known?.values.slurm, ...known?.variants[form.gpuType]?.slurm };
  const context = known?.variants[form.gpuType]?.server?.context ?? known?.values.server?.context;
  const needed = known && Object.keys(known.variants).length > 0;
  const fields = { form, set, wrong };
  return html`<div class="form-row">
      <${Text} label="GPU type" field="gpuType" placeholder=${needed ? "automatic" : "any"} list=${types}
          ...${fields} />
      <${Text} label="GPUs" field="gpus" placeholder=${String(given.gpus ?? 1)} mode="numeric" ...${fields} />
      <${Text} label="Context in tokens" field="context" placeholder=${String(context ?? 131072)}
          list=${["8192", "16384", "32768", "65536", "131072"]} mode="numeric" ...${fields} />
    </div><div class="form-row">
      <${Text} label="Time" field="time" placeholder=${String(given.time ?? "8:00:00")}
          list=${["1:00:00", "4:00:00", "8:00:00", "1-00:00:00"]} ...${fields} />
      <${Text} label="Partition" field="partition" placeholder="default" list=${partitions} ...${fields} />
      <${Text} label="Name" field="name" placeholder=${fileName({ ...form, name: "" }).replace(/\.yaml$/, "")}
          ...${fields} />
    </div>
    <p class="muted small">What is empty stays as the model's file, your settings or the cluster have it; grey is what
      that is here.</p>`;
}

function Notify({ form, set, wrong }) {
  return html`<label class="tick"><input type="checkbox" checked=${form.mail}
      onChange=${(event) => set({ mail: event.target.checked })} /><span>by mail</span></label>
    ${
      form.mail &&
      html`<${Text} label="Address" field="email" type="email"
        placeholder="the one in NOTIFY_EMAIL or config.yaml" ...${{ form, set, wrong }} />`
    }
    <label class="tick"><input type="checkbox" checked=${form.push}
        onChange=${(event) => set({ push: event.target.checked })} />
      <span>on the phone, by <a href="https://ntfy.sh" rel="noreferrer">ntfy</a></span></label>
    ${
      form.push &&
      html`<${Text} label="Topic" field="topic" placeholder="the one in NTFY_TOPIC or config.yaml"
          ...${{ form, set, wrong }}
      hint="Whoever knows a topic can read it: take one that nobody guesses." />`
    }
    <label class="tick"><input type="checkbox" checked=${form.wait}
        onChange=${(event) => set({ wait: event.target.checked })} />
      <span>in the terminal: stay until it is ready</span></label>`;
}

/** A text field with what is wrong with it, and what could stand in it. */
function Text({ label, field, form, set, wrong, placeholder, hint, list = [], type = "text", mode }) {
  const id = useId(field);
  return html`<label class="field wide"><span class="field-label">${label}</span>
    <input type=${type} inputmode=${mode} value=${form[field]} placeholder=${placeholder}
        list=${list.length ? `${id}-list` : undefined} autocomplete="off" spellcheck=${false}
      aria-invalid=${wrong[field] ? "true" : undefined}
      aria-describedby=${wrong[field] || hint ? `${id}-about` : undefined}
      onInput=${(event) => set({ [field]: event.target.value })} />
    ${
      list.length > 0 &&
      html`<datalist id=${`${id}-list`}>${list.map((value) => html`<option key=${value} value=${value} />`)}</datalist>`
    }
    ${
      (wrong[field] || hint) &&
      html`<span id=${`${id}-about`} class=${wrong[field] ? "field-wrong" : "muted small"}>
      ${wrong[field] ?? hint}</span>`
    }
  </label>`;
}

function Result({ form, wrong }) {
  const known = MODELS.find(({ name }) => name === form.model);
  const names = Object.keys(wrong);
  const count = names.length === 1 ? "a field is" : `${names.length} fields are`;
  const needsPush = (form.mail && !form.email) || (form.push && !form.topic);
  return html`<section class="card start-result" aria-label="What to type"><h2>3. What to type</h2>
    ${
      names.length > 0
        ? html`<${ErrorBox} title="Not yet"
            error=${{ error: `${count} not right.`, hint: Object.values(wrong).join(" ") }} />`
        : html`<${Snippet} label="On the login node" text=${command(form)} />
      <p class="muted small">With <code>--dry-run</code> it prints the job script and submits
        nothing.${needsPush ? " The address or topic that you left empty must be in your settings." : ""}</p>
      <details class="more-facts"><summary>The same as a file, to keep and to change</summary>
        <${Snippet} label=${fileName(form)} text=${yaml(form, known)} />
        <${Snippet} label="Submits the file" text=${commandForFile(form)} />
        <${Snippet} label="Says what is wrong in it" text=${check(form)} /></details>`
    }
    <h3>Then</h3>
    <${Snippet} label="See it" text="llamactl ls" about="or the list of servers on this page" />
    <${Snippet} label="Use it" text=${connect(form)} about="or copy another way from its page here" />
    <p class="muted small">${
      can("read") ? html`Somebody may already run what you need: <a href="#/servers">servers</a>.` : null
    }</p>
  </section>`;
}
