// A line between a page and the server that can fail in more ways than a process can die.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Relay {
  swallowsAnswers = false;
  address;
  #pairs = new Set();

  static async before(server) {
    const relay = new Relay();
    const listener = createServer(page => relay.#join(page, server)).unref();
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    relay.address = `127.0.0.1:${listener.address().port}`;
    return relay;
  }

  // Breaks all connections, and lets everything through from then on.
  cut() {
    for (const sockets of this.#pairs) for (const socket of sockets) socket.destroy();
    this.swallowsAnswers = false;
  }

  #join(page, server) {
    const [host, port] = server.address.split(":");
    const far = connect(Number(port), host);
    const pair = [page, far];
    this.#pairs.add(pair);
    page.on("data", bytes => far.write(bytes));
    far.on("data", bytes => this.swallowsAnswers || page.write(bytes));
    for (const socket of pair) {
      socket.on("error", () => {}); // it closes, too
      socket.on("end", () => pair.forEach(each => each.end()));
      socket.on("close", () => { pair.forEach(each => each.destroy()); this.#pairs.delete(pair); });
    }
  }
}
