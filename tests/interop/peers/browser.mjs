// Headless Chromium on echo_server's page: browser.mjs CHROMIUM HTTP_URL HTTP_URL_WITH_MAX_1000 SCREENSHOTS
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { check, finish, guard, note } from "./report.mjs";

const require = createRequire(process.env.INTEROP_HOME + "/");
const { chromium } = require("playwright-core");
const [executablePath, url, urlSmall, shots] = process.argv.slice(2);
guard(120);

const profile = mkdtempSync(join(process.env.INTEROP_HOME, "profile-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
note(`Chromium ${context.browser()?.version() ?? ""}, playwright-core ${require("playwright-core/package.json").version}`);

const page = await context.newPage();
const complaints = [];
page.on("console", message => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
page.on("pageerror", error => complaints.push(String(error)));
const text = id => page.locator("#" + id).textContent();
const becomes = async (name, id, wanted) => {
  for (let i = 0; i < 100 && (await text(id)) !== wanted; i++) await page.waitForTimeout(50);
  check(name, await text(id), wanted);
};
const shoot = async (name, width, colorScheme) => {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 700 });
  await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`) });
};
const rows = () => page.locator("#log tr").allTextContents();

await page.goto(url);
await becomes("the page connects", "state", "open");
await becomes("its first text and binary come back", "count", "2 / 2");
check("a round trip is shown", await text("latency"), seen => /^\d+(\.\d+)? ms$/.test(seen));
check("nothing came back changed", (await rows()).some(row => row.includes("NOT WHAT")), false);

await page.fill("#text", "Grüße 𝄞 <b>€</b>");
await page.click("text=Send text");
await becomes("text comes back", "count", "3 / 3");
check("it is shown as it was sent", (await rows())[0], row => row.includes("Grüße 𝄞 <b>€</b>"));
await page.press("#text", "Enter");
await becomes("Enter sends, too", "count", "4 / 4");
await page.click("#binary");
await becomes("binary comes back", "count", "5 / 5");
await page.click("#ping");
await becomes("the measuring message comes back", "count", "6 / 6");
await page.fill("#text", "x".repeat(300) + " " + "long words ".repeat(20));
await page.click("text=Send text");
await becomes("a long text comes back", "count", "7 / 7");
for (const scheme of ["light", "dark"]) for (const width of [1100, 360]) await shoot("open", width, scheme);

check("16 MiB of binary and 5 MiB of text come back, Close 4321 is clean", await page.evaluate(async () => {
  const socket = new WebSocket(location.href.replace("http", "ws"));
  socket.binaryType = "arraybuffer";
  await new Promise(resolve => socket.onopen = resolve);
  const big = new Uint8Array(16 << 20).map((_, i) => i * 7);
  const wide = "é€".repeat(1 << 20);
  const back = [];
  const done = new Promise(resolve => socket.onmessage = ({ data }) => back.push(data) === 2 && resolve());
  socket.send(big);
  socket.send(wide);
  await done;
  const bytes = new Uint8Array(back[0]);
  const same = bytes.length === big.length && bytes.every((byte, i) => byte === big[i]) && back[1] === wide;
  const closed = new Promise(resolve => socket.onclose = resolve);
  socket.close(4321, "done");
  const { code, wasClean } = await closed;
  return [socket.extensions, same, code, wasClean];
}), ["", true, 4321, true]);

await page.click("#close");
await becomes("the button closes", "state", "closed");
check("with code 1000", await text("code"), seen => seen.startsWith("1000"));
check("cleanly", (await rows())[0], row => row.includes("1000") && !row.includes("not clean"));
for (const scheme of ["light", "dark"]) for (const width of [1100, 360]) await shoot("closed", width, scheme);
await page.click("#close");
await becomes("the same button connects again", "state", "open");
await becomes("and messages come back", "count", "9 / 9");
check("the browser has nothing to complain about", complaints, []);

await page.goto(urlSmall);
await becomes("with --max-message 1000 the page's KiB closes the connection", "state", "closed");
check("with code 1009", await text("code"), seen => seen.startsWith("1009"));
await shoot("too-big", 1100, "light");

await context.close();
rmSync(profile, { recursive: true, force: true });
finish();
