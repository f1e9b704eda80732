// What can be said of a node, whatever client told it. Pure. Metrics are whatever a client sent,
// so nothing in them is taken for a number before it was looked at.

/** States in the order in which they are listed, best first. */
export const NODE_STATES = ["online", "warning", "draining", "maintenance", "offline"];

/** Most cells that one node gets in a heat map. */
const MAX_CELLS = 32;

export function finite(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function share(part, whole) {
  if (part === null || !(whole > 0)) return null;
  return Math.min(100, Math.max(0, (100 * part) / whole));
}

export function gpuCount(node) {
  const has = node.capabilities ?? {};
  return finite(has.gpu_count) ?? (has.gpus?.length || (has.gpu === true ? 1 : 0));
}

/** Memory of all GPUs in MiB. */
export function vramMb(node) {
  const has = node.capabilities ?? {};
  const listed = (has.gpus ?? []).reduce((sum, gpu) => sum + (finite(gpu.vram_mb) ?? 0), 0);
  const gigabytes = finite(has.gpu_memory);
  return finite(has.total_vram_mb) ?? (gigabytes === null ? null : gigabytes * 1024) ?? (listed || null);
}

/** The type of the GPUs in short, as `A100-SXM4-80GB`. */
export function gpuKind(node) {
  const has = node.capabilities ?? {};
  const name = has.gpu_type ?? has.gpus?.[0]?.name;
  return typeof name === "string"
    ? name.replace(/^(nvidia|amd)\s+/i, "").replace(/^(geforce|tesla|instinct|radeon)\s+/i, "")
    : null;
}

/** `2 × A100`, or nothing. */
export function gpuText(node) {
  const count = gpuCount(node);
  if (!count) return null;
  const kind = gpuKind(node);
  return kind ? `${count} × ${kind}` : `${count} GPU${count === 1 ? "" : "s"}`;
}

/** How busy the node is: shares from 0 to 100, or null where nothing was measured. */
export function usage(node) {
  const metrics = node.metrics ?? {};
  const load = finite(metrics.load1);
  const cpus = finite(node.capabilities?.cpus);
  const memory = finite(metrics.memory_total_mb) ?? finite(node.capabilities?.memory_mb);
  return {
    load,
    cpus,
    loadShare: share(load, cpus),
    memoryShare: share(finite(metrics.memory_used_mb), memory),
    gpu: share(finite(metrics.gpu_use_percent), 100),
    vram: share(finite(metrics.vram_used_mb), vramMb(node)),
  };
}

/**
 * The node's GPUs for a heat map: `{index, name, use, memory, mean}`, shares from 0 to 100.
 * Where only a mean of the node is known each cell has it, and says so.
 */
export function gpuCells(node) {
  const count = Math.min(gpuCount(node), MAX_CELLS);
  const known = node.capabilities?.gpus ?? [];
  const measured = Array.isArray(node.metrics?.gpus) ? node.metrics.gpus : [];
  const whole = usage(node);
  const perGpu = vramMb(node) === null ? null : vramMb(node) / Math.max(1, gpuCount(node));
  return Array.from({ length: count }, (_, place) => {
    const gpu = known[place] ?? { index: place };
    const index = finite(gpu.index) ?? place;
    const at = measured.find((one) => one?.index === index);
    const total = finite(gpu.vram_mb) ?? perGpu;
    return {
      index,
      name: typeof gpu.name === "string" ? gpu.name : gpuKind(node),
      use: at ? share(finite(at.use_percent), 100) : whole.gpu,
      memory: at ? share(finite(at.vram_used_mb), total) : whole.vram,
      mean: !at,
    };
  });
}

function labelFits(labels, wanted) {
  return labels.some((label) => label === wanted || label.startsWith(`${wanted}=`));
}

function placeFits(location, wanted) {
  return location === wanted || (location ?? "").startsWith(`${wanted}/`);
}

function words(node) {
  return [
    node.name,
    node.node_id,
    node.hostname,
    node.role,
    node.ip,
    node.vpn_ip,
    node.address,
    node.location,
    node.slurm_node,
    node.owner,
    node.state,
    gpuText(node),
    ...(node.addresses ?? []),
    ...(node.labels ?? []),
    ...(node.groups ?? []),
  ]
    .filter(Boolean)
    .join("\n")
    .toLowerCase();
}

/**
 * Whether a node passes the filters of the URL: `{q, role, label, group, location, state}`.
 * They mean what they mean in the registry's lists: `gpu` finds `gpu=a100`, `paris` finds
 * `paris/room-2`. The words of `q` must all be found, anywhere.
 */
export function passes(node, filter) {
  const labels = (filter.label ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  const searched = (filter.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return (
    (!filter.role || node.role === filter.role) &&
    (!filter.state || node.state === filter.state) &&
    (!filter.group || (node.groups ?? []).includes(filter.group)) &&
    (!filter.location || placeFits(node.location, filter.location)) &&
    labels.every((label) => labelFits(node.labels ?? [], label)) &&
    (!searched.length || searched.every((word) => words(node).includes(word)))
  );
}

/** What can be chosen for each filter, with how many nodes have it, by name. */
export function choices(nodes) {
  const counts = { role: new Map(), label: new Map(), group: new Map(), location: new Map(), state: new Map() };
  const add = (which, value) => value && counts[which].set(value, (counts[which].get(value) ?? 0) + 1);
  for (const node of nodes) {
    add("role", node.role);
    add("state", node.state);
    for (const label of new Set(node.labels)) add("label", label);
    for (const group of new Set(node.groups)) add("group", group);
    for (const place of outwards(node.location)) add("location", place);
  }
  const sorted = (map) => [...map].sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
  return Object.fromEntries(Object.entries(counts).map(([which, map]) => [which, sorted(map)]));
}

/** `paris/room-2/rack-7`, `paris/room-2`, `paris`. */
function outwards(location) {
  const parts = (location ?? "").split("/").filter(Boolean);
  return parts.map((_, depth) => parts.slice(0, depth + 1).join("/"));
}

/** The server's host names, without a domain: a job says `gpu3`, a node `gpu3.cluster.example`. */
function short(host) {
  return (host ?? "").toLowerCase().split(".")[0];
}

/**
 * Whether a server runs on a node. An address that is told is compared as it is: only names
 * have a short form.
 */
export function runsOn(server, node) {
  if (server.slurm_node && node.slurm_node) return server.slurm_node === node.slurm_node;
  const hosts = [server.slurm_node, server.host].filter(Boolean);
  const addresses = [node.ip, node.vpn_ip, node.public_ip, ...(node.addresses ?? [])].filter(Boolean);
  const names = [node.slurm_node, node.hostname, node.name].filter(Boolean).map(short);
  const isName = (host) => /[a-z]/i.test(host) && !host.includes(":");
  return hosts.some((host) => addresses.includes(host) || (isName(host) && names.includes(short(host))));
}
