// Ann in headless Chromium, behind a NAT. Usage: node page.mjs URL ROAD. Prints the road with its pair, and what bob has said.

import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.HOME_OF_BROWSER}/`)("playwright-core");
const [url, road] = process.argv.slice(2);
// Without a certificate for an address, this is how Chromium is told that the page may use what pages of https may.
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", `--unsafely-treat-insecure-origin-as-secure=${url}`] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", error => console.log(`fault: ${error}`));
  await page.goto(url);
  await page.getByLabel("Your name").fill("ann");
  await page.getByLabel("Your friend’s name").fill("bob");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.locator(`#road[data-state=${road}]`).waitFor();
  console.log(`road: ${await page.locator("#road").getAttribute("title")}`);
  await page.getByLabel("Message", { exact: true }).fill("from the page");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.locator("#log li.mine.delivered", { hasText: "from the page" }).waitFor();
  console.log(`heard: ${await page.locator("#log li.theirs").first().textContent()}`);
} finally {
  await browser.close();
}
