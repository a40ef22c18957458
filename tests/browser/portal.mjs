// The portal in a real browser: two reviewers work one case, an administrator makes a key and stops it; no page loads anything
// from elsewhere, breaks its policy, needs a mouse, or keeps somebody out.
//
// From the environment: BASE_URL, API_KEY, SESSION (a case with one possible match), SCREENSHOTS (a folder), CHROMIUM.

import assert from "node:assert/strict";

import { asked, base, inspected, person as personIn, started } from "./visitor.mjs";

const { SESSION: session } = process.env;
const PASSWORD = "correct horse battery staple";

const browser = await started();
const person = (options) => personIn(browser, options);

/** Signs in without a mouse. */
async function signIn(page, login) {
  await page.goto(`${base}/admin`);
  await page.keyboard.type(login);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/admin`);
}

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

const { page: ben, wrong: ofBen } = await person({ viewport: { width: 390, height: 844 } });
await signIn(ben, "ben");
const address = `${base}/admin/reviews/${session}`;
await ben.goto(address);
await ann.waitForSelector(`a[href$="${session}"]`);
await ann.click("text=Take up the next case");
await ann.waitForURL(address);
await ann.click("text=Take the case");
await ann.waitForSelector("text=Give the case back");
await inspected(ann, "case");
// The case was free when ben's page was made; it is not any more.
await ben.click("text=Take the case");
await ben.waitForSelector(".problem:not([hidden])");
assert.match(await problem(ben), /Another reviewer/);

await ann.click("button:has-text('Approve')");
await ann.waitForSelector(".problem:not([hidden])");
assert.match(await problem(ann), /every possible match/);
await ann.fill("form:has([name=entity_id]) [name=note]", "Another face");
await ann.click("button:has-text('Somebody else')");
await ann.waitForSelector("text=Found to be somebody else");
await ann.click("button:has-text('Approve')");
await ann.waitForSelector(".problem:not([hidden])");
assert.match(await problem(ann), /somebody else has to approve/);
await ann.click("text=Give the case back");
await ann.waitForURL(`${base}/admin`);

await ben.reload();
await ben.click("text=Take the case");
await ben.waitForSelector("text=Give the case back");
await inspected(ben, "case-phone");
await ben.click("button:has-text('Approve')");
await ben.waitForSelector(".tag:has-text('approved')");
await ben.goto(`${base}/admin/lists?name=Nobody+Whatsoever`);
await ben.waitForSelector("text=Nobody of that name is listed.");
await inspected(ben, "lists-phone");

assert.equal((await asked("GET", `/partner/sessions/${session}`)).status, "approved");

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
assert.equal(ann.url(), `${base}/admin/sign-in`);
assert.deepEqual([ofAnn, ofBen, ofRoot], [[], [], []]);
await browser.close();
console.log("portal: walked");
