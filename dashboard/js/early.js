// Asks for what the page needs first while its code is still on its way: how the registry is set
// up, and then, where we may, the stream of everything. api.js and live.js take the answers.
const asked = new AbortController();
const send = (path, accept) => {
  let key = null;
  try {
    key = localStorage.getItem("llamactl-session");
  } catch {
    // Storage is switched off: then nobody is logged in.
  }
  const headers = key ? { accept, "llamactl-session": key } : { accept };
  return fetch(path, { headers, cache: "no-store", credentials: "same-origin", signal: asked.signal });
};
const about = send("/api/v1/dashboard", "application/json").then((answer) => {
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
});
const live = about.then(async ({ auth, whoami, anonymous }) => {
  const mayRead = auth === "none" || whoami || anonymous.includes("read");
  const answer = mayRead ? await send("/api/v1/live", "text/event-stream") : null;
  if (answer && !answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer;
});
// Whoever takes them hears of a failure, and asks again.
about.catch(() => undefined);
live.catch(() => undefined);
globalThis.llamactlEarly = { about, live, asked };
