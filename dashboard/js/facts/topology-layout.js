// Where everything stands in the picture of the topology. Pure: nodes and a width in, places out.
//
// Each cluster is a box with a heading, each node a box of one size in it, so no label can lie
// over another. The nodes in the middle (role `lead`) stand on top; from there a line runs down
// at the left, and above each row of clusters one to the right, with a branch into each cluster:
// lines never cross a box, whatever their number.

export const NODE = { width: 124, height: 26, gap: 6 };
const PADDING = 8;
const HEADING = 34;
const GUTTER = 22;
const LEFT = 16;
const RIGHT = 6;
const TOP = 8;
/** From here on letters are about twice as wide. */
const WIDE = 0x1100;
/** The role of the node that the others gather around. */
const LEAD = "lead";

/** By what nodes can be put together. */
export const BY = ["location", "group", "role", "state"];

/** The name of the cluster that a node belongs to. */
export function clusterOf(node, by) {
  const none = { location: "no location", group: "no group", role: "no role", state: "unknown" }[by];
  const value = { location: place(node.location), group: node.groups?.[0], role: node.role, state: node.state }[by];
  return value || none;
}

/** Two steps of a location are a cluster: `paris/room-2/rack-7` is in `paris/room-2`. */
function place(location) {
  return location?.split("/").slice(0, 2).join("/");
}

/** The nodes put together: `[{name, hub, nodes}]`, the hub first, then by name. */
export function clusters(nodes, by) {
  const found = new Map();
  const isHub = (node) => node.role === LEAD && by !== "role";
  for (const node of nodes) {
    const name = isHub(node) ? LEAD : clusterOf(node, by);
    const key = isHub(node) || (by === "role" && name === LEAD) ? "\0hub" : name;
    if (!found.has(key)) found.set(key, { name, hub: key === "\0hub", nodes: [] });
    found.get(key).nodes.push(node);
  }
  const order = (a, b) => b.hub - a.hub || a.name.localeCompare(b.name, undefined, { numeric: true });
  const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });
  return [...found.values()].sort(order).map((one) => ({ ...one, nodes: one.nodes.sort(byName) }));
}

/** Columns of a cluster of so many nodes, `shape` times as wide as a square, within the room. */
function columns(count, room, shape) {
  const most = Math.max(1, Math.floor((room - 2 * PADDING + NODE.gap) / (NODE.width + NODE.gap)));
  return Math.max(1, Math.min(count, most, Math.max(2, Math.ceil(Math.sqrt(count / 4) * shape))));
}

/** How large a cluster is with so many columns. */
function boxed(cluster, across) {
  const down = Math.ceil(cluster.nodes.length / across);
  return {
    across,
    width: across * (NODE.width + NODE.gap) - NODE.gap + 2 * PADDING,
    height: HEADING + down * (NODE.height + NODE.gap) - NODE.gap + PADDING,
  };
}

/** Of some shapes of the clusters the one that makes the picture least high. */
function best(found, inner) {
  const tried = [0.5, 0.8, 1, 1.3, 1.7, 2.2, 3].map((shape) => {
    const boxes = found.map((cluster) => ({
      ...cluster,
      ...boxed(cluster, columns(cluster.nodes.length, inner, shape)),
    }));
    const down = rows(boxes, inner);
    for (const row of down) fill(row, inner);
    return { down, height: down.reduce((sum, row) => sum + GUTTER + tallest(row).height, 0) };
  });
  return tried.reduce((least, one) => (one.height < least.height ? one : least)).down;
}

function tallest(row) {
  return row.boxes.reduce((most, one) => (one.height > most.height ? one : most));
}

/** Widens the tallest cluster of a row, a column at a time, while there is room. */
function fill(row, inner) {
  const step = NODE.width + NODE.gap;
  while (row.width + step <= inner) {
    const high = tallest(row);
    if (high.across >= high.nodes.length) return;
    Object.assign(high, boxed(high, high.across + 1));
    row.width += step;
  }
}

function put(cluster, x, y) {
  const nodes = cluster.nodes.map((node, at) => ({
    node,
    x: x + PADDING + (at % cluster.across) * (NODE.width + NODE.gap),
    y: y + HEADING + Math.floor(at / cluster.across) * (NODE.height + NODE.gap),
  }));
  return { ...cluster, x, y, nodes };
}

/** Rows of clusters in their order, each as full as `width` allows: people look for names. */
function rows(boxes, width) {
  const found = [];
  for (const box of boxes) {
    const last = found.at(-1);
    if (last && last.width + GUTTER + box.width <= width) {
      last.boxes.push(box);
      last.width += GUTTER + box.width;
    } else {
      found.push({ boxes: [box], width: box.width });
    }
  }
  return found;
}

/**
 * The picture: `{width, height, clusters, trunk, places}`; `places` maps a node's name to the
 * middle of its box, `trunk` has the lines between the hub and the clusters.
 */
export function layout(nodes, by, width) {
  const inner = Math.max(width - LEFT - RIGHT, NODE.width + 2 * PADDING);
  const all = clusters(nodes, by);
  const found = all.find((cluster) => cluster.hub);
  const hub = found && { ...found, ...boxed(found, columns(found.nodes.length, inner, 3)) };
  const placed = [];
  let y = TOP;
  if (hub) {
    placed.push(put(hub, LEFT, y));
    y += hub.height + GUTTER;
  }
  for (const row of best(
    all.filter((cluster) => !cluster.hub),
    inner,
  )) {
    let x = LEFT;
    for (const box of row.boxes) {
      placed.push(put(box, x, y));
      x += box.width + GUTTER;
    }
    y += tallest(row).height + GUTTER;
  }
  const right = Math.max(0, ...placed.map((box) => box.x + box.width));
  const places = new Map();
  for (const box of placed) {
    for (const { node, x: left, y: top } of box.nodes) {
      places.set(node.name, { x: left + NODE.width / 2, y: top + NODE.height / 2, cluster: box.name });
    }
  }
  return { width: right + RIGHT, height: y, clusters: placed, places, trunk: hub ? trunk(placed) : [] };
}

/**
 * One line for each cluster: out of the hub at its left, down, to the right above the
 * cluster's row, and into it.
 */
function trunk(placed) {
  const [hub, ...rest] = placed;
  const left = LEFT / 2;
  return rest.map((box) => {
    const above = box.y - GUTTER / 2;
    const path = `M${hub.x} ${hub.y + hub.height / 2}H${left}V${above}H${box.x + 24}V${box.y}`;
    return { cluster: box.name, path, x: box.x + 24, y: box.y };
  });
}

/**
 * How many connections of each kind there are between two clusters: a map from
 * `cluster` to `{kind: count}`, for those with the hub.
 */
export function bundles(connections, plan) {
  const hub = plan.clusters.find((box) => box.hub);
  const found = new Map();
  if (!hub) return found;
  const inHub = (name) => plan.places.get(name)?.cluster === hub.name;
  for (const { source, target, type } of connections) {
    if (inHub(source) === inHub(target)) continue;
    const other = plan.places.get(inHub(source) ? target : source)?.cluster;
    if (other === undefined) continue;
    if (!found.has(other)) found.set(other, {});
    const counts = found.get(other);
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return found;
}

/** A line between two nodes that bends, so that those on one row can be told apart; the `nth` between the
 * same two bends more. */
export function curve(from, to, nth = 0) {
  const bend = Math.min(80, 20 + Math.hypot(to.x - from.x, to.y - from.y) / 5) + 24 * nth;
  const [midX, midY] = [(from.x + to.x) / 2, (from.y + to.y) / 2 - bend];
  return `M${from.x} ${from.y}Q${midX} ${midY} ${to.x} ${to.y}`;
}

/**
 * The node that lies next to `name` in a direction (`ArrowLeft`, …): the nearest one there,
 * where what is off the line counts double.
 */
export function neighbour(plan, name, key) {
  const from = plan.places.get(name);
  if (!from) return plan.places.keys().next().value;
  const along = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  let nearest = null;
  for (const [other, at] of plan.places) {
    const [dx, dy] = [at.x - from.x, at.y - from.y];
    const forward = dx * along[0] + dy * along[1];
    if (other === name || forward <= 1) continue;
    const cost = forward + 2 * Math.abs(dx * along[1] + dy * along[0]);
    if (!nearest || cost < nearest.cost) nearest = { other, cost };
  }
  return nearest?.other ?? name;
}

/**
 * Text that fits into so many pixels, with the beginning and the end of the name: names of one
 * cluster differ in their numbers.
 */
export function shortened(text, width, perLetter = 7) {
  const most = Math.max(4, Math.floor(width / perLetter));
  const letters = [...text];
  const wide = (letter) => {
    const code = letter.codePointAt(0);
    if (code >= WIDE) return 1.9;
    return code >= 0x400 ? 1.15 : 1;
  };
  const length = (list) => list.reduce((sum, letter) => sum + wide(letter), 0);
  if (length(letters) <= most) return text;
  let [start, end] = [0, 0];
  while (length(letters.slice(0, start)) + length(letters.slice(letters.length - end)) < most - 2) {
    if (start <= end) start += 1;
    else end += 1;
  }
  return `${letters.slice(0, start).join("")}…${letters.slice(letters.length - end).join("")}`;
}
