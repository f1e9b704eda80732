// A believable small cluster, registered as its programs would: what views are looked at with
// where real jobs are too few. Everything is the same each time, but for times and ids.

const HOUR = 3_600_000;

const GPUS = {
  h100: { name: "NVIDIA H100 80GB HBM3", vram_mb: 81_559 },
  a100: { name: "NVIDIA A100-SXM4-80GB", vram_mb: 81_920 },
  v100: { name: "Tesla V100-SXM2-32GB", vram_mb: 32_768 },
  p40: { name: "Tesla P40", vram_mb: 24_576 },
};

/** The nodes: name, GPUs, where, how busy the GPUs are in percent. */
const NODES = [
  ["login1", null, 0, "paris/room-1/rack-1", []],
  ["gpu-h01", "h100", 4, "paris/room-2/rack-3", [96, 91, 88, 3]],
  ["gpu-h02", "h100", 4, "paris/room-2/rack-3", [72, 70, 64, 61]],
  ["gpu-a01", "a100", 4, "paris/room-2/rack-4", [55, 48, 0, 0]],
  ["gpu-a02", "a100", 4, "paris/room-2/rack-4", [99, 97, 98, 99]],
  ["gpu-a03", "a100", 4, "paris/room-2/rack-5", [0, 0, 0, 0]],
  ["gpu-v01", "v100", 4, "paris/room-3/rack-1", [31, 28, 33, 30]],
  ["gpu-v02", "v100", 4, "paris/room-3/rack-1", [0, 0, 0, 0]],
  ["gpu-p01", "p40", 2, "lyon/room-1/rack-1", [12, 9]],
];

const MODELS = {
  "qwen3-30b": ["Qwen3-30B-A3B-Instruct-2507-Q4_K_M.gguf", 131_072],
  "qwen3-coder-30b": ["Qwen3-Coder-30B-A3B-Instruct-Q5_K_M.gguf", 65_536],
  "gpt-oss-120b": ["gpt-oss-120b-mxfp4.gguf", 131_072],
  "gpt-oss-20b": ["gpt-oss-20b-mxfp4.gguf", 65_536],
  "gemma-3-27b": ["gemma-3-27b-it-Q4_K_M.gguf", 32_768],
  "mistral-small": ["Mistral-Small-3.2-24B-Instruct-Q6_K.gguf", 32_768],
  "llama-3.3-70b": ["Llama-3.3-70B-Instruct-Q4_K_M.gguf", 65_536],
  "nomic-embed": ["nomic-embed-text-v1.5.f16.gguf", 8192],
};

/** The servers: model, owner, node, GPUs, busy and all slots, hours it runs, of how many, state, access, labels. */
const SERVERS = [
  ["gpt-oss-120b", "mkeller", "gpu-h01", "2 x h100", 3, 4, 5.4, 24, "ready", "shared", { team: "nlp" }],
  ["qwen3-coder-30b", "asmith", "gpu-h01", "1 x h100", 1, 2, 1.2, 8, "ready", "shared", { team: "tools" }],
  [
    "llama-3.3-70b",
    "jdubois",
    "gpu-h02",
    "4 x h100",
    2,
    8,
    19.3,
    24,
    "ready",
    "shared",
    { team: "nlp", course: "ml-2" },
  ],
  ["qwen3-30b", "asmith", "gpu-a01", "1 x a100", 0, 1, 3.1, 8, "ready", "private", { team: "tools" }],
  ["gemma-3-27b", "lrossi", "gpu-a01", "1 x a100", 1, 2, 7.6, 8, "ready", "shared", { course: "ml-2" }],
  ["mistral-small", "mkeller", "gpu-a02", "2 x a100", 0, 4, 0.03, 12, "loading", "shared", {}],
  ["gpt-oss-20b", "tnguyen", "gpu-v01", "1 x v100", 0, 1, 7.9, 8, "draining", "shared", {}],
  [
    "nomic-embed",
    "jdubois",
    "gpu-p01",
    "1 x p40",
    1,
    16,
    40.0,
    72,
    "ready",
    "open",
    { team: "nlp", use: "embeddings" },
  ],
];

function node([hostname, kind, count, location, busy], place) {
  const gpus = Array.from({ length: count }, (_, index) => ({ index, ...GPUS[kind] }));
  const login = kind === null;
  return {
    hostname,
    location,
    ip: `10.20.0.${10 + place}`,
    role: login ? "lead" : "compute",
    labels: login ? ["login"] : ["gpu", `gpu=${kind}`],
    groups: login ? [] : [kind === "h100" ? "lab-1" : "shared"],
    slurm_node: hostname,
    capabilities: {
      cpus: login ? 16 : 64,
      memory_mb: login ? 65_536 : 515_000,
      os: "Rocky Linux 8.10",
      ...(login ? {} : { gpu_count: count, gpu_type: kind, gpus, cuda_version: "12.4" }),
    },
    metrics: {
      load1: login ? 2.3 : 4 + busy.reduce((sum, one) => sum + one, 0) / 20,
      memory_total_mb: login ? 65_536 : 515_000,
      memory_used_mb: login ? 21_000 : 60_000 + busy.length * 22_000,
      uptime_seconds: 1_900_000 + place * 86_400,
      ...(login
        ? {}
        : {
            gpu_use_percent: Math.round(busy.reduce((sum, one) => sum + one, 0) / count),
            vram_used_mb: busy.reduce((sum, one) => sum + (one ? 0.35 + one / 200 : 0.01) * GPUS[kind].vram_mb, 0),
            gpus: busy.map((use, index) => ({
              index,
              use_percent: use,
              vram_used_mb: Math.round((use ? 0.35 + use / 200 : 0.01) * GPUS[kind].vram_mb),
            })),
          }),
    },
  };
}

function server([model, owner, host, gpus, busy, total, hours, walltime, state, access, labels], place) {
  const [file, context] = MODELS[model];
  const started = Date.now() - hours * HOUR;
  return {
    cluster: "jura",
    job_id: `${481_200 + place * 37}`,
    name: model,
    owner,
    host,
    port: 41_000 + place * 113,
    gpus,
    model: { name: model, file, context },
    models: [model],
    labels,
    state,
    access,
    slurm_node: host,
    partition: gpus.includes("h100") ? "gpu-long" : "gpu",
    slots: state === "loading" ? null : { busy, total },
    started: new Date(started).toISOString(),
    ends: new Date(started + walltime * HOUR).toISOString(),
  };
}

/** Registers the nodes, with one in maintenance, and gives them. */
export async function addNodes(world) {
  const nodes = [];
  for (const { metrics, ...entry } of NODES.map(node)) {
    const added = await world.node(entry);
    await world.beatNode(added.node_id, metrics);
    nodes.push({ ...added, metrics });
  }
  const broken = nodes.find(({ hostname }) => hostname === "gpu-v02");
  await world.api("PUT", `/api/v1/nodes/${broken.node_id}/maintenance`, {
    on: true,
    reason: "a new fan, back on Monday",
  });
  await world.api("PUT", "/api/v1/profiles/compute", { driver: "550.90", max_temperature_c: 83 });
  return nodes;
}

/** Registers the servers, and gives them. */
export async function addServers(world) {
  const servers = [];
  for (const entry of SERVERS.map(server)) servers.push(await world.server(entry));
  return servers;
}

/** Both, in a registry that keeps entries without heartbeats for as long as anybody looks. */
export async function populate(world) {
  const nodes = await addNodes(world);
  const servers = await addServers(world);
  return { nodes, servers };
}

/** Arguments for such a registry: nothing in it beats, and nothing answers at the hosts in it. */
export const QUIET = ["--ttl", "1h", "--probe", "off", "--node-warning-after", "1h", "--node-offline-after", "2h"];

/** Addresses of all views, where `server` and `node` are ids. */
export function views({ server: serverId, node: nodeId }) {
  return {
    servers: "/servers",
    server: `/servers/${serverId}`,
    nodes: "/nodes",
    node: `/nodes/${nodeId}`,
    topology: "/topology",
    capacity: "/capacity",
    events: "/events",
    watch: "/watch",
    tokens: "/tokens",
    start: "/start",
  };
}
