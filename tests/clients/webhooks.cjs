// Checks a received webhook with the public Standard Webhooks library.

const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const { Webhook } = require("standardwebhooks");

const { secret, other, body, headers } = JSON.parse(readFileSync(0, "utf8"));
const late = { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 600) };
assert.equal(new Webhook(secret).verify(body, headers).type, "webhook.test");
assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
assert.throws(() => new Webhook(secret).verify(body, late));
assert.throws(() => new Webhook(other).verify(body, headers));
console.log("JavaScript: accepted the webhook, refused a changed body, an old timestamp and a wrong secret");
