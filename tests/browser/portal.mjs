// The portal in a real browser: two reviewers work one case; no page loads anything from elsewhere, breaks its policy, needs
// a mouse, or keeps somebody out.
//
// From the environment: BASE_URL, API_KEY, SESSION (a case with one possible match), SCREENSHOTS (a folder), CHROMIUM.

import assert from "node:assert/strict";

import { base, inspected, key, person as personIn, started } from "./visitor.mjs";

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
await ann.click(`a[href$="${session}"]`);
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

const polled = await fetch(`${base}/partner/sessions/${session}`, { headers: { "X-API-Key": key } });
assert.equal((await polled.json()).status, "approved");
await ann.click("text=Sign out");
await ann.waitForURL(`${base}/admin/sign-in`);
await ann.goto(address);
assert.equal(ann.url(), `${base}/admin/sign-in`);
assert.deepEqual([ofAnn, ofBen], [[], []]);
await browser.close();
console.log("portal: walked");
