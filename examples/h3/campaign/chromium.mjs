// Headless Chromium on the server's page, over HTTP/3: chromium.mjs HOME CHROMIUM SCREENSHOT PORT SPKI_SHA256
import assert from "node:assert";
import { createRequire } from "node:module";

const [home, executablePath, screenshot, port, fingerprint] = process.argv.slice(2);
const url = `https://localhost:${port}/`;
const { chromium } = createRequire(home + "/")("playwright-core");
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--enable-quic", `--origin-to-force-quic-on=localhost:${port}`, "--enable-features=EnableWebsocketsOverHttp3",
    `--ignore-certificate-errors-spki-list=${fingerprint}`, "--host-resolver-rules=MAP localhost 127.0.0.1",
  ],
});
setTimeout(() => { console.log("it takes too long"); process.exit(1); }, 100_000).unref();

const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
await page.goto(url);
await page.waitForFunction(() => document.getElementById("count").textContent === "2 / 2", null, { timeout: 60_000 });
assert.equal(await page.locator("#state").textContent(), "open");
await page.screenshot({ path: screenshot });
const seen = await page.evaluate(async () => {
  const talk = (code, length) => new Promise(resolve => {
    const socket = new WebSocket(location.href.replace("http", "ws"), ["nothing", "chat"]);
    const log = [];
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      log.push(socket.protocol, socket.extensions);
      socket.send("Grüße über HTTP");
      socket.send(new Uint8Array(length).map((_, at) => at));
    };
    socket.onmessage = ({ data }) => {
      log.push(typeof data === "string" ? data : new Uint8Array(data).every((byte, at) => byte === (at & 255)) && data.byteLength);
      if (typeof data !== "string") socket.close(code, "done");
    };
    socket.onclose = ({ code, wasClean }) => resolve([...log, code, wasClean]);
  });
  const first = await talk(4321, 1_000_000), second = await talk(1000, 10);
  return { first, second, protocol: performance.getEntriesByType("navigation")[0].nextHopProtocol };
});
const expected = (length, code) => ["chat", "permessage-deflate", "Grüße über HTTP", length, code, true];
assert.deepEqual(seen, { first: expected(1_000_000, 4321), second: expected(10, 1000), protocol: "h3" });
console.log(`Chromium ${browser.version()}: ${JSON.stringify(seen)}`);
await browser.close();
