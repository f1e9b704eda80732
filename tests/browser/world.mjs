// What a browser test stands on: a registry on a free port, servers in real SLURM jobs, entries
// that other programs would register, and shells, all in the environment and the folder that the
// caller made. The screenshots and the benchmark use it too.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** How long anything may take that takes a moment on a busy machine. */
export const SOON = 60_000;

/** Polls `check` until it gives something, and throws with `what` when it does not in time. */
export async function until(what, check, deadline = SOON) {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${deadline} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** A port that nobody listens on, below the range from which the kernel gives ports to clients. */
export async function freePort() {
  for (let n = 0; n < 200; n += 1) {
    const port = 21_000 + Math.floor(Math.random() * 11_000);
    const free = await new Promise((done) => {
      const server = createServer();
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
    });
    if (free) return port;
  }
  throw new Error("no free port between 21000 and 32000");
}

/** A UUIDv7 of now, as `llamactl run` mints one. */
export function uuid7() {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** Text as JSON, or nothing while it is not whole. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export class World {
  /** `folder` is a scratch folder; commands run in its `work`, and logs lie in it. */
  constructor({ llamactl, folder, env = process.env }) {
    this.llamactl = llamactl;
    this.folder = folder;
    this.work = join(folder, "work");
    this.env = { ...env };
    this.children = [];
    this.jobs = [];
    this.leases = new Map();
    this.tokens = new Map();
    this.nextJob = 4000;
    // However this process ends, what it started does not stay behind.
    process.once("exit", () => this.killAll());
  }

  killAll() {
    for (const child of this.children) if (child.exitCode === null) child.kill("SIGKILL");
  }

  /** Starts the registry with further arguments; with `--auth token` its first token is kept. */
  async startRegistry(args = [], env = {}) {
    this.port ??= await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    this.env.REGISTRY_URL = this.url;
    this.registryArgs = args;
    const database = `sqlite:${join(this.folder, "registry.db")}`;
    const all = ["registry", "serve", "--json", "--port", `${this.port}`, "--database", database];
    const { child, output } = this.background("registry", this.llamactl, [...all, ...args], env);
    this.registry = child;
    await until("the registry", () => {
      if (child.exitCode !== null) throw new Error("the registry ended: see registry.log");
      return this.health();
    });
    const { token } = await until("its report", () => parsed(output()));
    this.adminToken ??= token;
  }

  async health() {
    const answer = await fetch(`${this.url}/health`).catch(() => null);
    return answer?.ok;
  }

  /** Ends it without a word. */
  async stopRegistry() {
    const { registry } = this;
    const ended = new Promise((done) => registry.once("exit", done));
    registry.kill("SIGKILL");
    await ended;
  }

  /** Brings it back at the same port, with the same database. */
  startAgain() {
    return this.startRegistry(this.registryArgs);
  }

  /** Starts a program: `output` gives what it wrote on stdout; the rest goes to NAME.log. */
  background(name, program, args, env = {}) {
    const log = openSync(join(this.folder, `${name}.log`), "a");
    const child = spawn(program, args, {
      cwd: this.work,
      env: { ...this.env, ...env },
      stdio: ["ignore", "pipe", log],
    });
    this.children.push(child);
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
    });
    child.once("error", (error) => {
      text += error.message;
    });
    return { child, output: () => text };
  }

  /** Starts a real ntfy server, and gives its address. */
  async startNtfy() {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const settings = join(this.folder, "ntfy.yml");
    writeFileSync(settings, "visitor-request-limit-exempt-hosts: 127.0.0.1\n");
    this.background("ntfy", join(this.env.LLAMACTL_LAB, "tools/bin/ntfy"), [
      "serve",
      "--listen-http",
      `127.0.0.1:${port}`,
      "--base-url",
      url,
      "--config",
      settings,
      "--cache-file",
      join(this.folder, "ntfy-cache.db"),
    ]);
    await until("ntfy", () =>
      fetch(`${url}/v1/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return url;
  }

  /** Asks the registry; anything but success is an error. */
  async api(method, path, body, { token = this.adminToken, headers = {} } = {}) {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** A new token, with its id. */
  token(owner, scopes = ["read", "register"], more = {}) {
    return this.api("POST", "/api/v1/tokens", { owner, scopes, ...more });
  }

  /** The token by which `owner` registers, where tokens are asked for. */
  async tokenOf(owner) {
    if (!this.adminToken) return undefined;
    if (!this.tokens.has(owner)) this.tokens.set(owner, (await this.token(owner)).secret);
    return this.tokens.get(owner);
  }

  /** Adds to the user's settings; JSON is YAML. */
  configure(settings) {
    this.settings = { ...this.settings, ...settings };
    const folder = join(this.env.HOME, ".config/llamactl");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "config.yaml"), JSON.stringify(this.settings));
  }

  /** From now on commands and jobs have this owner's token, as a user's settings name it. */
  async actAs(owner) {
    const file = join(this.env.HOME, "token");
    writeFileSync(file, await this.tokenOf(owner), { mode: 0o600 });
    this.configure({ registry: { url: this.url, token_file: file } });
  }

  /** Registers a server as a client on another machine would: it has a lease that nobody renews. */
  async server(entry = {}) {
    this.nextJob += 1;
    const body = {
      id: uuid7(),
      cluster: "elsewhere",
      job_id: `${this.nextJob}`,
      name: "qwen3-30b",
      model: { name: "qwen3-30b", file: "Qwen3-30B-A3B-Q4_K_M.gguf" },
      owner: "ann",
      host: "gpu-01",
      port: 18080,
      state: "ready",
      started: new Date(Date.now() - 3_600_000).toISOString(),
      ...entry,
    };
    const token = await this.tokenOf(body.owner);
    const lease = await this.api("POST", "/api/v1/servers", body, { token });
    this.leases.set(lease.id, { token, headers: { "llamactl-lease": `${lease.generation}:${lease.secret}` } });
    return body;
  }

  /** One heartbeat of a server that was registered here, with what changed. */
  beat(id, change = {}) {
    return this.api("POST", `/api/v1/servers/${id}/heartbeat`, change, this.leases.get(id));
  }

  /** Takes a server of ours out again. */
  unregister(id) {
    return this.api("DELETE", `/api/v1/servers/${id}`, undefined, this.leases.get(id));
  }

  /** Registers a node. */
  node(entry = {}) {
    const hostname = entry.hostname ?? "gpu-01";
    return this.api("POST", "/api/v1/nodes/register", { hostname, ip: "10.0.0.1", role: "compute", ...entry });
  }

  /** One heartbeat of a node, with what it measured. */
  beatNode(id, metrics = {}, more = {}) {
    return this.api("POST", "/api/v1/nodes/heartbeat", { node_id: id, metrics, ...more });
  }

  /** Submits a real job as a person does, and waits until its server is ready in the registry. */
  async submit(name, args = [], env = {}) {
    const job = await this.submitOnly(name, args, env);
    const server = await until(`job ${job} ready in the registry`, async () => {
      const servers = await this.api("GET", "/api/v1/servers");
      return servers.find((one) => one.job_id === job && one.state === "ready");
    });
    return { job, ...server };
  }

  /** Submits without waiting. */
  async submitOnly(name, args = [], env = {}) {
    const model = args.includes("--config") ? [] : ["--config", "tiny"];
    const all = ["submit", "--json", ...model, "--name", name, ...args];
    const { stdout } = await this.run(this.llamactl, all, env);
    const job = JSON.parse(stdout).job_id;
    this.jobs.push(job);
    return job;
  }

  /** Ends a job as its owner does. */
  async stop(job) {
    await this.run(this.llamactl, ["stop", "--wait", job]);
    this.jobs = this.jobs.filter((one) => one !== job);
  }

  /** Runs a program to its end; anything but 0 is an error. */
  async run(program, args, env = {}) {
    const done = await this.end(program, args, env);
    if (done.code === 0) return done;
    throw new Error(`${program} ${args.join(" ")} ended with ${done.code}\n${done.stdout}${done.stderr}`);
  }

  /** What a person sees who pastes `text` into a new bash, and types `typed` into what it starts. */
  bash(text, { env = {}, typed = "" } = {}) {
    return this.end("bash", ["--noprofile", "--norc", "-c", text], env, typed);
  }

  /** Writes a program of this name that all commands find; it is a script for sh. */
  program(name, script) {
    const bin = join(this.folder, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    if (!this.env.PATH.startsWith(`${bin}:`)) this.env.PATH = `${bin}:${this.env.PATH}`;
  }

  /** Runs a program to its end. */
  end(program, args, env = {}, typed = "") {
    return new Promise((done, failed) => {
      const child = spawn(program, args, { cwd: this.work, env: { ...this.env, ...env } });
      const late = setTimeout(() => child.kill("SIGKILL"), SOON);
      let [stdout, stderr] = ["", ""];
      // It may end without reading.
      child.stdin.on("error", () => undefined);
      child.stdin.end(typed);
      child.stdout.on("data", (data) => {
        stdout += data;
      });
      child.stderr.on("data", (data) => {
        stderr += data;
      });
      child.once("error", failed);
      child.once("close", (code) => {
        clearTimeout(late);
        done({ code, stdout, stderr });
      });
    });
  }

  /** Ends everything that was started here. */
  async close() {
    const jobs = this.jobs.splice(0);
    if (jobs.length > 0) await this.end("scancel", jobs).catch(() => undefined);
    this.killAll();
  }
}
