// The camera: a picture, or frames at a steady rate. What is taken is never mirrored, whatever the person sees.

const STILL_QUALITY = 0.92;
const FRAME_QUALITY = 0.85;
/** Longer side of a frame in pixels; the server looks at no more. */
const FRAME_SIDE = 640;

/** Whether the browser has a camera to offer at all: on plain http it has none. */
export const isOffered = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** The word for what keeps the camera from being used. */
export const refusalOf = (error) =>
  ["NotFoundError", "OverconstrainedError", "NotReadableError", "AbortError"].includes(error?.name) ? "camera_missing" : "camera_denied";

/** Starts the camera that faces the `user` or the `environment`; throws what the browser throws when it is denied. */
export async function open(video, facing) {
  const wanted = { facingMode: facing, width: { ideal: 1920 }, height: { ideal: 1080 } };
  video.srcObject = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
  await video.play();
  while (!video.videoWidth) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Stops the camera, so that its light goes out. */
export function close(video) {
  for (const track of video.srcObject?.getTracks() ?? []) {
    track.stop();
  }
  video.srcObject = null;
}

function drawn(source, width, height, longest) {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const encoded = (canvas, quality) => new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));

/** What the camera sees now, as a JPEG in full size. */
export function still(video) {
  return encoded(drawn(video, video.videoWidth, video.videoHeight, Infinity), STILL_QUALITY);
}

/** Frames for some seconds; `onSecond` hears how many are left. Throws when the camera ends before. */
export async function film(video, { seconds, perSecond, onSecond }) {
  const frames = [];
  const begun = performance.now();
  for (let number = 0; number < seconds * perSecond; number += 1) {
    const due = begun + (number * 1_000) / perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    if (!video.srcObject?.active) {
      throw new Error("the camera ended");
    }
    if (number % perSecond === 0) {
      onSecond(seconds - number / perSecond);
    }
    // Encoded meanwhile: the next frame does not wait.
    frames.push(encoded(drawn(video, video.videoWidth, video.videoHeight, FRAME_SIDE), FRAME_QUALITY));
  }
  return Promise.all(frames);
}

const ACCEPTED = ["image/jpeg", "image/png", "image/webp"];
const MOST_BYTES = 10 * 1024 * 1024;
const LONGEST_SIDE = 4_000;

async function redrawn(file, longest, quality) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) {
    throw new Error("file_unreadable");
  }
  const blob = await encoded(drawn(bitmap, bitmap.width, bitmap.height, longest), quality);
  bitmap.close();
  return blob;
}

/** A file as a frame: as small as those that are filmed. */
export const asFrame = (file) => redrawn(file, FRAME_SIDE, FRAME_QUALITY);

/** A file as the server takes it: as it is, or drawn again when it is large or of another kind. */
export async function fitting(file) {
  if (ACCEPTED.includes(file.type) && file.size <= MOST_BYTES) {
    return file;
  }
  const blob = await redrawn(file, LONGEST_SIDE, STILL_QUALITY);
  if (blob.size > MOST_BYTES) {
    throw new Error("file_too_large");
  }
  return blob;
}
