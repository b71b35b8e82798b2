// A line between a page and the server that can fail in more ways than a process can die.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Relay {
  swallowsAnswers = false;
  address;
  #pairs = new Set();

  // Before one server, or before several, of which it takes the first that answers: in another order from the second page on.
  static async before(server, first = 0) {
    const relay = new Relay();
    const listener = createServer(async page => {
      const addresses = server.addresses;
      const ordered = [...addresses.slice(first), ...addresses.slice(0, first)];
      page.pause();
      page.on("error", () => {});
      for (const address of ordered) {
        const far = await reach(address);
        if (far) return relay.#join(page, far);
      }
      page.destroy();
    }).unref();
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

  #join(page, far) {
    const pair = [page, far];
    this.#pairs.add(pair);
    page.on("data", bytes => far.write(bytes));
    far.on("data", bytes => this.swallowsAnswers || page.write(bytes));
    for (const socket of pair) {
      socket.on("error", () => {}); // it closes, too
      socket.on("end", () => pair.forEach(each => each.end()));
      socket.on("close", () => { pair.forEach(each => each.destroy()); this.#pairs.delete(pair); });
    }
    page.resume();
  }
}

// A connection to this address, or none.
function reach(address) {
  const [host, port] = address.split(":");
  return new Promise(done => {
    const socket = connect(Number(port), host, () => done(socket)).on("error", () => done(undefined));
  });
}
