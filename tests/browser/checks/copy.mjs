// What is copied works where it is pasted: in a real bash, with a real server at the other end.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { QUIET } from "../cluster.mjs";
import { until } from "../world.mjs";

const QUICK = ["--ttl", "3s"];
/** What the tiny model always says. */
const ANSWER = /Hello! I am a tiny llama model/;
/** Asks as a program for OpenAI does, from its environment alone. */
const ASK = `curl -sS --max-time 30 "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -d '{"messages":[{"role":"user","content":"Who are you?"}]}'\n`;
/** Asks as Claude Code does. */
const CLAUDE = `curl -sS --max-time 30 "$ANTHROPIC_BASE_URL/v1/messages" \\
  -H "Authorization: Bearer $ANTHROPIC_AUTH_TOKEN" \\
  -d '{"model":"x","max_tokens":100,"messages":[{"role":"user","content":"Who are you?"}]}'
echo "telemetry off: $DISABLE_TELEMETRY; $*"`;

/** Copies every line of the menu of a server, by the menu's words. */
async function copyAll(there, name) {
  const { page } = there;
  await page.getByRole("button", { name: new RegExp(`^More ways to connect to ${name} `) }).click();
  const buttons = page.getByRole("dialog").getByRole("list").getByRole("button");
  await buttons.first().waitFor();
  const lines = new Map();
  for (let n = 0; n < (await buttons.count()); n += 1) {
    const title = (await buttons.nth(n).locator("strong").innerText()).trim();
    await buttons.nth(n).click();
    await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
    lines.set(title, await there.clipboard());
  }
  assert.equal(new Set(lines.values()).size, lines.size, "each copies something of its own");
  await page.keyboard.press("Escape");
  return lines;
}

/** Pastes each line where it belongs, and wants the model's answer from it. */
async function pasteAll(world, lines, env = {}) {
  world.program("claude", CLAUDE);
  for (const program of ["codex", "opencode", "aider"]) {
    world.program(program, `env; for argument; do printf '%s\\n' "$argument"; done; echo '${program} ran'`);
  }
  const answered = async (title, text, more = {}) => {
    const { stdout, stderr } = await world.bash(text, { env, ...more });
    assert.match(stdout, ANSWER, `${title}\n${text}\n${stdout}${stderr}`);
    return stdout;
  };
  await answered("llamactl", lines.get("llamactl"), { typed: ASK });
  const said = await answered("Claude Code", `${lines.get("Claude Code")}\nclaude -p hi`);
  assert.match(said, /telemetry off: 1; -p hi/);
  await answered("curl", lines.get("curl"));
  await answered("Any other program", `${lines.get("Any other program")}\n${ASK}`);
  const python = join(process.env.LLAMACTL_LAB, "venv/bin/python");
  const { stdout, stderr } = await world.end(python, ["-c", lines.get("Python")], env);
  assert.match(stdout, ANSWER, `${lines.get("Python")}\n${stderr}`);
  for (const [title, program] of [
    ["Codex CLI", "codex"],
    ["opencode", "opencode"],
    ["aider", "aider"],
  ]) {
    const ran = await world.bash(lines.get(title), { env });
    assert.match(ran.stdout, new RegExp(`${program} ran\n$`), `${title}: ${ran.stderr}`);
    assert.match(ran.stdout, /http:\/\/127\.0\.0\.1:\d+\/v1/, title);
  }
}

export async function every_line_works_on_the_cluster({ world, visit }) {
  await world.startRegistry(QUICK);
  const server = await world.submit("tiny-llama");
  const { api_key: key } = await world.api("GET", `/api/v1/servers/${server.id}/key`);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  const lines = await copyAll(there, "tiny-llama");
  assert.ok(!lines.has("ssh tunnel"), "no tunnel where none is needed");
  assert.ok(!lines.get("llamactl").includes(key));
  await pasteAll(world, lines);

  await page.getByRole("button", { name: "Copy connect" }).click();
  const line = await there.clipboard();
  const { stdout, stderr } = await world.bash(line, { typed: ASK });
  assert.match(stdout, ANSWER, `${line}\n${stderr}`);
}

export async function every_line_works_from_outside_through_the_tunnel({ world, visit }) {
  await world.startRegistry(QUICK);
  // Another address than that at which the tunnel listens; only the login host knows its name.
  await world.submit("far-llama", ["--set", "server.host=127.0.0.2", "--set", "server.advertise=gpu-far"]);
  const there = await visit();
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  await page.getByRole("radio", { name: "Outside" }).check();
  await page.getByRole("textbox", { name: /Login host/ }).fill("login");
  await page.keyboard.press("Enter");
  const lines = await copyAll(there, "far-llama");
  const tunnel = lines.get("ssh tunnel");
  assert.match(tunnel, /^ssh .*gpu-far:\d+.* login/);
  const { child } = world.background("tunnel", "bash", ["-c", tunnel]);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(lines.get("curl"))[1]);
  await until("the tunnel", () => opens(port));
  await pasteAll(world, lines);
  child.kill();

  await page.reload();
  await there.loaded();
  assert.ok(await page.getByRole("radio", { name: "Outside" }).isChecked(), "the answer is remembered");
  assert.equal(await page.getByRole("textbox", { name: /Login host/ }).inputValue(), "login");
}

function opens(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

export async function a_private_key_is_for_its_owner({ world, visit }) {
  await world.startRegistry([...QUICK, "--auth", "token"]);
  // A job is its user's, and so must the token be.
  const me = userInfo().username;
  await world.actAs(me);
  const server = await world.submit("private-llama", ["--set", "server.access=private"]);
  const { api_key: key } = await world.api("GET", `/api/v1/servers/${server.id}/key`, undefined, {
    token: await world.tokenOf(me),
  });

  const other = await visit();
  await other.logIn(await world.tokenOf("bob"));
  const lines = await copyAll(other, "private-llama");
  for (const [title, text] of lines) assert.ok(!text.includes(key), `${title} has the key`);
  await other.open(`/servers/${server.id}`);
  await other.page.getByText(`The key is not told here: ask ${me}`).first().waitFor();
  assert.ok(!(await other.page.content()).includes(key));
  const without = await world.bash(lines.get("curl"));
  assert.match(without.stderr, /put the key of the server into it/);
  const { stdout } = await world.bash(lines.get("curl"), { env: { LLAMA_API_KEY: key } });
  assert.match(stdout, ANSWER);

  const owner = await visit();
  await owner.logIn(await world.tokenOf(me));
  const own = await copyAll(owner, "private-llama");
  assert.match((await world.bash(own.get("curl"))).stdout, ANSWER);
}

/** Names as somebody would choose them who wants to run something in other people's shells. */
const EVIL = [
  "$(touch owned)",
  "`touch owned`",
  "; touch owned; #",
  "'; touch owned; '",
  '"; touch owned; "',
  "-oProxyCommand=touch owned",
  "--help && touch owned",
  `\${IFS}$(touch\${IFS}owned)`,
  "\\$(touch owned)\\",
  "!touch owned",
  "> owned",
  "| touch owned",
  "$'\\x60touch owned\\x60'",
];

export async function no_name_of_a_server_runs_in_a_shell({ world, visit }) {
  await world.startRegistry(QUIET);
  const there = await visit();
  const { page } = there;
  for (const [n, evil] of EVIL.entries()) {
    await world.server({
      name: evil,
      owner: evil,
      cluster: evil,
      job_id: `${evil}${n % 2 ? n : ""}`,
      host: "127.0.0.1",
      port: 9,
      slurm_node: evil,
      partition: evil,
      model: { name: evil, file: evil, alias: evil },
      models: [evil],
      labels: { evil },
      access: "open",
    });
  }
  const servers = await world.api("GET", "/api/v1/servers");
  for (const { id, name } of servers) {
    await there.open(`/servers/${id}`);
    await there.loaded();
    const buttons = page.getByRole("main").getByRole("button", { name: /^Copy/ });
    await until("its lines", async () => (await buttons.count()) >= 8);
    const lines = [];
    for (let at = 0; at < (await buttons.count()); at += 1) {
      await buttons.nth(at).click();
      lines.push(await there.clipboard());
    }
    // All in one bash: what matters is what it makes of the words.
    for (const line of new Set(lines)) {
      const script = line.startsWith("from openai") ? ": python" : line;
      const path = `${join(world.folder, "bin")}:/usr/bin:/bin`;
      await world.bash(`exec 2>&1; PATH=${path}; cd "$PWD"; timeout 5 bash -c ${quoted(script)} </dev/null`);
      assert.ok(!readdirSync(world.work).some((file) => file.startsWith("owned")), `${name}: ${line}`);
    }
  }
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export async function copying_works_over_plain_http_too({ world, visit }) {
  await world.startRegistry([...QUIET, "--allowed-host", "registry.example"]);
  const { job_id: job } = await world.server({ name: "plain" });
  const there = await visit({ url: `http://registry.example:${world.port}` });
  const { page } = there;
  await there.open("/servers");
  await there.loaded();
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await page.getByRole("button", { name: "Copy connect" }).click();
  await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
  const secure = await visit();
  await secure.open("/servers");
  assert.match(await secure.clipboard(), new RegExp(`^llamactl connect .*${job}`));
}
copying_works_over_plain_http_too.launch = { hosts: ["registry.example"] };
