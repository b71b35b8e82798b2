// One page, and someone who uses it.

import assert from "node:assert/strict";

export class Person {
  faults = []; // what went wrong in the page

  static async arrive(browser, server, nick, options) {
    const context = await browser.newContext(options);
    const person = new Person();
    person.nick = nick;
    person.page = await context.newPage();
    person.page.on("pageerror", error => person.faults.push(String(error)));
    person.page.on("console", message => {
      // While the server is gone, the browser says so for each attempt.
      if (message.type() === "error" && !/ERR_CONNECTION_REFUSED|WebSocket connection to/.test(message.text())) person.faults.push(message.text());
    });
    await person.page.goto(`http://${server.address}/`);
    await person.page.getByLabel("Nickname").fill(nick);
    await person.page.getByRole("button", { name: "Enter" }).click();
    await person.page.getByRole("dialog").waitFor({ state: "hidden" });
    return person;
  }

  async write(text) {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  async show(picture, alt) {
    await this.page.locator("#file").setInputFiles({ name: "picture.png", mimeType: "image/png", buffer: picture });
    await this.page.getByLabel("Describe it").fill(alt);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  // Until the page says this about its line.
  async line(state) {
    await this.page.locator(`#line[data-state=${state}]`).waitFor();
  }

  // What the page shows of the room in front: [number, text or description], in the order on the page.
  shown() {
    return this.page.locator(".timeline:not([hidden]) .message[data-n]").evaluateAll(items => items.map(item =>
      [Number(item.dataset.n), item.querySelector(".bubble")?.textContent ?? item.querySelector("img").alt]));
  }

  // Until exactly these are shown, once and in order, and nothing waits to be sent.
  async sees(expected) {
    const wanted = expected.map((what, index) => [index + 1, what]);
    let shown, waiting;
    for (const end = Date.now() + 15_000; Date.now() < end; await new Promise(done => setTimeout(done, 50))) {
      [shown, waiting] = [await this.shown(), await this.page.locator(".pending").count()];
      if (JSON.stringify(shown) === JSON.stringify(wanted) && waiting === 0) return;
    }
    assert.deepEqual(shown, wanted, `${this.nick}'s page`);
    assert.equal(waiting, 0, `${this.nick}'s page still waits to send`);
  }
}
