// Where the reader sits: it decides which address and which tunnel a copied line has. Said once, remembered.
import { keep, recall, useSession } from "../core/api.js";
import { html, useEffect, useState } from "../core/dom.js";
import { useId } from "./ui.js";

const NAME = "llamactl-where";
const listeners = new Set();
let place = read();

function read() {
  try {
    const { from, login } = JSON.parse(recall(NAME) ?? "{}");
    return {
      from: from === "outside" ? "outside" : "cluster",
      login: typeof login === "string" ? login : "",
      said: Boolean(from),
    };
  } catch {
    return { from: "cluster", login: "", said: false };
  }
}

function say(changes) {
  place = { ...place, ...changes, said: true };
  keep(NAME, JSON.stringify({ from: place.from, login: place.login }));
  for (const fn of listeners) fn();
}

/** `{from: "cluster"|"outside", login, said}`, followed; the registry's own login host where none was named. */
export function useWhere() {
  const [, redraw] = useState(0);
  const { info } = useSession();
  const drawn = place;
  useEffect(() => {
    const update = () => redraw((n) => n + 1);
    listeners.add(update);
    if (place !== drawn) update();
    return () => listeners.delete(update);
  }, []);
  return { ...place, login: place.login || info?.login_host || "" };
}

/** The question, to be answered anywhere that its answer counts. */
export function WhereAreYou() {
  const { from, login } = useWhere();
  const { info } = useSession();
  const name = useId("where");
  const choice = (value, text) => html`<label class="choice">
    <input type="radio" name=${name} value=${value} checked=${from === value}
        onChange=${() => say({ from: value })} /> <span>${text}</span></label>`;
  return html`<fieldset class="where">
    <legend>Where are you?</legend>
    ${choice("cluster", "On the cluster")} ${choice("outside", "Outside")}
    ${
      from === "outside" &&
      html`<label class="where-login"><span>through</span>
      <input value=${place.login} placeholder=${info?.login_host ?? "you@login.example.org"} size="22"
        aria-label="Login host, as for ssh" autocomplete="off" autocapitalize="off" spellcheck=${false}
        aria-invalid=${!login} onChange=${(event) => say({ login: event.target.value.trim() })} /></label>`
    }
  </fieldset>`;
}
