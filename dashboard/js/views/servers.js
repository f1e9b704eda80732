// All servers, live.
import { html } from "../dom.js";
import { useServers } from "../store.js";

/** The list of servers. */
export default function Servers() {
  const servers = useServers();
  return html`<h1>Servers</h1><p>${servers.size}</p>`;
}
