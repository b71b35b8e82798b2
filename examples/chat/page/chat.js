// The chat without its looks: who one is, which rooms one is in, and what has been seen of each.

import { Line } from "./line.js";
import { Outbox } from "./outbox.js";
import { pack, unpack } from "./picture.js";

export class Chat {
  nick = "";
  limits = { text: 4096, picture: 1 << 20, nick: 24, room: 32 }; // until the server tells its own
  rooms = new Map(); // by name: { name, last, joined, people }
  directory = []; // [name, people] of all rooms there are
  #view;
  #token;
  #log = null; // the identity of the numbers that were seen
  #greeted = false;
  #wish = ""; // the name that was asked for
  #outbox = new Outbox();
  #line;

  // The view is told what to show: see the methods that are called on it.
  constructor(url, token, view) {
    this.#view = view;
    this.#token = token;
    this.#line = new Line(url, {
      opened: () => this.#hello(),
      text: told => this.#told(told),
      binary: buffer => this.#message(unpack(buffer)),
      state: (state, until) => {
        this.#greeted = false;
        for (const room of this.rooms.values()) room.joined = false;
        view.state(state, until);
      },
    });
  }

  // Takes a name, or another one.
  enter(nick) {
    this.#wish = nick;
    this.#line.open();
    this.#hello();
  }

  hurry() {
    this.#line.hurry();
  }

  join(name) {
    if (this.rooms.has(name)) return;
    const room = { name, last: null, joined: false, people: [] };
    this.rooms.set(name, room);
    this.#view.entered(room);
    for (const entry of this.#outbox.of(name)) this.#view.pending(entry);
    this.#join(room);
  }

  leave(name) {
    if (!this.rooms.delete(name)) return;
    for (const { id } of this.#outbox.of(name)) this.#outbox.remove(id);
    this.#ask({ do: "leave", room: name });
    this.#view.left(name);
  }

  // Says { room, text } or { room, picture, alt, preview }, now or as soon as there is a line.
  say(message) {
    const entry = this.#outbox.add(message);
    this.#view.pending(entry);
    if (this.rooms.get(entry.room)?.joined) this.#send(entry);
  }

  #hello() {
    this.#ask({ do: "hello", nick: this.#wish, token: this.#token });
  }

  #join({ name, last }) {
    if (this.#greeted) this.#ask({ do: "join", room: name, after: last });
  }

  #ask(command) {
    this.#line.send(JSON.stringify(command));
  }

  #send({ id, room, text, picture, alt }) {
    if (picture && picture.length > this.limits.picture) this.#refused(id, "This picture is too large for this server.");
    else if (picture) this.#line.send(pack({ room, id, alt }, picture));
    else this.#ask({ do: "say", room, id, text });
  }

  #told(told) {
    const room = this.rooms.get(told.room);
    switch (told.is) {
      case "welcome":
        return this.#welcome(told);
      case "joined":
        if (!room) return;
        room.joined = true;
        room.last ??= told.next - 1;
        // What was written meanwhile, and what was sent before the line broke and not confirmed. If it was heard, the server knows.
        for (const entry of this.#outbox.of(room.name)) this.#send(entry);
        return;
      case "message":
        return this.#message(told);
      case "had":
        return void this.#confirmed(told.id);
      case "missed":
        if (!room) return;
        room.last = told.to;
        return this.#view.note(room.name, told.from === told.to
          ? `Message ${told.from} is no longer kept.`
          : `Messages ${told.from} to ${told.to} are no longer kept.`);
      case "people":
        if (!room) return;
        room.people = told.nicks;
        return this.#view.people(room);
      case "rooms":
        this.directory = told.rooms;
        return this.#view.listed();
      case "latency":
        return this.#view.latency(told.ms);
      case "error":
        return this.#error(told);
    }
  }

  #welcome({ nick, log, limits }) {
    const again = this.#greeted;
    [this.nick, this.#wish, this.limits, this.#greeted] = [nick, nick, limits, true];
    this.#line.works();
    if (this.#log !== null && this.#log !== log) {
      // The server has lost its history: the numbers begin anew.
      for (const room of this.rooms.values()) {
        room.last = null;
        this.#view.note(room.name, "The server has restarted without its history.");
      }
    }
    this.#log = log;
    this.#view.welcome(nick);
    if (!again) for (const room of this.rooms.values()) this.#join(room);
  }

  // A message of a room, or a picture with its address. Each number is taken once and in order, whatever comes how often.
  #message(message) {
    const room = this.rooms.get(message.room);
    this.#confirmed(message.id);
    if (!room?.joined || message.n <= room.last) {
      if (message.url) URL.revokeObjectURL(message.url);
      return;
    }
    room.last = message.n;
    this.#view.message(message);
  }

  #confirmed(id) {
    const entry = this.#outbox.remove(id);
    if (entry) this.#view.settled(entry);
  }

  #refused(id, why) {
    const entry = this.#outbox.remove(id);
    if (entry) this.#view.refused(entry, why);
    return entry !== undefined;
  }

  #error({ about, text }) {
    if (about && this.#refused(about, text)) return;
    if (about === this.#wish && (!this.#greeted || about !== this.nick)) {
      this.#wish = this.nick;
      return this.#view.unwelcome(text);
    }
    const room = this.rooms.get(about);
    if (room && !room.joined) {
      this.rooms.delete(about);
      this.#view.left(about);
    }
    this.#view.warn(text);
  }
}
