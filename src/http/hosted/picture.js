// Takes one picture of a step: by the camera with a guide over it, or from a file. Once taken it stays until it is sent or replaced.

import * as camera from "./camera.js";
import { say } from "./words.js";

/** The picture that the person settles on, and whether a `camera` took it or it came from a `file`. It is kept while `mayGo` says no. */
export function picture(section, facing, mayGo = () => true) {
  const part = (name) => section.querySelector(`[data-part="${name}"]`);
  const [video, image, note, input] = ["video", "image", "note", "file"].map(part);
  const ending = new AbortController();
  const on = (target, event, then) => target.addEventListener(event, then, { signal: ending.signal });
  let taken = null;

  const stage = (name) => {
    for (const box of section.querySelectorAll("[data-stage]")) {
      box.hidden = box.dataset.stage !== name;
    }
  };
  const tell = (word) => {
    note.textContent = word ? say(word) : "";
    note.hidden = !word;
  };
  const choose = () => {
    camera.close(video);
    part("open").hidden = !camera.isOffered();
    part("open").textContent = say("camera_open");
    if (!camera.isOffered()) {
      tell("camera_plain");
    }
    stage("choose");
  };
  const review = (blob, source) => {
    taken = { blob, source };
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(blob);
    camera.close(video);
    tell(null);
    stage("review");
    part("send").focus();
  };

  on(part("open"), "click", async () => {
    try {
      await camera.open(video, facing);
      tell(null);
      stage("camera");
      part("take").focus();
    } catch (error) {
      choose();
      // Whoever allows it, or connects one, asks again.
      part("open").textContent = say("camera_again");
      tell(camera.refusalOf(error));
    }
  });
  on(part("take"), "click", async () => review(await camera.still(video), "camera"));
  on(part("again"), "click", choose);
  on(input, "change", async () => {
    const file = input.files[0];
    input.value = "";
    if (file) {
      await camera.fitting(file).then((blob) => review(blob, "file"), (error) => tell(error.message));
    }
  });
  tell(null);
  choose();
  return new Promise((resolve) => {
    on(part("send"), "click", () => {
      if (!mayGo()) {
        return;
      }
      ending.abort();
      resolve(taken);
    });
  });
}
