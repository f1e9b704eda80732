// Moving a picture and changing its size: wheel, one finger or mouse button to move, two fingers
// or the wheel to zoom. It never leaves the window.
import { useCallback, useEffect, useReducer, useRef } from "../core/dom.js";

const LARGEST = 3;
/** Under this size nothing can be read: a larger picture begins at its top left, to be moved. */
export const READABLE = 0.82;
/** A small picture is not made larger than this by itself. */
export const COMFORTABLE = 1.5;
const WHEEL = 0.0015;
/** A finger that moves less than this has tapped. */
const TAP_PX = 5;

/** The scale at which all of it can be seen. */
function whole(plan, box) {
  return Math.min(COMFORTABLE, box.clientWidth / plan.width, box.clientHeight / plan.height);
}

/** `view` with at least a part of the picture in the window. Pure but for the box's size. */
function bounded({ x, y, scale }, plan, box) {
  const size = Math.min(LARGEST, Math.max(whole(plan, box) * 0.9, scale));
  const within = (place, room, full) => {
    const free = room - full;
    return free >= 0 ? Math.min(free, Math.max(0, place)) : Math.min(24, Math.max(free - 24, place));
  };
  return {
    scale: size,
    x: within(x, box.clientWidth, plan.width * size),
    y: within(y, box.clientHeight, plan.height * size),
  };
}

/** What is seen of `plan` in the element of `ref`: `{x, y, scale, zoom, show, reset}`. */
export function usePanZoom(ref, plan) {
  const view = useRef({ x: 0, y: 0, scale: 1 });
  const shown = useRef(plan);
  shown.current = plan;
  const [, redraw] = useReducer((n) => n + 1, 0);
  const set = useCallback((next) => {
    if (!shown.current || !ref.current) return;
    view.current = bounded(next, shown.current, ref.current);
    redraw();
  }, []);
  const zoomAt = useCallback((factor, x, y) => {
    const old = view.current;
    const scale = Math.min(LARGEST, Math.max(0.1, old.scale * factor));
    set({ scale, x: x - ((x - old.x) * scale) / old.scale, y: y - ((y - old.y) * scale) / old.scale });
  }, []);
  const zoom = useCallback((factor) => zoomAt(factor, ref.current.clientWidth / 2, ref.current.clientHeight / 2), []);
  const reset = useCallback(() => set({ x: 0, y: 0, scale: whole(shown.current, ref.current) }), []);
  const show = useCallback((place) => {
    const { x, y, scale } = view.current;
    const box = ref.current;
    const [left, top] = [place.x * scale + x, place.y * scale + y];
    const inside = left > 60 && top > 30 && left < box.clientWidth - 60 && top < box.clientHeight - 30;
    if (!inside) set({ scale, x: box.clientWidth / 2 - place.x * scale, y: box.clientHeight / 2 - place.y * scale });
  }, []);
  const planned = Boolean(plan);
  useEffect(() => {
    if (!plan) return;
    const wide = Math.min(COMFORTABLE, ref.current.clientWidth / plan.width);
    set({ x: 0, y: 0, scale: Math.max(READABLE, whole(plan, ref.current), wide) });
  }, [plan?.width, plan?.height]);
  useEffect(() => (planned ? listen(ref.current, view, set, zoomAt) : undefined), [planned]);
  return { ...view.current, zoom, show, reset };
}

function listen(box, view, set, zoomAt) {
  const fingers = new Map();
  let moved = 0;
  const local = (event) => {
    const { left, top } = box.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const wheel = (event) => {
    event.preventDefault();
    const { x, y } = local(event);
    zoomAt(Math.exp(-event.deltaY * WHEEL * (event.deltaMode ? 16 : 1) * (event.ctrlKey ? 4 : 1)), x, y);
  };
  const down = (event) => {
    if (event.button !== 0) return;
    if (!fingers.size) moved = 0;
    fingers.set(event.pointerId, local(event));
  };
  const move = (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = local(event);
    moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (moved > TAP_PX && !box.hasPointerCapture(event.pointerId)) box.setPointerCapture(event.pointerId);
    if (other) {
      const distance = (a, b) => Math.max(20, Math.hypot(a.x - b.x, a.y - b.y));
      zoomAt(distance(now, other) / distance(before, other), (now.x + other.x) / 2, (now.y + other.y) / 2);
    }
    const share = other ? 0.5 : 1;
    const { x, y, scale } = view.current;
    if (moved > TAP_PX) set({ scale, x: x + (now.x - before.x) * share, y: y + (now.y - before.y) * share });
    fingers.set(event.pointerId, now);
  };
  const up = (event) => fingers.delete(event.pointerId);
  // Who has dragged did not mean the node under the finger.
  const click = (event) => {
    if (event.detail === 0 || moved <= TAP_PX) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const drag = (event) => event.preventDefault();
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, dragstart: drag };
  for (const [name, listener] of Object.entries(listeners)) box.addEventListener(name, listener);
  box.addEventListener("wheel", wheel, { passive: false });
  box.addEventListener("click", click, { capture: true });
  return () => {
    for (const [name, listener] of Object.entries(listeners)) box.removeEventListener(name, listener);
    box.removeEventListener("wheel", wheel);
    box.removeEventListener("click", click, { capture: true });
  };
}
