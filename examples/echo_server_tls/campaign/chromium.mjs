// Headless Chromium on a server's page by https, which connects by wss: chromium.mjs HOME CHROMIUM SCREENSHOT PORT
import assert from "node:assert";
import { createRequire } from "node:module";

const [home, executablePath, screenshot, port] = process.argv.slice(2);
const { chromium } = createRequire(home + "/")("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
setTimeout(() => { console.log("it takes too long"); process.exit(1); }, 150_000).unref();

const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
await page.goto(`https://localhost:${port}/`);
await page.waitForFunction(() => document.getElementById("count").textContent === "2 / 2", null, { timeout: 100_000 });
assert.equal(await page.locator("#state").textContent(), "open");
await page.screenshot({ path: screenshot });
const seen = await page.evaluate(() => new Promise(resolve => {
  const socket = new WebSocket(location.href.replace("http", "ws"));
  const log = [socket.url];
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    log.push(socket.extensions.split(";")[0]);
    socket.send("Grüße");
    socket.send(new Uint8Array(1_000_000));
  };
  socket.onmessage = ({ data }) => {
    log.push(typeof data === "string" ? data : data.byteLength);
    if (typeof data !== "string") socket.close(4321, "done");
  };
  socket.onclose = ({ code, wasClean }) => resolve([...log, code, wasClean]);
}));
assert.deepEqual(seen, [`wss://localhost:${port}/`, "permessage-deflate", "Grüße", 1_000_000, 4321, true]);
console.log(`Chromium ${browser.version()}: ${JSON.stringify(seen)}`);
await browser.close();
