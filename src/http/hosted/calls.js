// Calls of this session's own API. What is lost on the way is sent again as it was: the server takes the same bytes in the same
// step for the same attempt.

const WAITS = [1, 2, 4, 8, 15, 15];
const LONGEST = 120_000;
const WORTH_REPEATING = [0, 429, 502, 503, 504];

/** An answer that is no success; `code` is the server's own word, or "offline". */
export class Refused extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** The path of this session's calls: that of the page. */
const base = location.pathname.replace(/\/$/, "");

/** Told whether the server is out of reach at present. */
let onSilence = () => {};

/** Names who is told when the server falls silent and when it is back. */
export function watchSilence(listener) {
  onSilence = listener;
}

/** Where a call of this session is. */
export function addressOf(path) {
  return `${base}/${path}`;
}

function once(method, path, { body, token, onProgress }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, addressOf(path));
    request.responseType = "json";
    request.timeout = LONGEST;
    if (token) {
      request.setRequestHeader("Authorization", `Bearer ${token}`);
    }
    if (body && !(body instanceof FormData)) {
      request.setRequestHeader("Content-Type", "application/json");
      body = JSON.stringify(body);
    }
    request.upload.addEventListener("progress", (event) => onProgress?.(event.loaded / event.total));
    const done = () =>
      resolve({
        status: request.status,
        answer: request.response,
        retryAfter: Number(request.getResponseHeader("Retry-After")) || 0,
      });
    for (const end of ["load", "error", "timeout", "abort"]) {
      request.addEventListener(end, done);
    }
    request.send(body);
  });
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

/** Makes a call until the server says yes or no; throws `Refused` for a no, and when it stays silent. */
export async function call(method, path, options = {}) {
  for (const wait of [...WAITS, null]) {
    const { status, answer, retryAfter } = await once(method, path, options);
    if (!WORTH_REPEATING.includes(status)) {
      onSilence(false);
      if (status >= 200 && status < 300) {
        return answer;
      }
      throw new Refused(status, answer?.code ?? "unknown");
    }
    if (wait !== null) {
      onSilence(true);
      await pause(Math.max(wait, Math.min(retryAfter, 60)));
    }
  }
  onSilence(false);
  throw new Refused(0, "offline");
}

/** A form of named parts; a list is the part repeated. */
export function parts(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) {
      form.append(name, one);
    }
  }
  return form;
}
