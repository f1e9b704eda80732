// What of the dashboard can be measured: the tests hold it roughly, the benchmark exactly.

import { readdirSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DASHBOARD = fileURLToPath(new URL("../../dashboard", import.meta.url));
/** The viewer of the API's document: not part of the page. */
const APART = ["docs", "vendor/swagger-ui"];
/** What goes along with other people's code for whoever looks into it: no page asks for that. */
const BESIDE = /^(LICENSE|README)/;

/** Paths of all files of the page, as they lie in the folder. */
export function files(folder = DASHBOARD, below = "") {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = below + entry.name;
    if (APART.includes(path) || BESIDE.test(entry.name)) return [];
    return entry.isDirectory() ? files(join(folder, entry.name), `${path}/`) : [path];
  });
}

/** Bytes that each file has on the way, compressed as the registry does it for a browser. */
export async function sizes(url) {
  const all = files().map(async (path) => [path, await bytes(`${url}/dashboard/${path}`)]);
  return (await Promise.all(all)).sort(([, a], [, b]) => b - a);
}

function bytes(url) {
  return new Promise((done, failed) => {
    get(url, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      if (answer.statusCode !== 200) failed(new Error(`${url}: ${answer.statusCode}`));
      let size = 0;
      answer.on("data", (data) => {
        size += data.length;
      });
      answer.on("end", () => done(size));
    }).on("error", failed);
  });
}

/** Runs in the page: begins to note which rows of tables change. */
export function watchRows() {
  const touched = new Set();
  const whole = [];
  const observer = new MutationObserver((records) => {
    for (const { target, addedNodes, removedNodes } of records) {
      const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      const row = element?.closest('tbody tr, tbody [role="row"]');
      if (row) touched.add(row);
      else if (element?.closest('table, [role="table"]')) whole.push(...addedNodes, ...removedNodes);
    }
  });
  observer.observe(document.querySelector("main"), {
    subtree: true,
    childList: true,
    attributes: true,
    characterData: true,
  });
  window.touchedRows = () => {
    observer.disconnect();
    return { rows: [...touched].map((row) => row.textContent), moved: whole.length };
  };
}
