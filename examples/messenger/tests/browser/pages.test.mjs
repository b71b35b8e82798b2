// Pages in Chromium.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { place } from "./program.mjs";

const { CHROMIUM, SHOTS } = process.env;

async function browser(test, ...args) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", ...args] });
  test.after(() => browser.close());
  return browser;
}

// Somebody who opens the page.
async function arrive(browser, port, me, friend, options) {
  const page = await (await browser.newContext(options)).newPage(), faults = [];
  page.setDefaultTimeout(40_000);
  page.on("pageerror", error => faults.push(String(error)));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByLabel("Your name").fill(me);
  await page.getByLabel("Your friend’s name").fill(friend);
  await page.getByRole("button", { name: "Begin" }).click();
  return {
    page, faults,
    road: road => page.locator(`#road[data-state=${road}]`).waitFor(),
    write: async text => { await page.getByLabel("Message", { exact: true }).fill(text); await page.getByRole("button", { name: "Send", exact: true }).click(); },
    sees: text => page.locator("#log li.theirs", { hasText: text }).waitFor(),
    delivered: text => page.locator("#log li.mine.delivered", { hasText: text }).waitFor(),
    fingerprint: id => page.locator(`#${id}`).textContent(),
    give: (name, mimeType, buffer) => page.locator("#file").setInputFiles({ name, mimeType, buffer }),
  };
}

test("two people chat, and send each other a picture", async test => {
  const { port } = await place(test), chromium = await browser(test, "--disable-features=WebRtcHideLocalIpsWithMdns");
  const ann = await arrive(chromium, port, "ann", "bob", { viewport: { width: 1000, height: 720 }, colorScheme: "light" });
  const bob = await arrive(chromium, port, "bob", "ann", { viewport: { width: 390, height: 800 }, deviceScaleFactor: 2, colorScheme: "dark" });
  await Promise.all([ann.road("direct"), bob.road("direct")]);
  assert.equal(await ann.fingerprint("theirs"), await bob.fingerprint("mine"));
  assert.equal(await bob.fingerprint("theirs"), await ann.fingerprint("mine"));
  for (const [who, other, text] of [[ann, bob, "Hello Bob! Can you hear me?"], [bob, ann, "Hi Ann 👋 Loud and clear."], [ann, bob, "Nobody is between us."], [bob, ann, "<b>Not bold</b>, as it should be."]]) {
    await who.write(text);
    await other.sees(text);
    await who.delivered(text);
  }
  const picture = await ann.page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 270 }), draw = canvas.getContext("2d");
    const sky = draw.createLinearGradient(0, 0, 0, 270);
    ["#23395d", "#e5734a", "#f9c74f"].forEach((colour, index) => sky.addColorStop(index / 2, colour));
    draw.fillStyle = sky; draw.fillRect(0, 0, 480, 270);
    draw.fillStyle = "#fff3"; draw.beginPath(); draw.arc(330, 190, 46, 0, 7); draw.fill();
    draw.fillStyle = "#1d3557"; draw.fillRect(0, 200, 480, 70);
    return canvas.toDataURL("image/png").split(",")[1];
  });
  await ann.give("sunset.png", "image/png", Buffer.from(picture, "base64"));
  await bob.page.getByAltText("sunset.png").waitFor();
  await ann.delivered("sunset.png");
  assert.equal(await bob.page.getByAltText("sunset.png").evaluate(async image => (await image.decode(), image.naturalWidth)), 480);
  await bob.write("What a sunset!");
  await ann.sees("What a sunset!");
  await ann.delivered("Nobody is between us.");
  await ann.page.screenshot({ path: join(SHOTS, "ann.png") });
  await bob.page.screenshot({ path: join(SHOTS, "bob.png") });
  await bob.page.getByText("Fingerprints").click();
  await bob.page.screenshot({ path: join(SHOTS, "bob-fingerprints.png") });
  assert.deepEqual([ann.faults, bob.faults], [[], []]);
});

for (const [me, friend] of [["ann", "bob"], ["zoe", "bob"]]) {
  test(`a page (${me}) talks to the program (${friend}); ${me < friend ? "the page" : "the program"} calls`, async test => {
    const { port, peer, folder } = await place(test), chromium = await browser(test);
    const program = peer(friend, me), page = await arrive(chromium, port, me, friend);
    await page.road("direct");
    await program.expect("* road: direct");
    await page.write("from the page");
    await program.expect(`${me}: from the page`);
    await page.delivered("from the page");
    program.write("from the program");
    await page.sees("from the program");

    const up = randomBytes(3_000_000), down = randomBytes(2_000_000);
    await page.give("up.bin", "application/octet-stream", up);
    await program.expect("(3000000 bytes, digest right)");
    assert.ok(readFileSync(join(folder, friend, "inbox", "up.bin")).equals(up));
    writeFileSync(join(folder, "down.bin"), down);
    program.write(`/send ${join(folder, "down.bin")}`);
    await program.expect("down.bin was received");
    const link = page.page.locator("#log a", { hasText: "down.bin" });
    await link.waitFor();
    const [download] = await Promise.all([page.page.waitForEvent("download"), link.click()]);
    assert.ok(readFileSync(await download.path()).equals(down));

    // The program is killed and comes back: what was said in the meantime arrives.
    program.end();
    await page.road("gone");
    await page.write("are you back?");
    const again = peer(friend, me);
    await again.expect(`${me}: are you back?`);
    assert.equal(again.lines.filter(line => line.includes("from the page")).length, 0, "what was shown is not shown again");
    await page.delivered("are you back?");

    // The page is loaded anew: who it is stays the same.
    await page.page.reload();
    await page.page.getByLabel("Your name").fill(me);
    await page.page.getByLabel("Your friend’s name").fill(friend);
    await page.page.getByRole("button", { name: "Begin" }).click();
    await page.road("direct");
    await page.write("loaded anew");
    await again.expect(`${me}: loaded anew`);
    assert.deepEqual(page.faults, []);
  });
}
