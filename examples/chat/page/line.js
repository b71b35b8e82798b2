// The line to the server: one WebSocket at a time, and another one when it is lost.

const FIRST_DELAY = 500; // milliseconds
const LAST_DELAY = 20_000;
// The server tells the latency at least every 15 s. Who hears nothing for longer than this has a dead line, whatever the socket says.
const SILENCE = 35_000;
// Codes after which coming back by itself would do harm: the same name is at another window.
const MOVED = 4001;

// How long to wait after so many failures in a row: twice as long each time, and at a random place in the upper half, so that the
// clients of a server that restarts do not come back all at once.
export function delay(failures, random = Math.random()) {
  const longest = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** Math.min(failures, 16));
  return longest * (1 + random) / 2;
}

export class Line {
  #url;
  #listener; // { opened(), text(object), binary(buffer), state(name, until) }
  #socket = null;
  #failures = 0;
  #retry = 0;
  #silence = 0;
  #state = "idle";

  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  // Connects, unless that has been begun.
  open() {
    if (this.#socket || this.#retry) return;
    this.#connect();
  }

  // Does not wait any longer.
  hurry() {
    if (this.#state === "waiting" || this.#state === "moved") this.#connect();
  }

  // Everything is well: the next failure will be the first again.
  works() {
    this.#failures = 0;
  }

  // What is sent while there is no line is lost; the outbox knows what has to be sent again.
  send(data) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#tell("connecting");
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const mine = handler => event => { if (this.#socket === socket) handler(event); };
    socket.onopen = mine(() => {
      this.#listen();
      this.#tell("open");
      this.#listener.opened();
    });
    socket.onmessage = mine(({ data }) => {
      this.#listen();
      if (typeof data === "string") this.#listener.text(JSON.parse(data));
      else this.#listener.binary(data);
    });
    socket.onclose = mine(({ code }) => this.#lost(code));
    this.#listen();
  }

  // Starts to wait for the next sign of life.
  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(), SILENCE);
  }

  #lost(code) {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null; // what it may still say is not listened to
    socket?.close();
    if (code === MOVED) return this.#tell("moved");
    const wait = delay(this.#failures++);
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.#tell("waiting", Date.now() + wait);
  }

  #tell(state, until) {
    this.#state = state;
    this.#listener.state(state, until);
  }
}
