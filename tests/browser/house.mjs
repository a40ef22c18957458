// What an administrator does in the portal in a real browser: looks after a partner's webhooks and its look, and takes lists in. Names, addresses
// and files from outside are shown as what they are.
//
// From the environment: BASE_URL, API_KEY, SCREENSHOTS (a folder), CHROMIUM. The server accepts private addresses.

import assert from "node:assert/strict";
import http from "node:http";

import { asked, base, inspected, person, screenshots, started } from "./visitor.mjs";

const PASSWORD = "correct horse battery staple";
const MARKED = "<img src=x onerror=document.title='broken'>";

const ANSWER = `noted ${"<img src=x onerror=document.title='broken'>"}`;

/** A receiver of webhooks, which keeps their identifiers. */
const received = [];
const receiver = http.createServer((request, response) => {
  request.resume().on("end", () => {
    received.push(request.headers["webhook-id"]);
    response.writeHead(202).end(ANSWER);
  });
});
await new Promise((listening) => receiver.listen(0, "127.0.0.1", listening));

async function until(holds, what) {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 200, what);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const browser = await started();
const { page: root, wrong } = await person(browser, { viewport: { width: 1280, height: 900 } });
root.on("dialog", (dialog) => dialog.accept());
await root.goto(`${base}/admin/sign-in`);
await root.fill("#login", "root");
await root.fill("#password", PASSWORD);
await root.keyboard.press("Enter");
await root.waitForURL(`${base}/admin`);

// An endpoint, its secret, a test.
await root.goto(`${base}/admin/partners`);
await root.click("main table a");
await root.fill("[name=url]", "ftp://nowhere.example");
await root.click("button:has-text('Add the endpoint')");
await root.waitForSelector(".problem:not([hidden])");
await root.fill("[name=url]", `http://127.0.0.1:${receiver.address().port}/hooks`);
await root.check("input[name='events[]'][value='session.created']");
await root.click("button:has-text('Add the endpoint')");
await root.waitForSelector(".tag:has-text('enabled')");
await root.click("button:has-text('Make a new secret')");
await root.waitForSelector("output:has-text('whsec_')");
await root.click("button:has-text('Send a test')");
await root.waitForSelector("output:has-text('delivered')");
await root.waitForSelector("output:has-text('202')");
await root.waitForSelector("pre:has-text('noted <img src=x')");
assert.equal(received.length, 1);
// Again, without a fresh page.
await root.click("button:has-text('Send a test')");
await until(() => received.length === 2, "a test can be sent again");
await root.waitForSelector("button:has-text('Send a test'):enabled");
assert.notEqual(await root.title(), "broken");
received.pop();
await inspected(root, "partner-endpoints");

// A webhook arrives, and arrives again on request under the same identifier.
const opened = await asked("POST", "/partner/sessions", { external_user_id: MARKED, metadata: { [MARKED]: MARKED } });
await until(() => received.length === 2, "the webhook arrives");
const row = `tr:has-text('${opened.session_id}')`;
for (let tries = 0; (await root.locator(`${row}:has-text('delivered')`).count()) === 0; tries++) {
  assert.ok(tries < 100, "the delivery is shown");
  await root.reload();
}
await root.click(`${row} button:has-text('Send again')`);
await until(() => received.length === 3, "the webhook arrives again");
assert.equal(received[2], received[1]);

// What a partner says is text, wherever it is shown.
await root.goto(`${base}/admin/reviews/${opened.session_id}`);
await root.click("summary:has-text('All that the partner says')");
await root.waitForSelector(`td:has-text("${MARKED}")`);
assert.notEqual(await root.title(), "broken");
await inspected(root, "case-opened");

// A look of its own: a colour that nobody could read on white, a picture, and a name that is text.
const LOOK = 'Bank "<b>&</b>"';
const picture = await root.evaluate(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [240, 60];
  canvas.getContext("2d").fillRect(0, 0, 120, 60);
  return canvas.toDataURL("image/png").split(",")[1];
});
await root.goto(`${base}/admin/partners`);
await root.click("main table a");
await root.fill("#brand-name", LOOK);
await root.fill("#brand-colour", "#ffee88");
await root.setInputFiles("#brand-logo", { name: "logo.png", mimeType: "image/png", buffer: Buffer.from(picture, "base64") });
await root.click("button:has-text('Save the look')");
await root.waitForSelector("img.logo");
await inspected(root, "partner-look");
const { kyc_url: link } = await asked("POST", "/partner/sessions", { external_user_id: "looked" });
const { page: guest, wrong: ofGuest } = await person(browser, { viewport: { width: 360, height: 740 } });
await guest.goto(link);
await guest.waitForSelector(`header :text-is('${LOOK}'), header img[alt='${LOOK}']`);
assert.match(await guest.title(), /^Bank "<b>&<\/b>"/);
await inspected(guest, "hosted-look");
await guest.reload();
await guest.waitForSelector(`header :text-is('${LOOK}'), header img[alt='${LOOK}']`);
await root.click("button:has-text('Remove the look')");
await root.waitForSelector("img.logo", { state: "detached" });
assert.deepEqual(ofGuest, []);

// A list, whole or not at all.
const entity = (number) =>
  JSON.stringify({ id: `e${number}`, schema: "Person", target: true, properties: { name: [`Ilmar ${MARKED} ${number}`] } });
const list = (count) => ({
  name: "own.json",
  mimeType: "application/json",
  buffer: Buffer.from([...Array(count).keys()].map(entity).join("\n")),
});
await root.goto(`${base}/admin/lists`);
await root.setInputFiles("[name=files]", list(10));
await root.fill("form[enctype] [name=name]", "walked");
await root.click("form[enctype] button:has-text('Import')");
await root.waitForSelector("tr:has-text('walked')");
await root.setInputFiles("[name=files]", list(2));
await root.fill("form[enctype] [name=name]", "walked");
await root.click("form[enctype] button:has-text('Import')");
await root.waitForSelector(".problem:has-text('would shrink')");
await root.goto(`${base}/admin/lists?name=${encodeURIComponent(`Ilmar ${MARKED} 3`)}`);
await root.waitForSelector("article.panel");
assert.notEqual(await root.title(), "broken");
await inspected(root, "lists");
await root.click("tr:has-text('walked') button:has-text('Remove')");
await root.waitForSelector("tr:has-text('walked')", { state: "detached" });
assert.deepEqual(wrong, []);

// The API's own page, under its policy: a call is found, tried and answered.
const { page: reader, wrong: ofReader } = await person(browser, { viewport: { width: 1280, height: 900 } });
await reader.goto(`${base}/docs`);
const health = reader.locator(".opblock", { has: reader.locator("[data-path='/health']") });
await health.locator(".opblock-summary").click();
await health.locator(".try-out__btn").click();
await health.locator(".execute").click();
await health.locator(".live-responses-table", { hasText: "healthy" }).first().waitFor();
await reader.screenshot({ path: `${screenshots}/docs.png` });
await reader.goto(`${base}/redoc`);
await reader.waitForSelector("#schemas");
assert.deepEqual(ofReader, []);
await browser.close();
receiver.close();
console.log("house: walked");
