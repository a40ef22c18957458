// What every walk in a browser has in common: a person whose pages may ask this origin only, and a look at each page.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";

// Modules are found by NODE_PATH, which only `require` looks at.
const require = createRequire(import.meta.url);
const axe = fs.readFileSync(require.resolve("axe-core"), "utf8");

export const { chromium } = require("playwright-core");
export const { BASE_URL: base, API_KEY: key, SCREENSHOTS: screenshots, CHROMIUM: executablePath } = process.env;

/** A browser; as root, as in a container, Chromium has no sandbox of its own. */
export const started = (args = []) => chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });

/** A browser window of one person; `wrong` gathers what its pages must not do. */
export async function person(browser, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !url.startsWith("blob:") && !url.startsWith("data:")) wrong.push(`asks ${url}`);
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => {
    // A bare answer, which the browser is sent to at the end, has no icon.
    const isIcon = message.location().url.endsWith("/favicon.ico");
    if (/Content.Security.Policy|404/.test(message.text()) && !isIcon) wrong.push(message.text());
  });
  return { page, wrong };
}

/** Looks for what keeps people out, and takes a picture for a person to look at. */
export async function inspected(page, name) {
  await page.waitForLoadState("networkidle");
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: `${screenshots}/${name}-${scheme}.png`, fullPage: true });
    // The policy of the page lets no script in from here but by the protocol of the browser itself.
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
    const told = serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`);
    assert.deepEqual(told, [], `${name} in ${scheme}`);
  }
  assert.equal(await isTooWide(page), false, `${name} is wider than its window`);
}

/** Whether a page has to be moved sideways to be read. */
export const isTooWide = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** A call of the partner's own server. */
export async function asked(method, path, body) {
  const headers = { "X-API-Key": key, "Content-Type": "application/json" };
  const answer = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.equal(answer.ok, true, `${method} ${path}: ${answer.status}`);
  return answer.json();
}
