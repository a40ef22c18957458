// The way through a verification. The server knows how far it got; this page asks it, shows the step that is next, and asks
// again after each, so that a reload or another device goes on where it was.

import { addressOf, call, parts, Refused, watchSilence } from "./calls.js";
import * as camera from "./camera.js";
import { picture } from "./picture.js";
import { nameCountries, say } from "./words.js";

const at = (id) => document.getElementById(id);
const FILM = { seconds: Number(document.body.dataset.filmSeconds), perSecond: Number(document.body.dataset.filmRate) };
const READY_SECONDS = 3;
/** Long enough to notice and to stop with one key (WCAG 2.2, 2.2.1). */
const RETURN_SECONDS = 30;
const READING_AFTER_SECONDS = 0.5;
/** What somebody does who is still reading. */
const READING = ["pointerdown", "pointermove", "wheel", "touchstart", "keydown", "focusin", "selectionchange"];
const WATCH_SECONDS = 4;
const DRESS_SECONDS = 2;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
const pressed = (button) => new Promise((resolve) => button.addEventListener("click", resolve, { once: true }));

/** The session as its person may see it. */
let progress = null;
/** Steps that go on although they were refused. */
const settled = new Set();

/** Shows one section alone, and leads keyboard and screen reader to its heading. */
function show(id) {
  for (const section of document.querySelectorAll("main > section")) {
    section.hidden = section.id !== id;
  }
  const heading = at(id).querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
  window.scrollTo(0, 0);
}

/** Waits for a choice among the buttons of a section. */
function choice(section) {
  const ending = new AbortController();
  return new Promise((resolve) => {
    for (const button of section.querySelectorAll("button[data-choice]")) {
      const chosen = () => {
        ending.abort();
        resolve(button.dataset.choice);
      };
      button.addEventListener("click", chosen, { signal: ending.signal });
    }
  });
}

/** Sends evidence and shows how much of it went. */
async function sent(path, fields) {
  const bar = at("sent");
  const text = at("sent-text");
  bar.value = 0;
  text.textContent = say("sending", { percent: 0 });
  show("sending");
  const onProgress = (part) => {
    bar.value = part;
    text.textContent = part < 1 ? say("sending", { percent: Math.floor(part * 100) }) : say("checking");
  };
  return call("POST", path, { body: parts(fields), onProgress });
}

const stepOf = (name) => progress.steps.find((step) => step.step === name);

async function look() {
  progress = await call("GET", "outcome");
}

const OF_THE_PICTURE = ["image_blurred", "image_glare", "image_too_small", "several_documents", "face_not_on_document"];
const MOST_ADVICE = 3;

/** The few problems worth telling: what is wrong with the picture first, for the rest often follows from it. */
function foremost(problems) {
  const each = [...new Set(problems)];
  const [first, rest] = [true, false].map((is) => each.filter((one) => OF_THE_PICTURE.includes(one) === is));
  return [...first, ...rest].slice(0, MOST_ADVICE);
}

/** What speaks against an attempt, in sentences; then another attempt, or on with what there is. */
async function refused(name, problems) {
  await look();
  const section = at("refused");
  const left = stepOf(name).attempts_left;
  const advice = at("advice");
  advice.replaceChildren(
    ...foremost(problems).map((problem) => {
      const line = document.createElement("li");
      line.textContent = say(problem);
      return line;
    }),
  );
  const done = stepOf(name).done;
  // Whoever let every challenge pass has nothing to go on with.
  at("left").textContent = left > 0 ? say("attempts_left", { left }) : say(done ? "no_attempt_left" : "no_way_on");
  // A movement has no picture to go on with: it is tried again while that can be.
  const mayGoOn = done && (name !== "liveness" || left === 0);
  const on = section.querySelector('[data-choice="on"]');
  section.querySelector('[data-choice="again"]').hidden = left === 0;
  on.hidden = !mayGoOn;
  on.textContent = say(left === 0 ? "go_on_without" : "go_on_anyway");
  at("on-note").hidden = !mayGoOn || left === 0;
  show("refused");
  if ((await choice(section)) === "on") {
    settled.add(name);
    return false;
  }
  return true;
}

/** Refusals that say that the session stands elsewhere by now: another device went on with it, or its time is over. */
const ELSEWHERE = ["outcome_only", "session_already_submitted", "session_expired", "session_cancelled", "step_not_requested"];

/** Carries an attempt out; a refusal of what was sent is a problem like any other. */
async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused && [400, 409, 413, 415, 422].includes(error.status) && !ELSEWHERE.includes(error.code)) {
      return [error.code];
    }
    throw error;
  }
}

async function consent() {
  show("consent");
  await pressed(at("agree"));
  const { textHash, locale } = at("consent").dataset;
  await call("POST", "consent", { body: { text_hash: textHash, locale } });
}

const OF_THE_ZONE = [
  "mrz_missing",
  "mrz_check_digit_failed",
  "number_ambiguous",
  "document_code_unknown",
  "issuer_unknown",
  "nationality_unknown",
  "name_implausible",
  "name_unconfirmed",
  "birth_date_in_doubt",
];

/** The side of a card that has to be taken again. */
let sideAgain = null;

async function documentSide() {
  const section = at("document");
  const kind = at("kind");
  const country = at("country");
  const declared = progress.document;
  const side = sideAgain ?? declared?.next_side ?? "front";
  if (declared) {
    kind.value = declared.document_type;
    country.value = [...country.options].find((option) => option.dataset.alpha3 === declared.country_code)?.value ?? "";
  }
  const word = kind.value === "passport" ? "side_page" : `side_${side}`;
  at("side").textContent = say("side_now", { side: say(word) });
  show("document");
  const taken = await picture(section, "environment", () => at("declared").reportValidity());
  const problems = await attempt(async () => {
    const fields = { document_type: kind.value, country_code: country.value, side: kind.value === "passport" ? "front" : side, file: taken.blob };
    const answer = await sent("document", fields);
    await look();
    const problems = answer.is_valid ? [] : answer.validation_errors;
    if (progress.document?.next_side === "back") {
      // The zone may be on the other side: so far only the picture itself can be wrong.
      return problems.filter((problem) => OF_THE_PICTURE.includes(problem));
    }
    return problems;
  });
  const ofBack = progress.document?.has_back && problems.some((problem) => OF_THE_ZONE.includes(problem));
  sideAgain = problems.length === 0 ? null : ofBack ? "back" : "front";
  return problems;
}

async function selfie() {
  show("selfie");
  const { blob, source } = await picture(at("selfie"), "user");
  return attempt(async () => {
    const answer = await sent("selfie", { capture: source, file: blob });
    if (answer.match_passed) {
      return answer.validation_errors;
    }
    const unlike = answer.match_passed === null ? "face_not_compared" : "face_mismatch";
    return answer.validation_errors.length > 0 ? answer.validation_errors : [unlike];
  });
}

/** Pictures of the movement that the person chooses, as often as it takes until they can be used; null to ask for the camera again. */
async function framesFromFiles() {
  const input = at("frames");
  const note = at("frames-note");
  for (;;) {
    const ending = new AbortController();
    const isAgain = await new Promise((resolve) => {
      input.addEventListener("change", () => resolve(false), { signal: ending.signal });
      at("film-again").addEventListener("click", () => resolve(true), { signal: ending.signal });
    });
    ending.abort();
    if (isAgain) {
      return null;
    }
    const files = [...input.files];
    input.value = "";
    try {
      if (files.length < 3 || files.length > 60) {
        throw new Error("file_count");
      }
      return await Promise.all(files.map(camera.asFrame));
    } catch (error) {
      note.textContent = say(error.message);
      note.hidden = false;
    }
  }
}

/** Opens the camera before anything is asked, so that a question of the browser costs no time of the answer; says what kept it. */
async function filmOpened() {
  const isOffered = camera.isOffered();
  at("film-again").hidden = !isOffered;
  try {
    if (isOffered) {
      await camera.open(at("film"), "user");
      return true;
    }
    at("film-note").textContent = say("camera_plain");
  } catch (error) {
    camera.close(at("film"));
    at("film-note").textContent = say(camera.refusalOf(error));
  }
  return false;
}

/** What the person is asked to do. */
async function challenged() {
  const challenge = await call("POST", "liveness/challenge");
  at("instruction").textContent = say(challenge.direction ? `head_turn_${challenge.direction}` : "blink");
  return challenge;
}

/** The frames of a movement, filmed. */
async function filmed() {
  const section = at("liveness");
  const video = at("film");
  const told = at("film-told");
  at("film-stage").hidden = false;
  section.classList.remove("on-air");
  for (let seconds = READY_SECONDS; seconds > 0; seconds -= 1) {
    told.textContent = say("ready", { seconds });
    await pause(1);
  }
  section.classList.add("on-air");
  const onSecond = (seconds) => {
    told.textContent = say("recording", { seconds });
  };
  try {
    return await camera.film(video, { ...FILM, onSecond });
  } finally {
    section.classList.remove("on-air");
    camera.close(video);
  }
}

/** A challenge and the frames that answer it: filmed, or chosen while there is no camera. */
async function answered() {
  for (;;) {
    if (await filmOpened()) {
      at("film-files").hidden = true;
      try {
        const challenge = await challenged();
        return { challenge, source: "camera", blobs: await filmed() };
      } finally {
        camera.close(at("film"));
      }
    }
    at("film-files").hidden = false;
    const challenge = await challenged();
    const blobs = await framesFromFiles();
    if (blobs) {
      return { challenge, source: "file", blobs };
    }
  }
}

async function liveness() {
  at("film-stage").hidden = true;
  at("film-files").hidden = true;
  at("frames-note").hidden = true;
  at("instruction").textContent = "";
  at("movement").hidden = false;
  show("liveness");
  await pressed(at("movement"));
  at("movement").hidden = true;
  return attempt(async () => {
    const { challenge, source, blobs } = await answered();
    const answer = await sent("liveness", { challenge_id: challenge.challenge_id, capture: source, files: blobs });
    return answer.passed ? [] : answer.reasons;
  });
}

const WORK = { document: documentSide, selfie, liveness };

/** The step that is to be done next, if any. */
function nextStep() {
  return progress.steps.find((step) => step.needed && !step.passed && !settled.has(step.step));
}

async function steps() {
  for (let step = nextStep(); step; step = nextStep()) {
    const number = progress.steps.findIndex((one) => one.step === step.step) + 1;
    for (const place of document.querySelectorAll("[data-progress]")) {
      place.textContent = say("progress", { step: number, steps: progress.steps.length });
    }
    const { step: name } = step;
    // From before a reload: what was wrong then is said first.
    if (step.done && !(await refused(name, step.problems))) {
      continue;
    }
    let problems = await WORK[name]();
    while (problems.length > 0 && (await refused(name, problems))) {
      problems = await WORK[name]();
    }
    await look();
  }
}

async function leave(section) {
  const place = section.querySelector("[data-return]");
  if (!progress.redirect_url || !place) {
    return;
  }
  const link = place.querySelector("a");
  link.href = progress.redirect_url;
  place.hidden = false;
  if (progress.may_contest) {
    // Whoever may want to object is not sent away.
    place.querySelector("[data-counted]").hidden = true;
    place.querySelector("button").hidden = true;
    return;
  }
  if (await isLeft(place)) {
    location.assign(progress.redirect_url);
  }
}

/** Counts down beside the way back; false once somebody stays or shows that they are reading. A hidden page stands still. */
async function isLeft(place) {
  const counted = place.querySelector("[data-counted]");
  const ending = new AbortController();
  const stay = (word) => {
    ending.abort();
    counted.textContent = word ? say(word) : "";
    counted.hidden = !word;
    place.querySelector("button").hidden = true;
  };
  // What the page itself does on its way here is nobody's reading.
  await pause(READING_AFTER_SECONDS);
  place.querySelector("button").addEventListener("click", () => stay(null), { signal: ending.signal });
  for (const sign of READING) {
    document.addEventListener(sign, () => stay("return_waits"), { signal: ending.signal, passive: true });
  }
  for (let seconds = RETURN_SECONDS; seconds > 0; ) {
    counted.textContent = say("returning", { seconds });
    await pause(1);
    if (ending.signal.aborted) {
      return false;
    }
    seconds -= document.hidden ? 0 : 1;
  }
  return true;
}

async function end() {
  at("message-place").hidden = true;
  const section = at(progress.status) ?? at("manual_review");
  if (progress.status === "rejected") {
    at("contest-form").hidden = !progress.may_contest;
    at("final").hidden = progress.may_contest;
    at("automatic").hidden = !progress.may_contest;
  }
  show(section.id);
  if (progress.status === "rejected" && progress.may_contest) {
    leave(section);
    await pressed(at("contest-send"));
    const reason = at("contest-reason").value.trim();
    await call("POST", "contest", { body: reason ? { reason } : {} });
    await look();
    return end();
  }
  return leave(section);
}

const COLLECTING = ["pending", "processing"];

async function go() {
  if (COLLECTING.includes(progress.status)) {
    at("message-place").hidden = !progress.message;
    at("message").textContent = progress.message ?? "";
    if (!progress.consent_given) {
      await consent();
    }
    await steps();
    show("finishing");
    await call("POST", "submit");
    await look();
  }
  await end();
}

/** Shows on this screen what was done on another. */
async function follow() {
  const before = JSON.stringify(progress);
  // Whoever begins here after all is not interrupted.
  const isWatching = () => !at("consent").hidden && at("handoff").open;
  while (isWatching()) {
    await pause(WATCH_SECONDS);
    const now = await call("GET", "outcome");
    if (isWatching() && JSON.stringify(now) !== before) {
      location.reload();
    }
  }
}

async function held() {
  const known = await call("GET", "held");
  const line = (text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  };
  const lines = known.items.map(({ kind, count }) => say(`held_${kind}`, { count }));
  at("held-items").replaceChildren(...(lines.length > 0 ? lines : [say("held_nothing")]).map(line));
}

/** Puts the page into the look of the company that sent the person here, if that has one. */
async function dress() {
  const { name, logo } = await call("GET", "brand");
  if (name === null) {
    return;
  }
  document.title = say("title_of", { name });
  at("title").textContent = document.title;
  if (logo) {
    Object.assign(at("logo"), { ...logo, alt: name, src: addressOf("logo.png"), hidden: false });
  }
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: addressOf("brand.css") });
  await new Promise((resolve, reject) => {
    style.addEventListener("load", resolve);
    style.addEventListener("error", reject);
    document.head.append(style);
  });
}

async function begin() {
  watchSilence((silent) => {
    at("silence").hidden = !silent;
  });
  nameCountries(at("country"));
  at("held").addEventListener("toggle", () => at("held").open && held().catch(() => {}));
  at("handoff").addEventListener("toggle", () => {
    if (at("handoff").open) {
      at("handoff-code").src = addressOf("handoff.svg");
      follow().catch(() => {});
    }
  });
  // A newer link in the same window.
  window.addEventListener("hashchange", () => location.reload());
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  progress = token ? await call("POST", "session", { token }) : await call("GET", "outcome");
  if (token) {
    // The cookie has it now, and nobody reads it over a shoulder or finds it in the history.
    history.replaceState(null, "", location.pathname + location.search);
  }
  if (!("branded" in document.body.dataset)) {
    // From the next load on the page comes in it. Nobody waits long for looks.
    await Promise.race([dress().catch(() => {}), pause(DRESS_SECONDS)]);
  }
  at("around").hidden = false;
  await go();
}

/** What cannot be mended here gets a page of its own. */
function fail(error) {
  camera.close(at("film"));
  if (error instanceof Refused && ELSEWHERE.includes(error.code)) {
    location.reload();
    return;
  }
  if (error instanceof Refused && [401, 403, 404].includes(error.status)) {
    show("link_over");
    return;
  }
  at("trouble-text").textContent = say(error instanceof Refused && error.code === "offline" ? "offline_end" : "unknown");
  show("trouble");
  pressed(at("reload")).then(() => location.reload());
}

begin().catch(fail);
