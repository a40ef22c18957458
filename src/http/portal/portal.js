// Sends the forms of a page to its API and shows what went wrong.

import "./keys.js";
import "./pick.js";
import { forget } from "./drafts.js";
import { go, refresh, signInAgain } from "./onward.js";

const csrf = document.querySelector('meta[name="csrf"]')?.content;

/** The fields of a form as the API takes them: `name[]` is a list, an empty field is left out, a local time becomes UTC. */
function fields(form, submitter) {
  const body = {};
  for (const [name, value] of new FormData(form, submitter)) {
    const field = form.elements.namedItem(name);
    if (name.endsWith("[]")) {
      (body[name.slice(0, -2)] ??= []).push(value);
    } else if (value !== "" && value === field?.dataset?.null) {
      body[name] = null;
    } else if (value !== "" && isLocalTime(form, name, value)) {
      body[name] = new Date(value).toISOString();
    } else if (value !== "") {
      const isNumber = field?.type === "number" || field?.dataset?.number === "";
      body[name] = field?.dataset?.flag === "" ? true : isNumber ? Number(value) : value;
    }
  }
  return body;
}

/** A button may share its name with the field. */
function isLocalTime(form, name, value) {
  const fields = [...form.querySelectorAll("input[type=datetime-local]")];
  return fields.some((field) => field.name === name && field.value === value);
}

/** Which of many were refused; none where all went well. */
function refused(answer) {
  const all = answer?.items ?? [];
  const wrong = all.filter((item) => item.outcome === "refused");
  const told = wrong.map((item) => `${item.session_id}: ${item.code.replaceAll("_", " ")}`);
  return wrong.length > 0 ? `${wrong.length} of ${all.length} were refused. ${told.join("; ")}` : null;
}

/** The parts of a form with files; a file that was not chosen is left out. */
function parts(form, submitter) {
  const body = new FormData(form, submitter);
  for (const [name, value] of [...body]) {
    if (value instanceof File && value.size === 0) {
      body.delete(name);
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

/** `body` is JSON, or a form with its files. */
async function send(address, body) {
  const headers = { Accept: "application/json" };
  if (!(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  if (csrf) {
    headers["X-CSRF-Token"] = csrf;
  }
  const response = await fetch(address, { method: "POST", headers, body });
  const answer = await response.json().catch(() => null);
  // Over, or begun anew in another tab, which this page does not know.
  const isOver = csrf && (response.status === 401 ? answer?.code === "not_signed_in" : answer?.code === "csrf_token_missing");
  return { problem: response.ok ? null : sentence(answer), answer, isOver };
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
  const body = (form.enctype === "multipart/form-data" ? parts : fields)(form, event.submitter);
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) {
    button.disabled = true;
  }
  const { problem, answer, isOver } = await send(form.dataset.api, body).catch(() => ({ problem: sentence(null) }));
  if (isOver) {
    signInAgain();
    return;
  }
  if (form.dataset.api.endsWith("/sign-out")) {
    forget();
  }
  const shown = form.querySelector("[data-shown]");
  if (problem === null && form.dataset.shows && shown) {
    // A secret that no fresh page would show again, or what came of something that can be done again.
    for (const output of shown.querySelectorAll("output")) {
      const value = answer[output.dataset.of ?? form.dataset.shows];
      output.textContent = value === null || value === "" ? "-" : value;
    }
    shown.hidden = false;
    form.querySelector(".problem").hidden = true;
    for (const button of "again" in form.dataset ? buttons : []) {
      button.disabled = false;
    }
    return;
  }
  if (problem === null) {
    // A fresh page shows what is so now.
    if (form.dataset.next) {
      await go(form.dataset.next);
    } else {
      await refresh(form);
      tell(document.querySelector(`form[data-api="${form.dataset.api}"]`), refused(answer));
    }
    return;
  }
  for (const button of buttons) {
    button.disabled = false;
  }
  if (answer?.code === "hit_found") {
    // The case has the new match now.
    await refresh();
    tell(document.querySelector(`form[data-api$="/screening"]`), problem);
    return;
  }
  tell(form, problem);
});

function tell(form, problem) {
  const place = form?.querySelector(".problem");
  if (place && problem !== null) {
    place.textContent = problem;
    place.hidden = false;
  }
}

// The slider tells where it stands while it is moved, and shows that time when it is let go.
for (const moved of ["input", "change"]) {
  document.addEventListener(moved, ({ target }) => {
    if (!target.matches("form[data-slider] input[type=range]")) {
      return;
    }
    if (moved === "change") {
      target.form.requestSubmit();
    } else {
      target.form.querySelector("output").textContent = target.value;
    }
  });
}
