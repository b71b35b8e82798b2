// Pictures: made small enough, and packed with their caption into one binary message.

const LONGEST_SIDE = 1600; // pixels
const AS_THEY_ARE = ["image/png", "image/gif", "image/webp"];

// A message is two bytes with the caption's length, the caption in JSON, and the picture.
export function pack(caption, picture) {
  const json = new TextEncoder().encode(JSON.stringify(caption));
  const message = new Uint8Array(2 + json.length + picture.length);
  message.set([json.length >> 8, json.length & 0xff]);
  message.set(json, 2);
  message.set(picture, 2 + json.length);
  return message;
}

export function unpack(buffer) {
  const captionLength = new DataView(buffer).getUint16(0);
  const caption = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 2, captionLength)));
  const url = URL.createObjectURL(new Blob([new Uint8Array(buffer, 2 + captionLength)], { type: caption.kind }));
  return { ...caption, url };
}

// The bytes to send for a file, at most so many. Photographs are always made anew: they tell where and when they were taken.
export async function prepare(file, limit) {
  if (AS_THEY_ARE.includes(file.type) && file.size <= limit) return bytes(file);
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error("This file is no picture that your browser can read.");
  }
  let scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  for (let quality = 0.88; scale > 0.05; quality = Math.max(0.6, quality - 0.1), scale *= quality > 0.6 ? 1 : 0.7) {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "white"; // JPEG knows no transparency
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise(done => canvas.toBlob(done, "image/jpeg", quality));
    if (blob && blob.size <= limit) return bytes(blob);
  }
  throw new Error("This picture can't be made small enough.");
}

async function bytes(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}
