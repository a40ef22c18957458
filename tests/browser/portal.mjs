// The portal in a real browser: two reviewers work one case, one goes from case to case by keyboard, an administrator assigns cases,
// makes a key and stops it; no page loads anything from elsewhere, breaks its policy, needs a mouse, or keeps somebody out.
//
// From the environment: BASE_URL, API_KEY, SESSION (a case with one possible match), OTHERS (two more), SCREENSHOTS (a folder), CHROMIUM.

import assert from "node:assert/strict";

import { asked, base, inspected, person as personIn, started } from "./visitor.mjs";

const { SESSION: session, OTHERS } = process.env;
const others = OTHERS.split(",");
const PASSWORD = "correct horse battery staple";

const browser = await started();
const person = (options) => personIn(browser, options);

/** Signs in without a mouse. */
async function signIn(page, login) {
  await page.goto(`${base}/admin`);
  // The page puts the cursor there by itself, a moment after it has loaded.
  await page.waitForSelector("#login:focus");
  await page.keyboard.type(login);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/admin`);
}

/** Lists follow the log at a distance of milliseconds. */
async function appears(page, address, selector) {
  for (let tries = 0; tries < 50; tries += 1) {
    await page.goto(address);
    if ((await page.locator(selector).count()) > 0) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`${selector} does not appear at ${address}`);
}

const isCase = (url) => url.pathname.startsWith("/admin/reviews/");
const isCaseOf = (one) => (url) => url.pathname === `/admin/reviews/${one}`;
const isQueue = (url) => url.pathname === "/admin";

async function problem(page) {
  return page.textContent(".problem:not([hidden])");
}

const { page: ann, wrong: ofAnn } = await person({ viewport: { width: 1280, height: 900 } });
await ann.goto(`${base}/admin`);
await inspected(ann, "sign-in");
await ann.fill("#login", "ann");
await ann.fill("#password", "not her password");
await ann.keyboard.press("Enter");
await ann.waitForSelector(".problem:not([hidden])");
assert.match(await problem(ann), /not right/);
await signIn(ann, "ann");
await inspected(ann, "queue");

// A filter says how many of how many, and the way from case to case stays within it.
await ann.waitForSelector("text=3 cases to review.");
await ann.goto(`${base}/admin?cause=undecided&order=riskiest`);
await ann.waitForSelector("text=2 of 3 cases to review match the filter.");
await inspected(ann, "queue-filtered");
await ann.click("text=Start next case");
const within = [];
for (const _ of others) {
  await ann.waitForURL((url) => isCase(url) && !within.some((one) => url.pathname.includes(one)));
  const url = new URL(ann.url());
  assert.deepEqual([url.searchParams.get("cause"), url.searchParams.get("order")], ["undecided", "riskiest"]);
  within.push(url.pathname.split("/").at(-1));
  if (within.length < others.length) await ann.click("text=Next case");
}
assert.deepEqual(within.sort(), [...others].sort(), "the case of another cause is not among them");
await ann.click("text=Back to the queue");
await ann.waitForURL((url) => isQueue(url) && url.searchParams.get("cause") === "undecided");
await ann.click("text=Show all");

const { page: ben, wrong: ofBen } = await person({ viewport: { width: 390, height: 844 } });
await signIn(ben, "ben");
const address = `${base}/admin/reviews/${session}`;
await ben.goto(address);
await ann.waitForSelector(`a[href*="${session}"]`);
await ann.click("text=Start next case");
await ann.waitForURL(isCase);
await ann.goto(address);
await ann.click("text=Take the case");
await ann.waitForSelector("text=Give the case back");
await inspected(ann, "case");
// The case was free when ben's page was made; it is not any more.
await ben.click("text=Take the case");
await ben.waitForSelector(".problem:not([hidden])");
assert.match(await problem(ben), /Another reviewer/);

// What would be refused is not offered.
await ann.waitForSelector("text=Resolve every possible match first.");
assert.equal(await ann.locator("button:has-text('Approve')").count(), 0);
await ann.fill("form:has([name=entity_id]) [name=note]", "Another face");
await ann.click("button:has-text('Somebody else')");
await ann.waitForSelector("text=Found to be somebody else");
await ann.waitForSelector("text=You cleared a match; a second reviewer must approve.");
assert.equal(await ann.locator("button:has-text('Approve')").count(), 0);
await ann.click("text=Give the case back");
await ann.waitForURL(isQueue);

await ben.reload();
await ben.click("text=Take the case");
await ben.waitForSelector("text=Give the case back");
await inspected(ben, "case-phone");
await ben.keyboard.press("a");
assert.equal(await ben.evaluate(() => document.activeElement.textContent), "Approve");
await ben.keyboard.press("Enter");
// The next case follows by itself.
await ben.waitForURL((url) => isCase(url) && url.href !== address);
await ben.goto(address);
await ben.waitForSelector(".tag:has-text('approved')");
await ben.goto(`${base}/admin/lists?name=Nobody+Whatsoever`);
await ben.waitForSelector("text=Nobody of that name is listed.");
await inspected(ben, "lists-phone");

assert.equal((await asked("GET", `/partner/sessions/${session}`)).status, "approved");

// From case to case by keyboard. The next one's images are loaded while another is looked at, and none is loaded twice.
const fetched = [];
ann.on("request", (request) => {
  if (request.url().includes("/evidence/")) fetched.push(request.url());
});
await ann.goto(`${base}/admin`);
await ann.keyboard.press("n");
await ann.waitForURL(isCase);
await ann.waitForLoadState("networkidle");
const first = others.find((one) => ann.url().includes(one));
const second = others.find((one) => one !== first);
assert.ok(first && fetched.some((url) => url.includes(second)), "the next case's images are there before it is opened");
const seen = fetched.length;
await ann.keyboard.press("n");
await ann.waitForURL(isCaseOf(second));
assert.match(await ann.title(), new RegExp(`^Case ${second.slice(0, 8)} `));
assert.equal(await ann.evaluate(() => document.activeElement.tagName), "H1", "a screen reader says where it is");
const areThere = () => [...document.querySelectorAll("main .images img")].every((image) => image.complete && image.naturalWidth > 0);
assert.equal(await ann.evaluate(areThere), true, "without waiting");
await ann.keyboard.press("c");
await ann.waitForSelector("text=Give the case back");
await ann.waitForLoadState("networkidle");
assert.equal(fetched.slice(seen).some((url) => url.includes(second)), false, "from memory");

// The keys are told, and can be switched off.
await ann.keyboard.press("?");
await ann.waitForSelector("dialog[open]");
await inspected(ann, "keyboard");
await ann.uncheck("[data-switch]");
await ann.keyboard.press("Escape");
await ann.keyboard.press("r");
await ann.waitForTimeout(300);
assert.equal(await ann.locator("text=Give the case back").count(), 1, "the keys are off");
await ann.click("button:has-text('Keyboard')");
await ann.check("[data-switch]");
await ann.keyboard.press("Escape");
// This case has a match that nobody has resolved: what is not offered has no key either.
await ann.keyboard.press("a");
assert.equal(await ann.locator("button:has-text('Approve')").count(), 0);
assert.equal(await ann.evaluate(() => document.activeElement.textContent), "Keyboard");
await ann.keyboard.press("j");
await ann.keyboard.press("Space");
// In a field no key is a command.
await ann.keyboard.press("n");
await ann.focus("button:has-text('Reject')");
await ann.keyboard.press("Enter");
await ann.waitForURL(isCaseOf(first));
assert.equal((await asked("GET", `/partner/sessions/${second}`)).status, "rejected");
await ann.goBack();
await ann.waitForURL(isCaseOf(second));
await ann.waitForSelector(".tag:has-text('rejected')");
await ann.goForward();
await ann.waitForURL(isCaseOf(first));
await ann.waitForSelector("text=Take the case");

// A sign-in that expired: the way leads back to the page, the note stands in its field, and nothing was sent or lost.
const note = "Written <b>before</b> the sign-in expired";
await ann.fill("form[data-api$='/notes'] textarea", note);
await ann.context().clearCookies();
await ann.click("button:has-text('Add the note')");
await ann.waitForURL((url) => url.pathname === "/admin/sign-in");
await inspected(ann, "sign-in-again");
await ann.fill("#login", "ann");
await ann.fill("#password", PASSWORD);
await ann.keyboard.press("Enter");
await ann.waitForURL(isCaseOf(first));
await ann.waitForSelector("[data-back]:has-text('nothing was sent')");
assert.equal(await ann.inputValue("form[data-api$='/notes'] textarea"), note);
assert.equal(await ann.evaluate(() => sessionStorage.length), 0, "it is kept nowhere any more");
assert.equal(await ann.locator(".quote").count(), 0);
await inspected(ann, "case-signed-in-again");
// What is typed in one form stays when another is sent.
await ann.click("text=Take the case");
await ann.waitForSelector("text=Give the case back");
assert.equal(await ann.inputValue("form[data-api$='/notes'] textarea"), note);
await ann.fill("form[data-api$='/resubmission'] textarea", "Once more, please");
await ann.click("button:has-text('Add the note')");
await ann.waitForSelector(`.quote:has-text("${note}")`);
assert.equal(await ann.inputValue("form[data-api$='/notes'] textarea"), "");
assert.equal(await ann.inputValue("form[data-api$='/resubmission'] textarea"), "Once more, please");
await ann.fill("form[data-api$='/resubmission'] textarea", "");
// Somebody else at the same window gets nothing of it.
await ann.fill("form[data-api$='/notes'] textarea", note);
await ann.context().clearCookies();
await ann.click("button:has-text('Add the note')");
await ann.waitForURL((url) => url.pathname === "/admin/sign-in");
await ann.fill("#login", "ben");
await ann.fill("#password", PASSWORD);
await ann.keyboard.press("Enter");
await ann.waitForURL(isCaseOf(first));
await ann.waitForLoadState("networkidle");
assert.equal(await ann.inputValue("form[data-api$='/notes'] textarea"), "");
assert.equal(await ann.evaluate(() => sessionStorage.length), 0);
await ann.context().clearCookies();
await signIn(ann, "ann");
await ann.goto(`${base}/admin/reviews/${first}?order=oldest`);

// The last one is put off: nothing is left, until somebody looks for what is put off.
await ann.click("text=Put the case off");
await inspected(ann, "case-put-off");
await ann.click("button:has-text('Put off until then')");
await ann.waitForSelector(".problem:not([hidden])");
assert.match(await problem(ann), /until: Field required/);
await ann.click("button:has-text('Tomorrow')");
await ann.waitForURL((url) => isQueue(url) && url.searchParams.has("done"));
await ann.waitForSelector("text=Your queue is empty.");
await inspected(ann, "queue-done");
await appears(ann, `${base}/admin?snoozed=only`, "text=snoozed until");

// The case as it stood after its first event, by keyboard alone; then as it stands.
await ann.goto(address);
await ann.focus("#at");
await ann.keyboard.press("Home");
await ann.waitForURL(`${address}?at=1`);
assert.match(await ann.textContent("[role=status]"), /after event 1 of/);
assert.equal(await ann.locator("text=Nothing was read").count(), 1);
await inspected(ann, "case-past");
await ann.click("text=Show it as it stands now");
await ann.goto(`${base}/admin/sessions?status=approved`);
await ann.waitForSelector(`a[href$="${session}"]`);
await inspected(ann, "sessions");
await ann.goto(`${base}/admin/overview`);
await inspected(ann, "overview");

// A reviewer is offered nothing of an administrator's, and refused it.
await ann.goto(`${base}/admin/partners`);
assert.equal(await ann.locator("text=Take a partner on").count(), 0);
const partner = await ann.getAttribute("main table a", "href");
const refusal = await ann.evaluate(async (address) => {
  const csrf = document.querySelector('meta[name="csrf"]').content;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  return (await fetch(address, { method: "POST", headers, body: '{"name":"x","scopes":["kyc:write"]}' })).status;
}, `${partner.replace("/admin/", "/admin/api/")}/keys`);
assert.equal(refusal, 403);

const { page: root, wrong: ofRoot } = await person({ viewport: { width: 1280, height: 900 } });
root.on("dialog", (dialog) => dialog.accept());
await signIn(root, "root");
// Assigned to somebody, without a mouse: nobody else takes it.
await root.goto(`${base}/admin?snoozed=all`);
await root.focus("[data-all]");
await root.keyboard.press("Space");
assert.equal(await root.locator("tbody input:checked").count(), 1);
await inspected(root, "queue-assign");
await root.selectOption("#operator", { label: "ben, reviewer" });
await root.focus("button:has-text('Assign')");
await root.keyboard.press("Enter");
await root.waitForSelector("td:has-text('ben')");
await ann.goto(`${base}/admin/reviews/${first}`);
await ann.waitForSelector("text=It is assigned to somebody else");
await root.goto(`${base}${partner}`);
await root.fill("[name=name]", "shop <b>1</b>");
await root.click("button:has-text('Make the key')");
await root.waitForSelector("[data-shown]:not([hidden])");
const made = await root.textContent("[data-shown] output");
await inspected(root, "partner");
const used = () => fetch(`${base}/partner/sessions`, { headers: { "X-API-Key": made } });
assert.equal((await used()).status, 200, "the key works at once");
await root.reload();
assert.equal((await root.content()).includes(made), false, "the key is shown once");
await root.click("tr:has-text('shop <b>1</b>') button:has-text('Revoke')");
await root.waitForSelector("tr:has-text('shop <b>1</b>'):has-text('revoked')");
assert.equal((await used()).status, 401, "and not any more");
await root.goto(`${base}/admin/partners`);
await inspected(root, "partners");
await root.goto(`${base}/admin/settings`);
await inspected(root, "settings");
await root.goto(`${base}/admin/account`);
await inspected(root, "account");
await ann.click("text=Sign out");
await ann.waitForURL(`${base}/admin/sign-in`);
await ann.goto(address);
assert.equal(new URL(ann.url()).pathname, "/admin/sign-in");
assert.deepEqual([ofAnn, ofBen, ofRoot], [[], [], []]);
await browser.close();
console.log("portal: walked");
