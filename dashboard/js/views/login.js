// Who are you? A token is traded for a session.
import { goOnAsNobody, login, useSession } from "../core/api.js";
import { html, useState } from "../core/dom.js";
import { navigate, useLocation } from "../core/router.js";
import { ErrorBox, useId } from "../parts/ui.js";

/** The login, shown at the page that needed it, which comes back afterwards. */
export default function Login() {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const id = useId("token");
  const hash = useLocation();
  const session = useSession();
  const openToAll = session.info?.anonymous.includes("read");
  const submit = async (event) => {
    event.preventDefault();
    const token = new FormData(event.target).get("token").trim();
    if (!token)
      return setError({ error: "there is no token in the field", hint: "Paste it from the file that you were given." });
    setBusy(true);
    setError(null);
    try {
      await login(token);
      if (hash.startsWith("#/login")) navigate("servers");
    } catch (problem) {
      setError(explain(problem));
      setBusy(false);
    }
  };
  return html`<form class="card login" onSubmit=${submit}>
    <h1>Log in</h1>
    <p class="muted">${
      session.denied && !openToAll
        ? "This registry shows its servers to those who have a token."
        : "With a token you see and may do what it allows."
    }</p>
    <label class="field" for=${id}><span class="field-label">Token</span></label>
    <div class="login-row">
      <input id=${id} name="token" type=${shown ? "text" : "password"} autocomplete="current-password"
          spellcheck=${false} autocapitalize="off" autofocus required aria-invalid=${Boolean(error)} />
      <button type="button" class="button" aria-pressed=${shown} onClick=${() => setShown(!shown)}>
        ${shown ? "Hide" : "Show"}</button>
    </div>
    <${ErrorBox} error=${error} title="Not logged in" />
    <button class="button button-accent" disabled=${busy}>${busy ? "Logging in …" : "Log in"}</button>
    ${
      session.denied &&
      openToAll &&
      html`<button type="button" class="button" onClick=${goOnAsNobody}>Go on without a token</button>`
    }
    <p class="muted small">The one that <code>llamactl</code> uses on the cluster is in the file
      that <code>registry.token_file</code> names. You have none? The registry's operator makes
      it: <code>llamactl registry token create --owner NAME</code>.</p>
  </form>`;
}

function explain(problem) {
  if (problem.status === 401)
    return {
      error: "the registry does not know this token",
      hint: "It may have expired or been revoked, or a part of it was not copied.",
    };
  if (problem.status === 429)
    return { error: "too many tries", hint: `Wait ${problem.retryAfter || "a few"} seconds, then try again.` };
  return problem;
}
