// Shows a page of the queue anew, or the next case, in the place of the one that is shown. The next case's images are loaded ahead,
// into elements of this page: they are in its memory and go with it, and no cache ever holds a photograph (their answers say `no-store`).

import { keep, restore, typed } from "./drafts.js";

/** As many as the server passes over. */
const MOST = 50;
const DOOR = "/admin/sign-in";

/** Images of the next case by their address. */
let ahead = new Map();
/** The cases that were left in this run, the latest last. */
let left = [];
/** What the address bar says of the page that is shown. */
let shown = place();
let isGoing = false;

function place() {
  return location.pathname + location.search;
}

/** An address that names the case that is looked at, with those before it passed over too. */
function onward(address) {
  const url = new URL(address, location.href);
  const here = url.searchParams.get("skip");
  if (here) {
    const before = left.filter((session) => session !== here);
    url.searchParams.set("skip", [...before, here].slice(-MOST).join(","));
  }
  return url;
}

/** Puts the content of another page here; the images that are loaded stay. */
function replace(page) {
  const ready = new Map(ahead);
  for (const image of document.querySelectorAll("main img")) {
    if (image.complete && image.naturalWidth > 0) {
      ready.set(image.getAttribute("src"), image);
    }
  }
  const fresh = page.querySelector("main");
  const places = [];
  for (const image of fresh.querySelectorAll("img")) {
    const loaded = ready.get(image.getAttribute("src"));
    if (loaded) {
      // Without its address it asks for nothing when it becomes part of this document.
      image.removeAttribute("src");
      places.push([image, loaded]);
    }
  }
  document.adoptNode(fresh);
  for (const [image, loaded] of places) {
    loaded.alt = image.alt;
    image.replaceWith(loaded);
  }
  document.querySelector("main").replaceWith(fresh);
  document.title = page.title;
}

/** Tells a screen reader, and the keyboard, where somebody is. */
function focusHeading(options) {
  const heading = document.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus(options);
}

async function read(url) {
  const answer = await fetch(url, { cache: "no-store", headers: { Accept: "text/html" } });
  return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
}

/** Whether a page can take the place of the one that is shown. */
function fits({ answer, page }) {
  return answer.ok && page.querySelector("main [data-live]") !== null;
}

/** Goes to an address; to the next case without a fresh page. */
export async function go(address) {
  if (!address.startsWith("/admin/next") || !document.querySelector("main [data-live]")) {
    location.assign(address);
    return;
  }
  if (isGoing) {
    return;
  }
  isGoing = true;
  try {
    const url = onward(address);
    const found = await read(url);
    const to = new URL(found.answer.url);
    if (!fits(found) || !to.pathname.startsWith("/admin/reviews/")) {
      location.assign(found.answer.ok ? to : address);
      return;
    }
    const here = new URL(address, location.href).searchParams.get("skip");
    const next = to.pathname.split("/").at(-1);
    // What was passed over comes round again.
    left = left.includes(next) || !here ? [] : [...left, here];
    replace(found.page);
    history.pushState(null, "", to);
    shown = place();
    scrollTo(0, 0);
    focusHeading();
    lookAhead();
  } catch {
    location.assign(address);
  } finally {
    isGoing = false;
  }
}

/** Leads through the door back to this page, where what somebody typed stands again. */
export function signInAgain() {
  keep();
  location.reload();
}

/** Shows what is so now; what was typed into other forms than the one that was sent stays. */
export async function refresh(sent = null) {
  if (!document.querySelector("main [data-live]")) {
    location.reload();
    return;
  }
  const found = await read(location.href).catch(() => null);
  if (found && new URL(found.answer.url).pathname === DOOR) {
    signInAgain();
    return;
  }
  if (!found || !fits(found)) {
    location.reload();
    return;
  }
  const drafts = typed(sent);
  replace(found.page);
  restore(drafts);
  focusHeading({ preventScroll: true });
  lookAhead();
}

/** Loads the images of the case that comes next. */
async function lookAhead() {
  const address = document.querySelector("main [data-ahead]")?.dataset.ahead;
  if (!address) {
    ahead = new Map();
    return;
  }
  const answer = await fetch(onward(address), { cache: "no-store" }).catch(() => null);
  const next = answer?.ok ? await answer.json().catch(() => null) : null;
  const images = new Map();
  for (const { href } of next?.images ?? []) {
    const image = ahead.get(href) ?? new Image();
    if (!image.hasAttribute("src")) {
      image.fetchPriority = "low";
      image.src = href;
    }
    images.set(href, image);
  }
  ahead = images;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-onward]");
  const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (link && event.button === 0 && !opensElsewhere && !event.defaultPrevented) {
    event.preventDefault();
    go(link.getAttribute("href"));
  }
});

// Back and forth, but not from one part of a page to another.
addEventListener("popstate", () => {
  if (place() !== shown) {
    location.reload();
  }
});

// After the images of the case that is shown.
addEventListener("load", lookAhead);
