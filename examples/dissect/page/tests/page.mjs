// What the page shows of captures, wide and narrow.
import assert from "node:assert";
import { createRequire } from "node:module";
import path from "node:path";

const { CHROMIUM, WORK, PAGE, SHOTS, DATA } = process.env;
const { chromium } = createRequire(path.join(WORK, "package.json"))("playwright-core");
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const errors = [];

async function open(width, height, colorScheme = "light") {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(`file://${PAGE}`);
  return page;
}

const said = (page, text) => page.waitForFunction((text) => document.getElementById("said").textContent.includes(text), text);
const give = (page, what, file) => page.setInputFiles(`#${what}`, typeof file === "string" ? path.join(DATA, file) : file);

const wide = await open(1280, 900);
await give(wide, "capture", "seed.pcap");
await said(wide, "1 WebSocket connection.");
const text = await wide.innerText("#streams");
for (const line of ["request", "open", "accept fits the key", "123", "fu wu qi de xin xi!", "Close by client", "nothing wrong"]) {
  assert(text.includes(line), `expected ${line} in ${text}`);
}
assert(await wide.locator("svg path").count() >= 6);
await wide.screenshot({ path: path.join(SHOTS, "wide.png") });
// Each frame, with its key.
await wide.check("#frames");
assert.match(await wide.innerText("#streams"), /FIN key [0-9a-f]{8}/);

const narrow = await open(390, 844, "dark");
await give(narrow, "capture", "seed.pcap");
await said(narrow, "1 WebSocket connection.");
assert(await narrow.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is wider than the window");
await narrow.screenshot({ path: path.join(SHOTS, "narrow.png"), fullPage: true });

// A file that is dropped; TLS 1.3 and HTTP/2, with the keys in the capture; TLS 1.2 without, and then with its key log.
const other = await open(1280, 900);
await other.evaluate(() => {
  const list = new DataTransfer();
  list.items.add(new File(["no capture"], "notes.txt.pcap"));
  dispatchEvent(new DragEvent("drop", { dataTransfer: list, cancelable: true }));
});
await said(other, "Expected a pcap or pcapng capture");
await give(other, "capture", "http2-tls13.pcapng");
await said(other, "1 WebSocket connection.");
assert.match(await other.innerText("#streams"), /TLS 1\.3, HTTP\/2 stream \d+[^]*hello again/);
await give(other, "capture", "tls12-without-keys.pcap");
await said(other, "1 connection with TLS not read: the key log has no key for it.");
await give(other, "keys", "tls12.keys");
await said(other, "1 WebSocket connection.");
assert.match(await other.innerText("#streams"), /TLS 1\.2[^]*hello/);
await other.fill("#port", "9123");

assert.deepEqual(errors, []);
await browser.close();
console.log("the page shows what the captures have");
