// Sends the forms of a page to its API and shows what went wrong. Nothing else runs here.

const csrf = document.querySelector('meta[name="csrf"]')?.content;

/** The fields of a form as the API takes them: `name[]` is a list, an empty field is left out. */
function fields(form, submitter) {
  const body = {};
  for (const [name, value] of new FormData(form, submitter)) {
    const field = form.elements.namedItem(name);
    if (name.endsWith("[]")) {
      (body[name.slice(0, -2)] ??= []).push(value);
    } else if (value !== "") {
      body[name] = field?.type === "number" || field?.dataset?.number === "" ? Number(value) : value;
    }
  }
  return body;
}

/** What an answer says in words: a sentence, or one for each wrong field. */
function sentence(answer) {
  const detail = answer?.detail;
  if (Array.isArray(detail)) {
    return detail.map((field) => `${field.loc.at(-1)}: ${field.msg}`).join("; ");
  }
  return detail ?? "The server did not answer; try again.";
}

async function send(address, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (csrf) {
    headers["X-CSRF-Token"] = csrf;
  }
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json().catch(() => null);
  return { problem: response.ok ? null : sentence(answer), answer };
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.api) {
    return;
  }
  event.preventDefault();
  if (form.dataset.ask && !confirm(form.dataset.ask)) {
    return;
  }
  // Before anything is disabled: a disabled button has no value.
  const body = fields(form, event.submitter);
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) {
    button.disabled = true;
  }
  const { problem, answer } = await send(form.dataset.api, body).catch(() => ({ problem: sentence(null) }));
  const shown = form.querySelector("[data-shown]");
  if (problem === null && form.dataset.shows && shown) {
    // A secret that no fresh page would show again.
    shown.querySelector("output").textContent = answer[form.dataset.shows];
    shown.hidden = false;
    return;
  }
  if (problem === null) {
    // A fresh page shows what is so now.
    if (form.dataset.next) {
      location.assign(form.dataset.next);
    } else {
      location.reload();
    }
    return;
  }
  for (const button of buttons) {
    button.disabled = false;
  }
  const place = form.querySelector(".problem");
  if (place) {
    place.textContent = problem;
    place.hidden = false;
  }
});

// The slider tells where it stands while it is moved, and shows that time when it is let go.
for (const form of document.querySelectorAll("form[data-slider]")) {
  const slider = form.querySelector("input[type=range]");
  slider.addEventListener("input", () => {
    form.querySelector("output").textContent = slider.value;
  });
  slider.addEventListener("change", () => form.requestSubmit());
}
