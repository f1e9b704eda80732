// What others write is text, wherever it stands: nothing of it runs, nothing is fetched, and
// nothing of it becomes a link that runs. Every text that a client can set says something of this
// kind, in every format that the registry takes.

import assert from "node:assert/strict";
import { addNodes, QUIET, views } from "../cluster.mjs";

/** `at` is the field, so that what runs says where it stood. `pwned` is a function of the page. */
const CORPUS = [
  (at) => `<script>pwned('${at}')</script>`,
  (at) => `<img src=x onerror=pwned('${at}')>`,
  (at) => `"><svg/onload=pwned('${at}')>`,
  (at) => `'><iframe srcdoc="<script>parent.pwned('${at}')</script>">`,
  (at) => `</textarea></title></style></script><script>pwned('${at}')</script>`,
  (at) => `" onmouseover="pwned('${at}')" autofocus onfocus="pwned('${at}')" x="`,
  (at) => `javascript:pwned('${at}')`,
  (at) => `{{constructor.constructor('pwned("${at}")')()}}\${pwned('${at}')}`,
  (at) => `&lt;img src=x onerror=pwned('${at}')&gt;&#60;script&#62;`,
  (at) => `<a href="javascript:pwned('${at}')">x</a><base href=http://evil.invalid/>`,
  (at) => `<img src=http://evil.invalid/${at}.png><link rel=stylesheet href=//evil.invalid/a.css>`,
  (at) => `<style>*{background:url(http://evil.invalid/${at})}</style>`,
  (at) => `__proto__ constructor toString \u202e${at}\u2066 %3Cscript%3Epwned(1)%3C/script%3E`,
];

/** The same as far as names of nodes may have it. */
const nameable = (text) => text.replace(/[\s/?#%\\]/g, "_").replace(/^-/, "_");

/** A registry that asks for no tokens, with a node and a server that are what they seem. */
async function start(world) {
  await world.startRegistry(QUIET);
  const node = await world.node();
  return { server: (await world.server()).id, node: node.node_id };
}

export async function nothing_of_a_server_runs({ world, visit }) {
  const { server, node } = await start(world);
  const servers = [];
  for (const [n, say] of CORPUS.entries()) {
    servers.push(
      await world.server({
        name: say("name"),
        owner: say("owner"),
        cluster: say("cluster"),
        job_id: say(`job${n}`),
        // No host name may have these letters; the longest strange one that it may have is this.
        host: `_script_pwned-${n}.javascript_`,
        slurm_node: say("slurm_node"),
        partition: say("partition"),
        gpus: say("gpus"),
        model: { name: say("model"), file: say("file"), alias: say("alias"), context: 4096 },
        models: [say("models")],
        labels: { [say("label-key")]: say("label-value") },
        ends: new Date(Date.now() + 9e6).toISOString(),
      }),
    );
  }
  await hostHasNoMarkup(world);
  await lookEverywhere(
    await visit(),
    server,
    node,
    servers.map(({ id }) => `/servers/${id}`),
  );
}

async function hostHasNoMarkup(world) {
  for (const host of ["<b>", 'a"b', "javascript:x", "a'b", "a b", "a/b"]) {
    await assert.rejects(world.server({ host }), /400/, `${host} was taken`);
  }
}

export async function nothing_of_a_node_runs({ world, visit }) {
  const { server, node } = await start(world);
  const ids = [];
  for (const say of CORPUS) {
    const hostile = await world.node({
      hostname: nameable(say("hostname")),
      name: nameable(say("node-name")),
      role: nameable(say("role")),
      labels: [say("label")],
      groups: [say("group")],
      location: say("location"),
      slurm_node: say("slurm_node"),
      machine_id: say("machine"),
      ip: "10.0.0.1",
      address: say("address"),
      capabilities: {
        gpu_type: say("gpu_type"),
        gpu_count: 2,
        os: say("os"),
        cuda_version: say("cuda"),
        gpus: [{ index: 0, name: say("gpu") }],
        [say("capability")]: say("capability-value"),
      },
      metadata: { [say("metadata")]: { deep: [say("metadata-value")] } },
    });
    ids.push(hostile.node_id);
    await world.beatNode(
      hostile.node_id,
      { load1: say("load1"), gpus: [{ index: 0, use_percent: say("use") }], [say("metric")]: say("metric-value") },
      {
        pools: [{ pool_id: say("pool"), ready: true, slots_free: 1 }],
      },
    );
    const path = encodeURIComponent(hostile.node_id);
    await world.api("PUT", `/api/v1/nodes/${path}/maintenance`, { on: true, reason: say("reason") });
    await world.api("PUT", `/api/v1/profiles/${encodeURIComponent(nameable(say("profile")).slice(0, 60))}`, {
      [say("key")]: say("value"),
    });
  }
  for (const field of ["ip", "vpn_ip", "public_ip"]) {
    await assert.rejects(
      world.node({ hostname: "refused", [field]: `"><script>pwned('${field}')</script>` }),
      /400/,
      field,
    );
  }
  await lookEverywhere(
    await visit(),
    server,
    node,
    ids.map((id) => `/nodes/${encodeURIComponent(id)}`),
  );
}

export async function nothing_of_an_old_clients_record_runs({ world, visit }) {
  const { server, node } = await start(world);
  for (const [n, say] of CORPUS.entries()) {
    const record = {
      host: `gpu-${n}`,
      port: 8080,
      owner: say("owner"),
      model_file: say("model_file"),
      model_name: say("model_name"),
      slurm_node: say("slurm_node"),
      notify_email: say("email"),
      partition: say("partition"),
      gpus: say("gpus"),
      start_time: "2026-01-01T00:00:00",
      [say("unknown")]: say("unknown-value"),
    };
    await world.api("POST", `/servers/${encodeURIComponent(say(`job${n}`))}`, record);
    // Hosts of old clients are any text; such entries are in the old list alone.
    await world.api("POST", `/servers/${encodeURIComponent(say(`host${n}`))}`, { ...record, host: say("host") });
    await world.api("POST", "/nodes/register", {
      name: nameable(say("map-name")),
      role: nameable(say("map-role")),
      capabilities: { gpu: true, gpu_type: say("gpu_type") },
      metadata: { [say("key")]: say("value") },
    });
  }
  const known = await world.api("GET", "/api/v1/servers");
  assert.equal(known.length, CORPUS.length + 1);
  await lookEverywhere(
    await visit(),
    server,
    node,
    known.map(({ id }) => `/servers/${id}`),
  );
}

export async function nothing_of_tokens_and_events_runs({ world, visit }) {
  await world.startRegistry([...QUIET, "--auth", "token"]);
  const [node] = await addNodes(world);
  const kept = await world.server();
  for (const say of CORPUS) {
    const token = await world.token(say("token-owner"), ["read", "register"], { note: say("note") });
    world.tokens.set(say("token-owner"), token.secret);
    const server = await world.server({ name: say("name"), owner: say("token-owner") });
    await world.unregister(server.id);
    await world.api("DELETE", `/api/v1/tokens/${token.id}`);
  }
  // Whose name is in the header of every view.
  const admin = await world.token(CORPUS[1]("admin"), ["admin"], { note: CORPUS[0]("note") });
  const there = await visit();
  await there.logIn(admin.secret);
  await lookEverywhere(there, kept.id, node.node_id, []);
}

/** Goes through every view, and uses what takes the texts further: filters, search, hovers, dialogs. */
async function lookEverywhere(there, server, node, more) {
  const { page } = there;
  // A kind of event that there is not, in the address: the registry says so, and the page shows it.
  there.allow(/status of 400 .*\/api\/v1\/(audit|events)\?/);
  const paths = [...new Set([...Object.values(views({ server, node: encodeURIComponent(node) })), ...more])];
  for (const path of paths) {
    await there.open(path);
    await there.loaded();
    await provoke(page);
    await nothingRan(there, path);
  }
  for (const say of CORPUS) {
    for (const path of ["servers", "nodes", "events"]) {
      const query = new URLSearchParams({
        q: say("q"),
        owner: say("owner"),
        model: say("model"),
        kind: say("kind"),
        sort: say("sort"),
      });
      await page.goto(`/#/${path}?${query}`);
      await there.settled();
    }
  }
  await nothingRan(there, "filters");
}

async function provoke(page) {
  await page.evaluate(() => {
    for (const element of document.querySelectorAll("main *")) {
      for (const kind of ["mouseover", "mouseenter", "pointerover", "focusin"]) {
        element.dispatchEvent(new MouseEvent(kind, { bubbles: true, relatedTarget: document.body }));
      }
      if (element.tagName === "DETAILS") element.open = true;
    }
  });
}

async function nothingRan(there, path) {
  const found = await there.page.evaluate(() => {
    const bad = [];
    for (const element of document.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) bad.push(`<${element.tagName} ${name}>`);
        if (
          /^(href|src|action|formaction|data|xlink:href)$/i.test(name) &&
          /^\s*(javascript|data:text|vbscript):/i.test(value)
        ) {
          bad.push(`<${element.tagName} ${name}=${value}>`);
        }
      }
    }
    const scripts = [...document.scripts].filter(
      ({ src }) => new URL(src, location).origin !== location.origin || !src,
    );
    const made = document.querySelectorAll('iframe, base, style, object, embed, img[src="x"]');
    return [...bad, ...scripts.map((one) => `script ${one.text}`), ...[...made].map((one) => one.outerHTML)];
  });
  assert.deepEqual(found, [], `in ${path}`);
  there.assertClean();
}
