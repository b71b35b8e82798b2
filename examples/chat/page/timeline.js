// What was said in one room, as it is shown.

const MOST = 1000; // messages that the page keeps
const TOGETHER = 5 * 60_000; // milliseconds in which messages of one person are shown as one block
const LINK = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]']/g;

export class Timeline {
  element = document.createElement("section");
  unseen = 0;
  #content = document.createElement("div");
  #said = document.createElement("ol");
  #pending = document.createElement("ol");
  #lastShown = null;
  #atEnd = true;
  #onPicture;

  constructor(room, { onPicture, onScroll }) {
    this.#onPicture = onPicture;
    this.element.className = "timeline";
    this.element.tabIndex = 0;
    this.element.setAttribute("aria-label", `Messages in ${room}`);
    const log = element("div");
    log.setAttribute("role", "log");
    log.setAttribute("aria-label", `What was said in ${room}`);
    log.append(this.#said);
    this.#pending.setAttribute("aria-label", "Waiting to be sent");
    this.#content.append(element("p", "hint", `Nothing was said in ${room} yet. Will you begin?`), log, this.#pending);
    this.element.append(this.#content);
    this.element.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.element;
      this.#atEnd = scrollHeight - scrollTop - clientHeight < 40;
      onScroll(this.#atEnd);
    });
    // Who reads the newest goes on doing so, whatever grows: messages, pictures that load, the keyboard of a phone.
    const observer = new ResizeObserver(() => { if (this.#atEnd) this.toEnd(); });
    observer.observe(this.#content);
    observer.observe(this.element);
  }

  get atEnd() {
    return this.#atEnd;
  }

  toEnd() {
    this.#atEnd = true;
    this.element.scrollTop = this.element.scrollHeight;
  }

  say(message, own) {
    const when = new Date(message.at);
    const before = this.#lastShown;
    if (!before || new Date(before.at).toDateString() !== when.toDateString()) this.#addNote(dayOf(when), "day");
    const first = !before || before.nick !== message.nick || message.at - before.at > TOGETHER || this.#said.lastChild?.matches(".note");
    const item = this.#item(message, own, first);
    item.dataset.n = message.n;
    this.#said.append(item);
    this.#lastShown = message;
    while (this.#said.children.length > MOST) this.#drop(this.#said.firstChild);
  }

  note(text, kind) {
    this.#addNote(text, kind);
    this.#lastShown = null;
  }

  wait(entry) {
    const item = this.#item({ ...entry, url: entry.preview }, true, true);
    item.classList.add("pending");
    item.dataset.id = entry.id;
    const state = element("span", "state", "waiting to be sent");
    item.append(state);
    this.#pending.append(item);
    this.toEnd();
  }

  // The entry has been said, or refused.
  settle({ id }) {
    for (const item of this.#pending.children) if (item.dataset.id === id) return this.#drop(item);
  }

  forget() {
    for (const item of [...this.#said.children, ...this.#pending.children]) this.#drop(item);
    this.element.remove();
  }

  #addNote(text, kind = "") {
    this.#said.append(element("li", `note ${kind}`, text));
  }

  #item(message, own, first) {
    const item = element("li", own ? "message own" : "message");
    if (first) {
      item.classList.add("first");
      if (!own) item.append(avatar(message.nick));
      if (message.at) {
        const who = element("span", "who");
        const time = element("time", "", timeOf(new Date(message.at)));
        time.dateTime = new Date(message.at).toISOString();
        who.append(element("b", "", message.nick), time);
        item.append(who);
      }
    }
    item.append(message.url ? this.#picture(message) : bubble(message.text));
    return item;
  }

  #picture({ url, alt, nick }) {
    const button = element("button", "picture");
    const image = new Image();
    image.src = url;
    image.alt = alt || `Picture from ${nick ?? "you"}`;
    button.type = "button";
    button.title = alt ?? "";
    button.append(image);
    button.onclick = () => this.#onPicture(url, alt ?? "");
    return button;
  }

  #drop(item) {
    const image = item.querySelector(".picture img");
    if (image) URL.revokeObjectURL(image.src);
    item.remove();
  }
}

// A circle with the first letter of a name, always in the same colour.
export function avatar(nick) {
  const circle = element("span", "avatar", [...nick][0].toUpperCase());
  let hue = 0;
  for (const char of nick) hue = (hue * 31 + char.codePointAt(0)) % 360;
  circle.style.setProperty("--hue", hue);
  circle.setAttribute("aria-hidden", "true");
  return circle;
}

export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className.trim();
  made.textContent = text;
  return made;
}

// Text with its links; everything else stays text.
function bubble(text) {
  const made = element("div", "bubble");
  if (/^(\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{fe0f}\u{200d}]*){1,3}$/u.test(text)) made.classList.add("big");
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const link = element("a", "", match[0]);
    Object.assign(link, { href: match[0], target: "_blank", rel: "noopener noreferrer" });
    made.append(text.slice(end, match.index), link);
    end = match.index + match[0].length;
  }
  made.append(text.slice(end));
  return made;
}

function timeOf(when) {
  return when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function dayOf(when) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(when).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return when.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}
