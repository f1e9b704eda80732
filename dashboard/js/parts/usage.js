// How a server was used over the last two hours.
import { get } from "../core/api.js";
import { html, useEffect, useMemo, useState } from "../core/dom.js";
import { useStatus } from "../core/store.js";
import { Chart } from "./chart.js";
import { ErrorBox } from "./ui.js";

/** Two charts: busy slots, and tokens a second. */
export function Usage({ id }) {
  const { usage, error } = useUsage(id);
  const drawn = useMemo(() => draw(usage?.points ?? []), [usage]);
  if (error && error.status !== 404) return html`<${ErrorBox} title="Its use could not be loaded" error=${error} />`;
  if (!usage) return null;
  return html`<section class="usage" aria-label="Use over the last two hours">
    <${Chart} title="Busy slots" times=${drawn.times} series=${drawn.slots} empty="Nothing was measured yet." />
    <${Chart} title="Tokens per second" times=${drawn.times} series=${drawn.speed}
        empty="It has not told how fast it is." />
  </section>`;
}

function draw(points) {
  const pick = (name) => points.map((point) => point[name] ?? null);
  return {
    times: points.map(({ time }) => Date.parse(time) / 1000),
    slots: [
      { label: "busy", values: pick("busy"), colour: "--ok-fill" },
      { label: "all", values: pick("total"), colour: "--line-strong" },
    ],
    speed: [{ label: "generated", values: pick("tokens_per_second"), colour: "--info-fill" }],
  };
}

// Points come as the server beats: looked for again at their own pace, while somebody looks.
function useUsage(id) {
  const [result, set] = useState({});
  const live = useStatus().state === "live";
  useEffect(() => {
    if (!live) return undefined;
    let timer;
    let current = true;
    let step = 30;
    const load = async () => {
      if (!document.hidden) {
        const next = await get(`/api/v1/servers/${encodeURIComponent(id)}/usage`).then(
          (usage) => ({ usage }),
          (error) => ({ error }),
        );
        if (!current) return;
        // A look that fails takes nothing away that was there.
        set((before) => (next.error && before.usage ? before : next));
        if (next.error?.status === 404) return;
        step = next.usage?.step_seconds ?? step;
      }
      timer = setTimeout(load, Math.max(10, step) * 1000);
    };
    load();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [id, live]);
  return result;
}
