// A whole verification with fetch, as the API documentation shows it.
// Needs BASE_URL, API_KEY and SAMPLES: passport.jpg, selfie.jpg and a folder of frames for each challenge.

import { openAsBlob } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

const { BASE_URL, API_KEY, SAMPLES } = process.env;

async function call(method, path, body) {
  const headers = { "X-API-Key": API_KEY };
  if (body && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  const response = await fetch(`${BASE_URL}${path}`, { method, headers, body });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const image = (name) => openAsBlob(join(SAMPLES, name), { type: "image/jpeg" });

// 1. Open a session for your user.
const { session_id } = await call("POST", "/partner/sessions", {
  external_user_id: "user_12345",
  redirect_url: "https://partner.example/welcome",
  metadata: { plan: "premium" },
});

// 2. Upload the document.
const document = new FormData();
document.append("file", await image("passport.jpg"), "passport.jpg");
document.append("document_type", "passport");
document.append("country_code", "UTO");
const { full_name, is_valid } = await call("POST", `/kyc/${session_id}/document`, document);
console.log(full_name, is_valid);

// 3. Upload the selfie.
const selfie = new FormData();
selfie.append("file", await image("selfie.jpg"), "selfie.jpg");
const { match_passed, match_score } = await call("POST", `/kyc/${session_id}/selfie`, selfie);
console.log(match_passed, match_score);

// 4. Answer the liveness challenge.
const challenge = await call("POST", `/kyc/${session_id}/liveness/challenge`);
console.log(challenge.instructions);
const film = challenge.direction ?? "blink";
const answer = new FormData();
answer.append("challenge_id", challenge.challenge_id);
for (const frame of (await readdir(join(SAMPLES, film))).sort()) {
  answer.append("files[]", await image(join(film, frame)), frame);
}
const { passed, checks_performed } = await call("POST", `/kyc/${session_id}/liveness`, answer);
console.log(passed, checks_performed);

// 5. Submit.
const { decision, risk_level } = await call("POST", `/kyc/${session_id}/submit`);
console.log(decision, risk_level);

// 6. Poll the result.
console.log(JSON.stringify(await call("GET", `/partner/sessions/${session_id}`)));
