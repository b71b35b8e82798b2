// The page in headless Chromium, beside a peer in Node: they meet, link and talk. A screenshot is left beside node_modules.
import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { chromium } from "playwright-core";
import { startHub, until } from "./server.mjs";

const hub = await startHub("--client", "node_modules/socket.io-client", "--quiet");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const socket = io(hub.url);
try {
  const heard = [];
  socket.on("message", (...message) => heard.push(message));
  socket.on("connect", () => socket.emit("join", { id: "node" }));
  const faults = [];
  const open = async (id) => {
    const page = await browser.newPage({ viewport: { width: 760, height: 620 } });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await page.goto(hub.url);
    await page.getByLabel("Your id").fill(id);
    await page.getByRole("button", { name: "Join" }).click();
    return page;
  };
  const ann = await open("ann");
  await ann.getByText("joined as ann, by websocket").waitFor();
  const bob = await open("bob <b>");
  await ann.locator("#peers li", { hasText: "bob <b>" }).getByRole("button", { name: "Link" }).click();
  await ann.locator("#peers li", { hasText: "node" }).getByRole("button", { name: "Link" }).click();
  await ann.locator("#peers li", { hasText: "node" }).getByRole("button", { name: "Unlink" }).waitFor();
  const write = async (page, text) => {
    await page.getByLabel("To those who are linked").fill(text);
    await page.getByRole("button", { name: "Send" }).click();
  };
  await write(ann, "Hello, all of you. <i>€</i>");
  await bob.getByText("Hello, all of you. <i>€</i>").waitFor();
  await until("Node to hear it", () => heard.length === 1);
  assert.deepEqual(heard[0], ["Hello, all of you. <i>€</i>", "ann"]);
  await write(bob, "Hello Ann");
  socket.emit("message", { from: "Node", bytes: [1, 2] });
  for (const text of ["Hello Ann", '{"from":"Node","bytes":[1,2]}']) await ann.locator("#messages").getByText(text).waitFor();

  const thief = await open("node");
  await thief.getByText("this id is taken").waitFor();
  await ann.screenshot({ path: "page.png" });
  await bob.close();
  await ann.locator("#peers li", { hasText: "bob" }).waitFor({ state: "detached" });
  assert.deepEqual(faults, []);
  assert.match(await (await fetch(`${hub.url}/socket.io/LICENSE`)).text(), /MIT/);
  console.log("passed: two pages and a peer in Node met, linked and talked");
} finally {
  socket.close();
  await browser.close();
  hub.stop();
}
