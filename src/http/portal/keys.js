// Single keys press what the page offers, while nothing is being typed and nobody has switched them off in this browser.

const SWITCH = "ekyc-portal-keys";

function areOn() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    // A browser that keeps nothing: they cannot be switched off, so they are off.
    return false;
  }
}

function isTaken(event) {
  const isTyped = event.target.closest?.("input, textarea, select, [contenteditable]");
  const isChord = event.ctrlKey || event.metaKey || event.altKey;
  return event.defaultPrevented || event.repeat || event.isComposing || isChord || isTyped;
}

document.addEventListener("keydown", (event) => {
  if (isTaken(event) || !areOn() || document.querySelector("dialog[open]")) {
    return;
  }
  const key = CSS.escape(event.key.toLowerCase());
  const offered = document.querySelector(`main [data-key="${key}"]`);
  if (!offered) {
    return;
  }
  event.preventDefault();
  if ("focus" in offered.dataset) {
    offered.focus();
  } else {
    offered.click();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-help]")) {
    const dialog = document.getElementById("keys");
    dialog.querySelector("[data-switch]").checked = areOn();
    dialog.showModal();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-switch]")) {
    try {
      localStorage.setItem(SWITCH, event.target.checked ? "on" : "off");
    } catch {
      event.target.checked = false;
    }
  }
});
