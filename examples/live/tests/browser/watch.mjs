// Three viewers, one of them late, one stopped for a while; the source goes and comes back; comments fly; then 500 viewers more.

import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Source, read } from "./source.mjs";

const { CHROMIUM, SERVER, VIEWERS, WORK } = process.env;
const { chromium } = createRequire(`${WORK}/`)("playwright-core");
const step = text => console.log(`- ${text}`);
const pause = ms => new Promise(done => setTimeout(done, ms));
const args = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"];
const faults = [];

const server = spawn(SERVER, ["--listen", "127.0.0.1:0", "--quiet", "--player", `${WORK}/node_modules/mpegts.js/dist/mpegts.js`],
  { stdio: ["ignore", "pipe", "inherit"] });
const [line] = await once(server.stdout, "data");
const address = /^listening on (\S+),/.exec(line)[1];
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024;
const cpu = () => {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

async function watch(browser, name, channel, options = { viewport: { width: 1100, height: 620 } }) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("pageerror", error => faults.push(`${name}: ${error}`));
  page.on("console", message => { if (message.type() === "error") faults.push(`${name}: ${message.text()}`); });
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      const video = document.getElementById("video");
      const begun = performance.now();
      const shown = () => { window.first ??= performance.now() - begun; };
      if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(shown);
    });
  });
  await page.goto(`http://${address}/watch/${channel}`);
  return page;
}

const state = async (page, source) => ({
  ...await page.evaluate(() => {
    const video = document.getElementById("video");
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
    return { at: video.currentTime, frames: totalVideoFrames, dropped: droppedVideoFrames, first: window.first };
  }),
  lag: source.seconds - await page.evaluate(read, read.words),
});

async function plays(page, name, source, limits = { lag: 2 }) {
  await page.waitForFunction(() => window.first !== undefined, null, { timeout: 20_000 });
  const before = await state(page, source);
  await pause(3000);
  const after = await state(page, source);
  console.log(`  ${name}: first picture after ${after.first.toFixed(0)} ms, ${(after.at - before.at).toFixed(1)} s in 3 s, ` +
    `${after.lag.toFixed(1)} s after the source, ${after.dropped} of ${after.frames} frames dropped`);
  assert.ok(after.at - before.at > 2, `${name}: the picture stands`);
  assert.ok(after.lag < limits.lag, `${name}: ${after.lag} s after the source`);
  return after;
}

const browser = await chromium.launch({ executablePath: CHROMIUM, args });
let stopped, source;
try {
  for (const format of ["flv", "mp4"]) {
    step(`${format}: two watch from the beginning, one joins late`);
    const channel = `one-${format}`;
    const early = [await watch(browser, "first", channel), await watch(browser, "second", channel)];
    source = new Source(`http://${address}/publish/${channel}`, format);
    const lag = format === "flv" ? 2 : 3.5; // a fragment of MP4 is a second, and goes out whole
    for (const page of early) await plays(page, "early", source, { lag });
    const late = await watch(browser, "late", channel, { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true, colorScheme: "dark" });
    const { first } = await plays(late, "late", source, { lag });
    assert.ok(first < 1000, `the first picture came after ${first} ms`);

    step(`${format}: comments fly over the picture`);
    await early[0].getByLabel("Your name").fill("Ann");
    for (const text of ["弹幕!", "What a picture"]) {
      await early[0].getByLabel("Comment", { exact: true }).fill(text);
      await early[0].getByRole("button", { name: "Send" }).click();
    }
    for (const page of [...early, late]) await page.locator("#comments li", { hasText: "What a picture" }).waitFor();
    await early[1].locator("#comments-above span", { hasText: "弹幕!" }).waitFor();
    await late.locator("#viewers", { hasText: "3 watching" }).waitFor();
    await pause(2500);
    await early[1].screenshot({ path: `${WORK}/live/${format}-desktop.png` });
    await late.screenshot({ path: `${WORK}/live/${format}-phone-dark.png` });

    step(`${format}: the source goes, and comes back`);
    await source.stop();
    for (const page of [...early, late]) await page.locator("#state[data-state=waiting]").waitFor({ timeout: 15_000 });
    source = new Source(`http://${address}/publish/${channel}`, format);
    for (const page of [...early, late]) {
      await page.locator("#state[data-state=live]").waitFor({ timeout: 15_000 });
      await plays(page, "again", source, { lag });
    }

    if (format === "flv") {
      step("one is stopped for 40 seconds, and nobody else hears of it");
      stopped = await chromium.launchServer({ executablePath: CHROMIUM, args });
      const page = await watch(await chromium.connect(stopped.wsEndpoint()), "stopped", channel);
      await plays(page, "before", source);
      const [before, of] = [await state(early[0], source), memory()];
      const all = signal => execFileSync("pkill", [`-${signal}`, "-P", String(stopped.process().pid)], { stdio: "ignore" });
      const tree = signal => { try { all(signal); } catch { /* no child */ } stopped.process().kill(signal); };
      tree("SIGSTOP");
      await pause(40_000);
      const after = await state(early[0], source);
      console.log(`  the server holds ${(memory() - of).toFixed(1)} MiB more; the others saw ${(after.at - before.at).toFixed(1)} s meanwhile`);
      assert.ok(memory() - of < 40 && after.at - before.at > 36);
      tree("SIGCONT");
      await page.locator("#state[data-state=live]").waitFor({ timeout: 30_000 });
      await pause(3000);
      await plays(page, "afterwards", source);
      await stopped.close();

      step("500 viewers more, which only count");
      const [cpuBefore, began] = [cpu(), Date.now()];
      const crowd = spawn(VIEWERS, [`ws://${address}/watch/${channel}`, "500", "15"], { stdio: ["ignore", "pipe", "inherit"] });
      const [report] = await Promise.all([once(crowd.stdout, "data"), once(crowd, "exit")]);
      const share = 100 * (cpu() - cpuBefore) / ((Date.now() - began) / 1000);
      console.log(`  ${String(report).trim()}; the server took ${share.toFixed(0)} % of a core, ${(share / 500).toFixed(3)} % for each, and holds ${memory().toFixed(0)} MiB`);
      await plays(early[0], "beside them", source);
    }
    for (const page of [...early, late]) {
      const { frames, dropped } = await state(page, source);
      console.log(`  in all ${dropped} of ${frames} frames dropped`);
      await page.context().close();
    }
    await source.stop();
  }
  assert.deepEqual(faults, []);
} finally {
  source?.child.kill("SIGKILL");
  await stopped?.kill().catch(() => {});
  await browser.close();
  server.kill("SIGTERM");
}
