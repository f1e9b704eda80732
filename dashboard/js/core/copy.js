// Copies text: by the clipboard's own interface where the page may use it, by an old way elsewhere.

/** Copies `text`; true when it is in the clipboard. Call it from a click or a key. */
export async function copyText(text) {
  if (navigator.clipboard && isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed here: the old way may be.
    }
  }
  return copyBySelection(text);
}

// Pages over plain http have no clipboard interface; a selected field and `execCommand` work there.
function copyBySelection(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "copy-field";
  field.setAttribute("aria-hidden", "true");
  // Inside an open dialog, since everything outside of it is inert.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  field.setSelectionRange(0, text.length);
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    done = false;
  }
  field.remove();
  before?.focus?.();
  return done;
}
