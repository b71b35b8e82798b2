// With the path of a redis-server in REDIS: the same on two servers, of which one is killed in each flood.
// Two pages that chat, send pictures, lose the server twice, and have every message once and in order.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Person } from "./person.mjs";
import { Relay } from "./relay.mjs";
import { Pair, Server } from "./server.mjs";

const { CHROMIUM, SERVER, WORK, REDIS } = process.env;
const { chromium } = createRequire(`${WORK}/`)("playwright-core");
const server = REDIS ? await Pair.behind(SERVER, REDIS) : Server.alone(SERVER, `${WORK}/history`);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const phone = { viewport: { width: 390, height: 800 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const said = []; // everything, in order
const step = text => console.log(`- ${text}`);
const shot = (person, name) => person.page.screenshot({ path: `${WORK}/shots/${name}.png` });
const pause = ms => new Promise(done => setTimeout(done, ms));
let ann, bob;

try {
  await server.start();
  const relay = await Relay.before(server); // Ann's line, which can fail in its own ways
  const other = await Relay.before(server, server.addresses.length - 1);

  step("two people enter, and see each other");
  ann = await Person.arrive(browser, relay, "Ann", { viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  await shot(ann, "1-alone");
  bob = await Person.arrive(browser, other, "Bob", { ...phone, colorScheme: "dark" });
  await ann.page.locator("#people-list li", { hasText: "Bob" }).waitFor();

  step("they chat");
  for (const [who, text] of [
    [ann, "Hello Bob! Is anyone else here?"], [bob, "Hi Ann 👋"], [bob, "Only the two of us, as far as I can see."],
    [ann, "Look at https://www.rfc-editor.org/rfc/rfc6455, it is where all this comes from."], [ann, "<b>not bold</b>\nand a second line"], [bob, "🦀"],
  ]) {
    await who.write(text);
    said.push(text);
    await Promise.all([ann.sees(said), bob.sees(said)]);
  }

  step("one sends a picture, and the other sees it");
  await bob.show(await drawn(ann.page, 480, 300), "A sunset over the sea");
  said.push("A sunset over the sea");
  await Promise.all([ann.sees(said), bob.sees(said)]);
  const image = ann.page.getByAltText("A sunset over the sea");
  assert.deepEqual(await image.evaluate(async image => (await image.decode(), [image.naturalWidth, image.naturalHeight])), [480, 300]);

  step("the round trip is shown");
  for (const { page } of [ann, bob]) await page.waitForFunction(() => /^[\d.]+ ms$/.test(document.getElementById("latency").textContent));
  await image.click();
  await shot(ann, "8-viewer");
  await ann.page.keyboard.press("Escape");
  await shot(ann, "2-desktop-light");
  await shot(bob, "3-phone-dark");

  step("the server is killed, and both go on writing");
  await server.kill();
  await Promise.all([ann.line("waiting"), bob.line("waiting")]);
  await ann.write("Where is the server?");
  await bob.write("Gone, it seems.");
  await ann.show(await drawn(ann.page, 64, 64), "A small picture");
  await ann.write("I'll wait.");
  await pause(1500);
  await shot(ann, "4-desktop-waiting");
  await shot(bob, "5-phone-waiting");

  step("the server comes back, and so do they");
  await server.start();
  await Promise.all([ann.line("open"), bob.line("open")]);
  await ann.page.locator(".message[data-n]").nth(said.length + 3).waitFor();
  said.push(...await agreed(said.length, 4));
  assert.deepEqual([...said.slice(-4)].sort(), ["A small picture", "Gone, it seems.", "I'll wait.", "Where is the server?"]);
  assert.ok(said.indexOf("Where is the server?") < said.indexOf("A small picture") && said.indexOf("A small picture") < said.indexOf("I'll wait."));
  await Promise.all([ann.sees(said), bob.sees(said)]);

  for (const round of [1, 2, 3]) {
    step(`the server is killed in the middle of a flood (${round} of 3)`);
    const flood = Array.from({ length: 20 }, (_, n) => `Flood ${round}.${n}`);
    for (const text of flood.slice(0, 12)) await ann.write(text);
    if (REDIS) await server.killOne();
    else await server.kill();
    for (const text of flood.slice(12)) await ann.write(text);
    if (!REDIS) await server.start();
    said.push(...flood);
    await Promise.all([ann.sees(said), bob.sees(said)]);
    if (REDIS) await server.startOne();
  }

  if (REDIS) {
    step("the servers' Redis stops, and both go on writing until it is back");
    server.freeze();
    await ann.write("Does anyone keep this?");
    await bob.write("Not now.");
    for (const { page } of [ann, bob]) await page.getByRole("alert").filter({ hasText: "what you write waits" }).waitFor();
    assert.equal(await ann.page.locator(".pending").count(), 1);
    server.thaw();
    said.push(...await agreed(said.length, 2));
    await Promise.all([ann.sees(said), bob.sees(said)]);
  }

  step("what one says is heard, but the answers are lost, and then the line");
  relay.swallowsAnswers = true;
  const unconfirmed = ["Can you hear me?", "I can't hear you.", "Not at all."];
  for (const text of unconfirmed) await ann.write(text);
  said.push(...unconfirmed);
  await bob.sees(said);
  assert.equal(await ann.page.locator(".pending").count(), 3);
  relay.cut();
  await Promise.all([ann.sees(said), bob.sees(said)]);

  step("a reload brings name, room and history back");
  await bob.page.reload();
  await bob.line("open");
  await bob.sees(said);

  step("a nickname that is taken is refused with a line");
  const thief = await (await browser.newContext()).newPage();
  await thief.goto(`http://${server.address}/`);
  await thief.getByLabel("Nickname").fill("ann");
  await thief.getByRole("button", { name: "Enter" }).click();
  await thief.getByText("The nickname ann is taken.").waitFor();
  await thief.screenshot({ path: `${WORK}/shots/9-hello.png` });
  await thief.getByLabel("Nickname").fill("Carl");
  await thief.getByRole("button", { name: "Enter" }).click();
  await thief.getByRole("dialog").waitFor({ state: "hidden" });

  step("what is too long stays in the composer, with a line");
  await ann.write("x".repeat(4097));
  await ann.page.getByRole("alert").filter({ hasText: "4096" }).waitFor();
  assert.equal((await ann.page.getByLabel("Message", { exact: true }).inputValue()).length, 4097);
  await ann.page.getByLabel("Message", { exact: true }).fill("");

  step("another room has its own messages, and tells that there is something new");
  await ann.page.getByLabel("Open or make a room").fill("Tea Kitchen");
  await ann.page.getByRole("button", { name: "Go" }).click();
  await ann.write("The kettle is on.");
  await ann.sees(["The kettle is on."]);
  await bob.write("Are you still there?");
  said.push("Are you still there?");
  await ann.page.locator("[data-room=lobby] .badge", { hasText: "1" }).waitFor();
  await shot(ann, "6-desktop-rooms");
  await ann.page.emulateMedia({ colorScheme: "dark" });
  await ann.page.setViewportSize({ width: 800, height: 600 });
  await ann.page.locator("#file").setInputFiles({ name: "picture.png", mimeType: "image/png", buffer: await drawn(ann.page, 320, 200) });
  await ann.page.getByLabel("Describe it").waitFor();
  await pause(400); // the list of people slides away
  await shot(ann, "10-tablet-dark-preview");
  await ann.page.getByRole("button", { name: "Do not send this picture" }).click();
  await bob.page.getByRole("button", { name: "Rooms" }).click();
  await pause(400);
  await shot(bob, "7-phone-rooms");
  await bob.page.getByRole("button", { name: "# tea-kitchen" }).click();
  await bob.sees(["The kettle is on."]);
  await ann.page.locator("[data-room=lobby]").click();
  await ann.sees(said);

  step("nothing went wrong in the pages");
  assert.deepEqual([...ann.faults, ...bob.faults], []);
  console.log(`passed: ${said.length} messages, each once and in order in both pages`);
} catch (error) {
  for (const person of [ann, bob]) if (person) await shot(person, `failed-${person.nick}`).catch(() => {});
  console.error(error, ann?.faults, bob?.faults);
  process.exitCode = 1;
} finally {
  await browser.close();
  await server.kill();
  if (REDIS) server.end();
}

// What both pages show after the first messages, once both have that many more.
async function agreed(from, count) {
  await bob.page.locator(".message[data-n]").nth(from + count - 1).waitFor();
  const [hers, his] = [await ann.shown(), await bob.shown()];
  assert.deepEqual(hers, his);
  return hers.slice(from).map(([, what]) => what);
}

// A PNG of this size, drawn by the browser.
async function drawn(page, width, height) {
  const url = await page.evaluate(([width, height]) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    const sky = context.createLinearGradient(0, 0, 0, height);
    for (const [at, colour] of [[0, "#27408b"], [0.45, "#e8743b"], [0.6, "#f7c873"], [0.61, "#1f3c5c"], [1, "#0c1a2b"]]) sky.addColorStop(at, colour);
    context.fillStyle = sky;
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#fff3c4";
    context.beginPath();
    context.arc(width / 2, height * 0.52, height / 9, 0, 7);
    context.fill();
    return canvas.toDataURL("image/png");
  }, [width, height]);
  return Buffer.from(url.split(",")[1], "base64");
}
