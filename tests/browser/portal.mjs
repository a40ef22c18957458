// The portal in a real browser: two reviewers work one case; no page loads anything from elsewhere, breaks its policy, needs
// a mouse, or keeps somebody out.
//
// From the environment: BASE_URL, API_KEY, SESSION (a case with one possible match), SCREENSHOTS (a folder), CHROMIUM.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

// Modules are found by NODE_PATH, which only `require` looks at.
const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core");

const { BASE_URL: base, SESSION: session, SCREENSHOTS: screenshots, CHROMIUM: executablePath } = process.env;
const PASSWORD = "correct horse battery staple";

// As root, as in a container, Chromium has no sandbox of its own.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** A browser of one person, whose pages may ask this origin only. */
async function person(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(base)) wrong.push(`asks ${request.url()}`);
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => {
    if (/Content.Security.Policy|404/.test(message.text())) wrong.push(message.text());
  });
  return { page, wrong };
}

/** Looks for what keeps people out, and takes a picture for a person to look at. */
async function inspected(page, name) {
  await page.waitForLoadState("networkidle");
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: `${screenshots}/${name}-${scheme}.png`, fullPage: true });
    // The policy of the page lets no script in from here but by the protocol of the browser itself.
    await page.evaluate(await import("node:fs").then((fs) => fs.readFileSync(axe, "utf8")));
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
    const told = serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`);
    assert.deepEqual(told, [], `${name} in ${scheme}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(wide, false, `${name} is wider than its window`);
}

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

const polled = await fetch(`${base}/partner/sessions/${session}`, { headers: { "X-API-Key": process.env.API_KEY } });
assert.equal((await polled.json()).status, "approved");
await ann.click("text=Sign out");
await ann.waitForURL(`${base}/admin/sign-in`);
await ann.goto(address);
assert.equal(ann.url(), `${base}/admin/sign-in`);
assert.deepEqual([ofAnn, ofBen], [[], []]);
await browser.close();
console.log(`portal: walked; pictures are in ${screenshots}`);
