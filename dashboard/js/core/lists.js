// Searching and sorting lists.

/** Whether every word of `search` is in one of `fields`. */
export function matches(search, fields) {
  const text = fields
    .filter((field) => field != null)
    .join("\n")
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** `list` in the order of `sort`: a name in `keys`, with `-` before it the other way round. Empty values come last. */
export function sorted(list, sort, keys) {
  const down = sort.startsWith("-");
  const key = keys[down ? sort.slice(1) : sort];
  if (!key) return [...list];
  return list
    .map((item) => [key(item), item])
    .sort(([a], [b]) => compare(a, b, down))
    .map(([, item]) => item);
}

function compare(a, b, down) {
  const [noA, noB] = [a == null || a === "", b == null || b === ""];
  if (noA || noB) return noA - noB;
  const order = typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b);
  return down ? -order : order;
}

/** Each value once, in order, without empty ones. */
export function distinct(values) {
  return [...new Set(values)].filter((value) => value != null && value !== "").sort(collator.compare);
}
