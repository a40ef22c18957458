// The hosted page in a real browser, whose camera plays a film: a person verifies, is refused and tries again, comes back after
// a reload, has no camera, shows only a picture, speaks Spanish, has a small screen, or an old link.
//
// From the environment: BASE_URL, API_KEY, POLICY (demo or default: which the server has), SAMPLES (passport.jpg, selfie.jpg,
// frames), FILMS (left, right, blink, still: .mjpeg), SCREENSHOTS (a folder), CHROMIUM.

import assert from "node:assert/strict";
import fs from "node:fs";

import { asked, base, inspected, isTooWide, person, started } from "./visitor.mjs";

const { SAMPLES: samples, FILMS: films, POLICY: policy } = process.env;
const PHONE = { viewport: { width: 360, height: 740 } };
const PASSPORT = `${samples}/passport.jpg`;
const SELFIE = `${samples}/selfie.jpg`;
const PASSWORD = "correct horse battery staple";

/** A browser whose camera plays a film from its beginning each time it is opened. */
const withFilm = (name) =>
  started([
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-video-capture=${films}/${name}.mjpeg`,
  ]);

const opened = (more = {}) => asked("POST", "/partner/sessions", { external_user_id: "browser", ...more });
const polled = (session) => asked("GET", `/partner/sessions/${session}`);
const visible = (page, id) => page.waitForSelector(`section#${id}:not([hidden])`);

async function agreed(page) {
  await visible(page, "consent");
  await page.click("#agree");
}

/** Chooses a file for the document and sends it. */
async function documentSent(page, file) {
  await visible(page, "document");
  await page.selectOption("#kind", "passport");
  await page.selectOption("#country", "UTO");
  await page.setInputFiles("#document-file", file);
  await page.click("#document [data-part=send]");
}

async function selfieFilmed(page) {
  await visible(page, "selfie");
  await page.click("#selfie [data-part=open]");
  await page.waitForSelector("#selfie [data-part=take]:visible");
  await page.click("#selfie [data-part=take]");
  await page.click("#selfie [data-part=send]");
}

async function moved(page) {
  await visible(page, "liveness");
  await page.click("#movement");
}

/** Which film answers the challenge that the session has open, or draws now. */
async function filmFor(session) {
  const challenge = await asked("GET", `/kyc/${session}/liveness/challenge`);
  return challenge.direction ?? "blink";
}

/** The movement in a browser of its own, whose camera shows what is asked; going on there is as coming back after a reload. */
async function liveness({ session_id: session, kyc_url: address }, options, isRefused = false) {
  const browser = await withFilm(await filmFor(session));
  const { page, wrong } = await person(browser, options);
  await page.goto(address);
  if (isRefused) {
    // Whoever comes back is told again what was wrong.
    await visible(page, "refused");
    await page.click("[data-choice=on]");
  }
  await moved(page);
  return { browser, page, wrong };
}

async function underTheDemonstrationsPolicy() {
  const browser = await withFilm("left");

  // A document that is none, then a better one; the upload is lost once on the way; a reload in the middle.
  const session = await opened({ redirect_url: `${base}/health` });
  const { page, wrong } = await person(browser, { viewport: { width: 1000, height: 900 } });
  // Its identifier in capitals is the same, and the cookie goes where the page is.
  await page.goto(session.kyc_url.replace(session.session_id, session.session_id.toUpperCase()));
  await visible(page, "consent");
  assert.equal(page.url().includes("#"), false, "the token is gone from the address");
  await inspected(page, "hosted-consent");
  await page.click("#handoff summary");
  await page.waitForFunction(() => document.getElementById("handoff-code").naturalWidth > 100);
  await page.click("#handoff summary");
  // Without a mouse.
  await page.focus("#agree");
  await page.keyboard.press("Enter");
  await visible(page, "document");
  await inspected(page, "hosted-document");
  // A country that is missing costs no picture.
  await page.setInputFiles("#document-file", SELFIE);
  await page.click("#document [data-part=send]");
  assert.equal(await page.evaluate(() => document.activeElement.id), "country");
  assert.equal(await page.isVisible("#document [data-part=image]"), true, "the picture is kept");
  await page.selectOption("#kind", "passport");
  await page.selectOption("#country", "UTO");
  await page.click("#document [data-part=send]");
  await visible(page, "refused");
  assert.match(await page.textContent("#advice"), /letters|sharper|portrait|read/i);
  assert.match(await page.textContent("#left"), /2/);
  await inspected(page, "hosted-refused");
  await page.reload();
  await visible(page, "refused");
  await page.click("[data-choice=again]");
  let lost = 0;
  await page.route("**/document", (route) => (lost++ === 0 ? route.abort() : route.continue()));
  await documentSent(page, PASSPORT);
  await visible(page, "selfie");
  assert.equal(lost, 2, "the upload was sent again");
  await page.unroute("**/document");
  await inspected(page, "hosted-selfie");
  await page.reload();
  await selfieFilmed(page);
  await visible(page, "liveness");
  await inspected(page, "hosted-liveness");
  await page.click("#held summary");
  await page.waitForSelector("#held-items li >> nth=2");
  const walked = await liveness(session);
  await visible(walked.page, "approved");
  assert.equal((await polled(session.session_id)).decision, "approved");
  // Whoever shows that they are reading is not sent away.
  await walked.page.waitForSelector("#approved [data-counted]:has-text('Returning in')");
  await walked.page.waitForTimeout(600);
  await walked.page.keyboard.press("ArrowDown");
  await walked.page.waitForSelector("#approved [data-counted]:has-text('waits for you')");
  await inspected(walked.page, "hosted-approved");
  await walked.page.click("#approved [data-return] a");
  await walked.page.waitForURL(`${base}/health?session_id=${session.session_id}&status=approved`);
  // The window that was left behind tells the outcome too.
  await page.clock.install();
  await page.reload();
  await visible(page, "approved");
  const passed = async (seconds) => {
    for (let second = 0; second < seconds; second += 1) await page.clock.runFor(1_000).catch(() => {});
  };
  await passed(20);
  await page.waitForSelector("#approved [data-counted]:has-text('Returning in')");
  const hide = (is) => page.evaluate((is) => Object.defineProperty(document, "hidden", { get: () => is, configurable: true }), is);
  await hide(true);
  await passed(60);
  assert.equal(new URL(page.url()).pathname, `/kyc/${session.session_id}`, "a hidden page stands still");
  await hide(false);
  await passed(15);
  await page.waitForURL(`${base}/health?session_id=${session.session_id}&status=approved`);
  await page.goBack();
  await visible(page, "approved");
  await passed(5);
  await page.mouse.move(200, 200);
  await page.mouse.move(210, 210);
  await passed(60);
  assert.equal(new URL(page.url()).pathname, `/kyc/${session.session_id}`, "no time runs out under a reader");

  // Nothing of another session, and no second life for an old link.
  await asked("POST", `/partner/sessions/${(await opened()).session_id}/cancel`);
  const stranger = await opened();
  await page.goto(`${base}/kyc/${stranger.session_id}`);
  await visible(page, "link_over");
  await inspected(page, "hosted-link-over");
  const replaced = await opened();
  await asked("POST", `/partner/sessions/${replaced.session_id}/link`);
  await page.goto(replaced.kyc_url);
  await visible(page, "link_over");
  const cancelled = await opened();
  await asked("POST", `/partner/sessions/${cancelled.session_id}/cancel`);
  await page.goto(cancelled.kyc_url);
  await visible(page, "cancelled");
  assert.deepEqual([wrong, walked.wrong], [[], []]);
  await walked.browser.close();
  await browser.close();

  // Spanish, on a small screen; and a page that reads from right to left stays within it.
  const phone = await withFilm("right");
  const spanish = await opened();
  const { page: pagina, wrong: mal } = await person(phone, { ...PHONE, locale: "es-ES" });
  await pagina.goto(spanish.kyc_url);
  await visible(pagina, "consent");
  assert.equal(await pagina.getAttribute("html", "lang"), "es");
  await inspected(pagina, "hosted-consent-spanish");
  await agreed(pagina);
  await visible(pagina, "document");
  assert.ok((await pagina.textContent("#country")).includes("Alemania"));
  await inspected(pagina, "hosted-document-spanish");
  const consent = await asked("POST", `/kyc/${spanish.session_id}/consent`, {
    text_hash: await pagina.getAttribute("#consent", "data-text-hash"),
    locale: "es",
  });
  assert.equal(consent.locale, "es", "the consent that was given is the one in Spanish");
  await pagina.click("#document [data-part=open]");
  await pagina.waitForSelector("#document [data-part=take]:visible");
  await pagina.waitForTimeout(500);
  await inspected(pagina, "hosted-camera-spanish");
  await pagina.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  assert.equal(await isTooWide(pagina), false, "from right to left it fits too");
  assert.deepEqual(mal, []);
  await phone.close();

  // A picture held before the camera is nobody.
  const still = await withFilm("still");
  const held = await opened();
  const { page: dead } = await person(still, PHONE);
  await dead.goto(held.kyc_url);
  await agreed(dead);
  await documentSent(dead, PASSPORT);
  await selfieFilmed(dead);
  await moved(dead);
  for (let tries = 1; ; tries += 1) {
    await visible(dead, "refused");
    if (tries === 3) break;
    assert.equal(await dead.isVisible("[data-choice=on]"), false, "a movement is tried again");
    if (tries === 1) await inspected(dead, "hosted-refused-liveness");
    await dead.click("[data-choice=again]");
    await moved(dead);
  }
  assert.equal(await dead.isVisible("[data-choice=again]"), false);
  await inspected(dead, "hosted-refused-last");
  await dead.click("[data-choice=on]");
  await dead.waitForSelector("section#manual_review:not([hidden]), section#rejected:not([hidden])");
  assert.notEqual((await polled(held.session_id)).decision, "approved");
  await still.close();

  // The camera is refused, then allowed: it can be asked for again, for a picture and for the movement.
  const shy = await started([
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${films}/left.mjpeg`,
  ]);
  const asking = await opened();
  const { page: door, wrong: ofDoor } = await person(shy, PHONE);
  await door.goto(asking.kyc_url);
  await agreed(door);
  await visible(door, "document");
  await door.click("#document [data-part=open]");
  await door.waitForSelector("#document [data-part=note]:has-text('did not give the camera')");
  await door.waitForSelector("#document [data-part=open]:has-text('Try the camera again')");
  await inspected(door, "hosted-camera-again");
  await documentSent(door, PASSPORT);
  await visible(door, "selfie");
  await door.setInputFiles("#selfie-file", SELFIE);
  await door.click("#selfie [data-part=send]");
  await moved(door);
  await door.waitForSelector("#film-note:has-text('did not give the camera')");
  await inspected(door, "hosted-film-again");
  await door.context().grantPermissions(["camera"], { origin: base });
  await door.click("#film-again");
  await door.waitForSelector("#film-stage:not([hidden])");
  assert.equal(await door.isVisible("#film-files"), false);
  assert.deepEqual(ofDoor, []);
  await shy.close();

  // No camera: files are taken, and a person looks at them.
  const blind = await started();
  const byFile = await opened();
  const { page: files } = await person(blind, PHONE);
  await files.goto(byFile.kyc_url);
  await agreed(files);
  await visible(files, "document");
  await files.click("#document [data-part=open]");
  await files.waitForSelector("#document [data-part=note]:not([hidden])");
  await files.waitForSelector("#document [data-part=open]:has-text('Try the camera again')");
  await inspected(files, "hosted-camera-denied");
  await documentSent(files, PASSPORT);
  await visible(files, "selfie");
  await files.setInputFiles("#selfie-file", SELFIE);
  await files.click("#selfie [data-part=send]");
  const asks = await (async () => {
    await visible(files, "liveness");
    const film = await filmFor(byFile.session_id);
    await files.click("#movement");
    await files.waitForSelector("#film-files:not([hidden])");
    return film;
  })();
  const folder = `${samples}/${asks}`;
  await files.setInputFiles("#frames", [SELFIE]);
  await files.waitForSelector("#frames-note:has-text('3 to 60')");
  await files.setInputFiles("#frames", [1, 2, 3].map((number) => ({ name: `${number}.jpg`, mimeType: "image/jpeg", buffer: Buffer.from("no picture") })));
  await files.waitForSelector("#frames-note:has-text('no picture that can be read')");
  await files.setInputFiles("#frames", fs.readdirSync(folder).sort().map((name) => `${folder}/${name}`));
  await visible(files, "manual_review");
  const capped = await polled(byFile.session_id);
  assert.equal(capped.decision, "manual_review");
  assert.equal(capped.verification_results.liveness_passed, true, "only where it came from speaks against it");
  await inspected(files, "hosted-manual-review");

  // A reviewer asks for one step again, with a word to the person; the other steps stay as they are.
  const { page: ann, wrong: ofAnn } = await person(blind, { viewport: { width: 1280, height: 900 } });
  await signedIn(ann);
  await taken(ann, byFile.session_id);
  const message = "Take off your <b>hat</b>, please";
  await ann.check("input[name='steps[]'][value=selfie]");
  await ann.fill("textarea[name=message]", message);
  await ann.click("button:has-text('Send back')");
  await until(byFile.session_id, "pending");
  const again = await asked("POST", `/partner/sessions/${byFile.session_id}/link`);
  await files.goto(again.kyc_url);
  await visible(files, "selfie");
  assert.equal(await files.textContent("#message"), message);
  await inspected(files, "hosted-resubmission");
  await files.setInputFiles("#selfie-file", SELFIE);
  await files.click("#selfie [data-part=send]");
  await visible(files, "manual_review");

  // The reviewer has seen enough: a rejection names its reason, and the person is told in words that reveal nothing.
  await taken(ann, byFile.session_id);
  await ann.click("button:has-text('Reject')");
  await ann.waitForSelector(".problem:not([hidden])");
  await ann.check("input[name='codes[]'][value=document_unusable]");
  await ann.fill("form:has(input[name='codes[]']) textarea[name=note]", "Seen <i>elsewhere twice</i>");
  await ann.click("button:has-text('Reject')");
  await until(byFile.session_id, "rejected");
  await ann.goto(`${base}/admin/reviews/${byFile.session_id}`);
  await ann.waitForSelector(".quote:has-text('Seen <i>elsewhere twice</i>')");
  await inspected(ann, "case-rejected");
  await files.reload();
  await visible(files, "rejected");
  assert.equal((await files.content()).includes("elsewhere twice"), false, "notes are for colleagues");
  assert.deepEqual(ofAnn, []);
  await blind.close();
}

/** A reviewer at the portal. */
async function signedIn(page) {
  await page.goto(`${base}/admin/sign-in`);
  await page.fill("#login", "ann");
  await page.fill("#password", PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/admin`);
}

async function taken(page, session) {
  await page.goto(`${base}/admin/reviews/${session}`);
  await page.click("text=Take the case");
  await page.waitForSelector("text=Give the case back");
}

async function until(session, status) {
  for (let tries = 0; (await polled(session)).status !== status; tries++) {
    assert.ok(tries < 100, `${session} does not become ${status}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** The same evidence where specimens are not accepted. */
async function underTheDefaultPolicy() {
  const browser = await withFilm("left");
  const session = await opened({ redirect_url: `${base}/health` });
  const { page } = await person(browser, PHONE);
  await page.goto(session.kyc_url);
  await agreed(page);
  await visible(page, "document");
  assert.equal(await page.locator("#country option[value=UTO]").count(), 0);
  await page.selectOption("#country", "ES");
  await page.setInputFiles("#document-file", PASSPORT);
  await page.click("#document [data-part=send]");
  await visible(page, "refused");
  await page.click("[data-choice=on]");
  await selfieFilmed(page);
  await visible(page, "liveness");
  const walked = await liveness(session, PHONE, true);
  await visible(walked.page, "rejected");
  assert.equal((await polled(session.session_id)).decision, "rejected");
  await inspected(walked.page, "hosted-rejected");
  await walked.page.fill("#contest-reason", "It is <b>not</b> a specimen");
  await walked.page.click("#contest-send");
  await visible(walked.page, "manual_review");
  assert.equal((await polled(session.session_id)).decision, "manual_review");
  await walked.browser.close();
  await browser.close();
}

await { demo: underTheDemonstrationsPolicy, default: underTheDefaultPolicy }[policy]();
console.log(`hosted page under the ${policy} policy: walked`);
