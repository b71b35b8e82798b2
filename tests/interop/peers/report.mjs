// What a peer saw, one line each: `ok`, `FAIL` with what was seen and wanted, `note` or `skip`.
import { isDeepStrictEqual } from "node:util";

let failures = 0;

export function check(name, seen, wanted) {
  const good = typeof wanted === "function" ? wanted(seen) : isDeepStrictEqual(seen, wanted);
  if (good) return console.log("ok   " + name);
  failures += 1;
  console.log(`FAIL ${name}: saw ${short(seen)}${typeof wanted === "function" ? "" : ", wanted " + short(wanted)}`);
}

export const note = text => console.log("note " + text);

export function finish() {
  process.exit(failures ? 1 : 0);
}

/** A failure outside of a check is one too, and so is silence. */
export function guard(seconds) {
  process.on("unhandledRejection", error => {
    console.log("FAIL unexpected: " + (error?.stack ?? error));
    process.exit(1);
  });
  setTimeout(() => {
    console.log(`FAIL not done within ${seconds} s`);
    process.exit(1);
  }, seconds * 1000).unref();
}

function short(value) {
  const text = typeof value === "string" ? JSON.stringify(value) : String(JSON.stringify(value) ?? value);
  return text.length < 300 ? text : `${text.slice(0, 300)}... (${text.length} characters)`;
}
