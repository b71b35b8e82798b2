// What was written and is not confirmed yet, in order. Each entry has an identifier by which the server knows it again, so that it can be
// sent as often as it takes, and is said once.

const KEY = "outbox";

export class Outbox {
  #entries = [];

  // Texts survive a reload of the page; pictures would not fit.
  constructor() {
    try {
      this.#entries = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    } catch {
      // Storage that is blocked, or holds something else: there is nothing to send.
    }
  }

  // Takes { room, text } or { room, picture, alt, preview }.
  add(message) {
    const entry = { id: identifier(), ...message };
    this.#entries.push(entry);
    this.#save();
    return entry;
  }

  // The entry is done with, one way or the other.
  remove(id) {
    const index = this.#entries.findIndex(entry => entry.id === id);
    if (index < 0) return undefined;
    const [entry] = this.#entries.splice(index, 1);
    this.#save();
    return entry;
  }

  of(room) {
    return this.#entries.filter(entry => entry.room === room);
  }

  #save() {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(this.#entries.filter(entry => entry.text !== undefined)));
    } catch {
      // Without storage, a reload loses what was not sent.
    }
  }
}

// 128 random bits. `crypto.randomUUID` would do, but does not exist on a page that came over plain HTTP from another machine.
export function identifier() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
}
