// Sends the forms of a page to its API and shows what went wrong. Nothing else runs here.

const csrf = document.querySelector('meta[name="csrf"]')?.content;

/** The fields of a form as the API takes them: `name[]` is a list, an empty field is left out. */
function fields(form, submitter) {
  const body = {};
  for (const [name, value] of new FormData(form, submitter)) {
    if (name.endsWith("[]")) {
      (body[name.slice(0, -2)] ??= []).push(value);
    } else if (value !== "") {
      body[name] = value;
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
  if (response.ok) {
    return null;
  }
  return sentence(await response.json().catch(() => null));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.api) {
    return;
  }
  event.preventDefault();
  // Before anything is disabled: a disabled button has no value.
  const body = fields(form, event.submitter);
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) {
    button.disabled = true;
  }
  const problem = await send(form.dataset.api, body).catch(() => sentence(null));
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
