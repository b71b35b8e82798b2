// What friends say to each other, whatever the road: numbered messages and files, as src/talk does. Messages outlive the page, in its
// storage; of files, what came so far lives as long as the page.

const PIECE = 16 * 1024, WINDOW = 1024 * 1024, TELL = 256 * 1024, MAX_FILE = 256 * 1024 * 1024, MAX_SAID = 8 * 1024;
const hex = bytes => [...new Uint8Array(bytes)].map(byte => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async blob => hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
export const randomId = () => hex(crypto.getRandomValues(new Uint8Array(8)));

export class Talk extends EventTarget {
  #key; #state; #channel; #sending = new Map(); #receiving = new Map(); #done = new Set(); #retry;

  constructor(me, friend) {
    super();
    this.#key = `talk ${me} ${friend}`;
    this.#state = JSON.parse(localStorage.getItem(this.#key)) ?? { stream: randomId(), last: 0, unheard: [], heard: ["", 0] };
  }

  // A channel is open. What was not acknowledged on the last one is said again.
  opened(channel) {
    this.#channel = channel;
    channel.bufferedAmountLowThreshold = WINDOW / 4;
    channel.onbufferedamountlow = () => this.#pieces();
    this.#put({ t: "hello", stream: this.#state.stream });
    this.#sayAgain(1000);
    for (const file of this.#sending.values()) this.#offer(file);
  }

  closed() {
    this.#channel = null;
    clearTimeout(this.#retry);
    for (const file of this.#sending.values()) file.sent = null;
  }

  say(text) {
    if (new TextEncoder().encode(text).length > MAX_SAID) throw new Error(`expected a message of at most ${MAX_SAID} bytes`);
    const n = ++this.#state.last;
    this.#state.unheard.push([n, text]);
    this.#keep();
    this.#put({ t: "say", n, text });
    return n;
  }

  async send(blob, name) {
    const file = { id: randomId(), blob, name, size: blob.size, sha256: await sha256(blob), sent: null, acked: 0 };
    this.#sending.set(file.id, file);
    this.#offer(file);
    return file.id;
  }

  ping() { this.#put({ t: "ping" }); }

  async receive(data) {
    if (typeof data !== "string") return this.#piece(new Uint8Array(data));
    const frame = JSON.parse(data);
    switch (frame.t) {
      case "hello": if (this.#state.heard[0] !== frame.stream) { this.#state.heard = [String(frame.stream), 0]; this.#keep(); } break;
      case "say": return this.#said(frame);
      case "heard": return this.#heard(frame.n);
      case "file": return this.#offered(frame);
      case "want": return this.#wanted(frame);
      case "got": return this.#got(frame);
      case "done": return this.#over(frame.id, "sent");
      case "refuse": return this.#over(frame.id, "unwanted", String(frame.why));
    }
  }

  #said({ n, text }) {
    if (n === this.#state.heard[1] + 1) {
      this.#state.heard[1] = n;
      this.#tell("message", { text: String(text) });
      this.#keep(); // shown, and only then confirmed
    }
    this.#put({ t: "heard", n: this.#state.heard[1] });
  }

  #heard(n) {
    this.#state.unheard = this.#state.unheard.filter(([number]) => number > n);
    this.#keep();
    this.#tell("delivered", { n });
  }

  #sayAgain(atMost, delay = 2000) {
    for (const [n, text] of this.#state.unheard.slice(0, atMost)) this.#put({ t: "say", n, text });
    this.#retry = setTimeout(() => this.#sayAgain(16, Math.min(delay * 2, 30000)), delay * (0.5 + Math.random() / 2));
  }

  #offer({ id, name, size, sha256 }) { this.#put({ t: "file", id, name, size, sha256 }); }

  #wanted({ id, from }) {
    const file = this.#sending.get(id);
    if (!file || !(from >= 0 && from <= file.size)) return;
    file.sent = file.acked = from;
    this.#pieces();
  }

  #got({ id, upto }) {
    const file = this.#sending.get(id);
    if (!file || !(upto <= file.sent)) return;
    file.acked = upto;
    this.#tell("progress", { id, name: file.name, at: upto, size: file.size });
    this.#pieces();
  }

  #isBusy = false;
  async #pieces() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const file of this.#sending.values()) {
        while (this.#channel?.bufferedAmount < WINDOW && file.sent !== null && file.sent < file.size && file.sent - file.acked < WINDOW) {
          const [channel, offset] = [this.#channel, file.sent];
          const bytes = new Uint8Array(await file.blob.slice(offset, offset + PIECE).arrayBuffer());
          if (channel !== this.#channel || offset !== file.sent) break;
          const frame = new Uint8Array(24 + bytes.length);
          frame.set(new TextEncoder().encode(file.id));
          new DataView(frame.buffer).setBigUint64(16, BigInt(offset));
          frame.set(bytes, 24);
          channel.send(frame);
          file.sent += bytes.length;
        }
      }
    } finally { this.#isBusy = false; }
  }

  #offered({ id, name, size, sha256 }) {
    if (this.#done.has(id)) return this.#put({ t: "done", id });
    if (!/^[0-9a-f]{16}$/.test(id) || !/^[0-9a-f]{64}$/.test(sha256) || !(size >= 0 && size <= MAX_FILE)) {
      return this.#put({ t: "refuse", id: String(id).slice(0, 16), why: `expected a file of at most ${MAX_FILE} bytes with a digest` });
    }
    let file = this.#receiving.get(id);
    if (!file) this.#receiving.set(id, file = { id, name: String(name).split(/[\\/]/).pop().slice(0, 100) || "file", size, sha256, at: 0, told: 0, parts: [] });
    this.#put({ t: "want", id, from: file.at });
    if (file.size === 0) this.#check(file);
  }

  #piece(frame) {
    const file = this.#receiving.get(new TextDecoder().decode(frame.slice(0, 16)));
    if (!file) return;
    const offset = Number(new DataView(frame.buffer, frame.byteOffset).getBigUint64(16)), bytes = frame.slice(24);
    if (offset !== file.at || offset + bytes.length > file.size) return this.#refuse(file, `expected byte ${file.at} of ${file.size}, found ${bytes.length} bytes at ${offset}`);
    file.parts.push(bytes);
    file.at += bytes.length;
    if (file.at - file.told >= TELL || file.at === file.size) {
      file.told = file.at;
      this.#put({ t: "got", id: file.id, upto: file.at });
      this.#tell("progress", { id: file.id, name: file.name, at: file.at, size: file.size });
    }
    if (file.at === file.size) return this.#check(file);
  }

  async #check(file) {
    const blob = new Blob(file.parts), found = await sha256(blob);
    if (found !== file.sha256) return this.#refuse(file, `expected the digest ${file.sha256}, found ${found}`);
    this.#receiving.delete(file.id);
    this.#done.add(file.id);
    this.#put({ t: "done", id: file.id });
    this.#tell("received", { id: file.id, name: file.name, size: file.size, blob });
  }

  #refuse(file, why) {
    this.#receiving.delete(file.id);
    this.#put({ t: "refuse", id: file.id, why });
    this.#tell("refused", { name: file.name, why });
  }

  #over(id, how, why) {
    const file = this.#sending.get(id);
    if (this.#sending.delete(id)) this.#tell(how, { id, name: file.name, why });
  }

  #put(frame) { if (this.#channel?.readyState === "open") this.#channel.send(JSON.stringify(frame)); }
  #keep() { localStorage.setItem(this.#key, JSON.stringify(this.#state)); }
  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}
