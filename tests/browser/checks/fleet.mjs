// Nodes, topology, capacity, events: what the whole cluster has and does.

import assert from "node:assert/strict";
import { addNodes, addServers, populate, QUIET } from "../cluster.mjs";
import { until } from "../world.mjs";

const row = (page, table, name) =>
  page
    .getByRole("table", { name: table })
    .getByRole("row")
    .filter({ has: page.getByRole("link", { name, exact: true }) });

export async function nodes_show_what_they_have_and_filter_by_the_address({ world, visit }) {
  await world.startRegistry(QUIET);
  await addNodes(world);
  const there = await visit();
  const { page } = there;
  await there.open("/nodes");
  await there.loaded();
  const table = page.getByRole("table", { name: "Nodes" });
  const text = await row(page, "Nodes", "gpu-h01").innerText();
  for (const known of ["10.20.0.11", "compute", "paris/room-2/rack-3", "4 × h100", "gpu=h100", "online", "70 %"])
    assert.ok(text.includes(known), `${known} in ${text}`);
  assert.match(await row(page, "Nodes", "gpu-v02").innerText(), /maintenance.*a new fan/s);
  await page.getByText("30 GPUs").waitFor();

  await page.getByRole("combobox", { name: "Location" }).selectOption("paris/room-2");
  await page.getByText("5 of 9 nodes").waitFor();
  await page.waitForURL(/location=paris%2Froom-2/);
  await page.getByRole("searchbox", { name: "Search nodes" }).fill("h100");
  await page.getByText("2 of 9 nodes").waitFor();
  await page.reload();
  await page.getByText("2 of 9 nodes").waitFor();
  await page.goBack();
  await page.getByText(/^9 nodes/).waitFor();
  await page.getByRole("button", { name: /1\s*maintenance/ }).click();
  await page.getByText("1 of 9 nodes").waitFor();
  assert.equal(await table.getByRole("link").count(), 1);
}

export async function the_heat_map_tells_each_gpu_in_colour_and_words({ world, visit }) {
  await world.startRegistry(QUIET);
  const nodes = await addNodes(world);
  const there = await visit();
  const { page } = there;
  await there.open("/nodes?view=gpus");
  await there.loaded();
  const map = page.getByRole("region", { name: "Heat map of GPUs" });
  await map.getByRole("link", { name: "gpu-h01, online: GPU 0 96 %, GPU 1 91 %, GPU 2 88 %, GPU 3 3 %" }).waitFor();
  const idle = nodes.find(({ hostname }) => hostname === "gpu-a03");
  await world.beatNode(idle.node_id, { ...idle.metrics, gpus: [{ index: 0, use_percent: 77, vram_used_mb: 40_960 }] });
  await map.getByRole("link", { name: /^gpu-a03, online: GPU 0 77 %/ }).waitFor();
  await map.getByRole("combobox", { name: "Colour" }).selectOption("memory");
  await map.getByRole("link", { name: /^gpu-a03, online: GPU 0 50 %/ }).waitFor();
  await map.getByRole("link", { name: /^gpu-a03/ }).click();
  await page.getByRole("heading", { level: 1, name: "gpu-a03" }).waitFor();
}

export async function a_node_is_taken_out_of_use_and_given_back({ world, visit }) {
  await world.startRegistry(QUIET);
  const { nodes } = await populate(world);
  const node = nodes.find(({ hostname }) => hostname === "gpu-h01");
  const there = await visit();
  const { page } = there;
  await there.open(`/nodes/${node.node_id}`);
  await there.loaded();
  const here = page.getByRole("region", { name: "Servers here" });
  await here.getByRole("link", { name: "gpt-oss-120b" }).waitFor();
  assert.equal(await here.getByRole("listitem").count(), 2);
  assert.match(await page.getByRole("region", { name: "GPUs" }).innerText(), /4 × h100.*96 %/s);

  await page.getByRole("button", { name: "Maintenance …" }).click();
  await page.getByRole("dialog").getByLabel("Why, for your colleagues").fill("new memory <b>");
  await page.getByRole("button", { name: "Take out of use" }).click();
  await page.getByText("In maintenance: new memory <b>").waitFor();
  const { state } = await world.api("GET", `/api/v1/nodes/${node.node_id}`);
  assert.equal(state, "maintenance");
  await page.getByRole("button", { name: "End maintenance …" }).click();
  await page.getByRole("button", { name: "Give back" }).click();
  await page.getByText("In maintenance:").waitFor({ state: "detached" });
  await page
    .getByRole("region", { name: "What happened" })
    .getByText(/maintenance/)
    .first()
    .waitFor();
}

export async function a_node_that_falls_silent_is_seen_at_once({ world, visit }) {
  await world.startRegistry(["--node-warning-after", "2s", "--node-offline-after", "4s"]);
  const { node_id: id } = await world.node({ hostname: "gpu-x" });
  const there = await visit();
  const { page } = there;
  await there.open("/nodes");
  const node = row(page, "Nodes", "gpu-x");
  await node.getByText("offline").waitFor();
  await world.beatNode(id);
  await node.getByText("online").waitFor();
  await node.getByText("warning").waitFor();
  await node.getByText("offline").waitFor();
}

export async function topology_can_be_read_at_200_nodes({ world, visit }) {
  await world.startRegistry(QUIET);
  await world.node({ hostname: "lead", role: "lead", vpn_ip: "10.9.0.1" });
  for (let first = 0; first < 200; first += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        world.node({
          hostname: `gpu-${first + n}`,
          vpn_ip: `10.9.${1 + (first >> 6)}.${n}`,
          location: `paris/room-${(first + n) % 5}/rack-${n % 8}`,
          capabilities: { gpu_count: 4, gpu_type: "a100" },
        }),
      ),
    );
  }
  const there = await visit({ viewport: { width: 1440, height: 900 } });
  const { page } = there;
  await there.open("/topology");
  await there.loaded();
  await page.getByText(/201 nodes, [\d,]+ connections/).waitFor();
  const shown = page.getByRole("link", { name: /gpu-\d+/ });
  await until("all nodes in the picture", async () => (await shown.count()) >= 200);
  // A name that cannot be read is no name: at least 9 px, and no two on each other.
  const boxes = await shown.evaluateAll((links) =>
    links.map((link) => {
      const text = link.querySelector("text") ?? link;
      const { x, y, width, height } = text.getBoundingClientRect();
      return { x, y, width, height };
    }),
  );
  assert.ok(
    Math.min(...boxes.map(({ height }) => height)) >= 9,
    `names of ${Math.min(...boxes.map(({ height }) => height))} px`,
  );
  const onEachOther = boxes.filter((a, i) =>
    boxes.some(
      (b, j) => j > i && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
    ),
  );
  assert.equal(onEachOther.length, 0, "names lie on each other");
  await page.getByRole("button", { name: "List", exact: true }).click();
  await page.getByRole("region", { name: "paris/room-3" }).getByRole("link", { name: "gpu-13", exact: true }).waitFor();
  await page.getByRole("searchbox", { name: "Search nodes" }).fill("gpu-77");
  await page.getByText("1 fit the search").waitFor();
  await page.waitForURL(/q=gpu-77/);
}

export async function capacity_draws_the_history_and_tells_it_in_numbers({ world, visit }) {
  await world.startRegistry(["--ttl", "3s"]);
  const server = await world.submit("counted");
  await addNodes(world);
  const there = await visit();
  const { page } = there;
  await there.open("/capacity?since=1h");
  await there.loaded();
  await page.getByText("1 server ready now").waitFor();
  await page.getByText("9 nodes online now").or(page.getByText("8 nodes online now")).first().waitFor();
  const chart = page.getByRole("figure", { name: "Servers by state" });
  await chart.getByRole("button", { name: /^Show numbers/ }).click();
  await chart.getByRole("table").getByRole("cell", { name: "1", exact: true }).first().waitFor();
  await page.getByRole("figure", { name: "GPU hours by owner" }).getByText(server.owner).waitFor();
  await page.getByRole("figure", { name: "GPU hours by model" }).getByText("counted").waitFor();
  // Beats of a real job were measured.
  await until("measured heartbeats", async () =>
    (await world.api("GET", "/api/v1/history?since=1h")).heartbeat_delay.some(({ p50_ms: p50 }) => p50 !== null),
  );
  await page.reload();
  await there.loaded();
  const delay = page.getByRole("figure", { name: "Heartbeat delay" });
  // One minute's measurement is told in words, since no line leads through one point.
  await delay
    .getByText(/^So far one measurement: .* ms/)
    .or(delay.getByRole("button", { name: /^Show numbers/ }))
    .first()
    .waitFor();
  await page.getByRole("button", { name: "7 days" }).click();
  await there.loaded();
  await page.waitForURL(/since=7d/);
  assert.equal(await page.getByRole("button", { name: "7 days" }).getAttribute("aria-pressed"), "true");
}

export async function events_come_live_and_filter_by_the_address({ world, visit }) {
  await world.startRegistry(QUIET);
  const [first] = await addServers(world);
  const there = await visit();
  const { page } = there;
  await there.open("/events");
  await there.loaded();
  const list = page.getByRole("region", { name: "Events" });
  await list.getByRole("listitem").filter({ hasText: "gpt-oss-120b" }).first().waitFor();
  const late = await world.server({ name: "comes-late", owner: "jdubois" });
  await list.getByRole("listitem").first().filter({ hasText: "comes-late" }).waitFor();
  await world.unregister(late.id);
  await list
    .getByRole("listitem")
    .first()
    .filter({ hasText: /comes-late/ })
    .filter({ hasText: /goodbye|left|unregistered/i })
    .waitFor();

  await page.getByRole("combobox", { name: "What" }).selectOption("unregistered");
  await until("one event", async () => (await list.getByRole("listitem").count()) === 1);
  await page.waitForURL(/kind=unregistered/);
  await page.reload();
  await until("one event after a reload", async () => (await list.getByRole("listitem").count()) === 1);
  await page.goBack();
  await there.open(`/events?subject=${first.id}`);
  await until("events of one server", async () => (await list.getByRole("listitem").count()) === 1);
  await list.getByText("details", { exact: true }).click();
  await list.getByText(`"subject": "${first.id}"`).waitFor();
}
