// What somebody typed and has not sent: it outlives a fresh page, and a sign-in that expired meanwhile. It stays in this tab, for the
// operator who typed it, for an hour at most; nothing sends it but the form that it stands in, when its button is pressed.

const KEPT = "ekyc-portal-drafts";
const LONGEST_MINUTES = 60;
const NEVER_KEPT = "input[type=password], input[type=file], input[type=hidden], input[data-secret]";

/** What came back and has no place on the page yet: a form that is offered again after the next step. */
let waiting = [];

const operator = () => document.querySelector('meta[name="operator"]')?.content;

/** The fields of a page that somebody filled in, by the form that they stand in. */
export function typed(but = null) {
  const drafts = [];
  for (const form of document.querySelectorAll("main form[data-api]")) {
    for (const field of form === but ? [] : form.elements) {
      if (!field.name || !("value" in field) || field.matches(`button, ${NEVER_KEPT}`)) {
        continue;
      }
      const isChoice = ["checkbox", "radio"].includes(field.type);
      const isTouched = isChoice
        ? field.checked !== field.defaultChecked
        : field.localName === "select"
          ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
          : field.value !== field.defaultValue;
      if (isTouched) {
        drafts.push({ api: form.dataset.api, act: actOf(form), name: field.name, value: field.value, checked: isChoice && field.checked, isChoice });
      }
    }
  }
  return drafts;
}

/** Two forms may go to one address: what is fixed in each tells them apart. */
function actOf(form) {
  return [...form.querySelectorAll("input[type=hidden]")].map((field) => `${field.name}=${field.value}`).join("&");
}

/** Puts drafts back where their forms are, and those that wait for their form; returns those that found no place. */
export function restore(drafts) {
  const lost = [];
  for (const draft of [...waiting, ...drafts]) {
    const form = [...document.querySelectorAll("main form[data-api]")].find(
      (one) => one.dataset.api === draft.api && actOf(one) === draft.act,
    );
    const field = [...(form?.elements ?? [])].find(
      (one) => one.name === draft.name && (!draft.isChoice || one.value === draft.value),
    );
    if (!field || field.matches(NEVER_KEPT)) {
      lost.push(draft);
      continue;
    }
    if (draft.isChoice) {
      field.checked = draft.checked;
    } else {
      field.value = draft.value;
    }
  }
  waiting = lost;
  return lost;
}

/** Keeps what stands on this page over a sign-in. */
export function keep() {
  const kept = { page: location.pathname, operator: operator(), at: Date.now(), drafts: typed() };
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing: the page says that it has to be written again.
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // There is nothing then.
  }
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

/** On the page that somebody was sent away from: what was typed there stands there again. */
function comeBack() {
  const kept = read();
  if (!kept) {
    return;
  }
  const left = kept.at + LONGEST_MINUTES * 60_000 - Date.now();
  if (left <= 0 || (operator() && kept.operator !== operator())) {
    forget();
    return;
  }
  if (!operator() || kept.page !== location.pathname) {
    // The sign-in, or another page: it waits, and not for ever.
    setTimeout(forget, left);
    return;
  }
  forget();
  const lost = restore(kept.drafts);
  const told = document.createElement("p");
  told.className = "panel";
  told.setAttribute("role", "status");
  told.dataset.back = "";
  told.textContent = "Your sign-in had expired, so nothing was sent. " + whatIsLeft(kept.drafts, lost);
  document.querySelector("main h1").after(told);
  for (const { value } of lost.filter((draft) => !draft.isChoice)) {
    const text = document.createElement("p");
    text.className = "quote";
    text.textContent = value;
    told.append(text);
  }
}

function whatIsLeft(all, lost) {
  if (all.length === 0) {
    return "Please do it once more.";
  }
  return lost.length === 0
    ? "What you had entered stands in its fields again: check it and press the button once more."
    : "Some of what you had entered has no field on this page now, for instance before the case is claimed again:";
}

comeBack();
