// The page: puts the chat and its looks together.

import { Chat } from "./chat.js";
import { identifier } from "./outbox.js";
import { prepare } from "./picture.js";
import { prepareDrawers, showPeople, showRooms } from "./sides.js";
import { Timeline } from "./timeline.js";

const $ = id => document.getElementById(id);
const memory = recall();
const timelines = new Map(); // by room
const closeDrawers = prepareDrawers();
let current = null;
let picture = null; // what is about to be sent: { bytes, preview }
let countdown = 0;
let alertTimer = 0;
let listsTimer = 0;

const chat = new Chat(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/chat`, memory.token, {
  state: showState,
  welcome(nick) {
    memory.nick = nick;
    remember();
    if (!$("hello").open) return; // back again: whoever is writing goes on
    $("hello").close();
    $("text").focus();
  },
  unwelcome: askName,
  latency: ms => { $("latency").textContent = ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`; },
  entered({ name }) {
    const timeline = new Timeline(name, { onPicture: view, onScroll: showNewest });
    timeline.element.hidden = true;
    timelines.set(name, timeline);
    $("timelines").append(timeline.element);
    showLists();
  },
  left(name) {
    timelines.get(name)?.forget();
    timelines.delete(name);
    if (current === name && chat.rooms.size) openRoom([...chat.rooms.keys()].at(-1));
    remember();
    showLists();
  },
  listed: showLists,
  people: ({ name }) => { if (name === current) showLists(); },
  note: (name, text) => timelines.get(name)?.note(text),
  pending: entry => timelines.get(entry.room)?.wait(entry),
  settled: entry => timelines.get(entry.room)?.settle(entry),
  refused(entry, why) {
    timelines.get(entry.room)?.settle(entry);
    warn(why);
    if (entry.text && !$("text").value) $("text").value = entry.text;
  },
  message(message) {
    const timeline = timelines.get(message.room);
    timeline.say(message, message.nick === chat.nick);
    if (message.nick !== chat.nick && (message.room !== current || document.hidden || !timeline.atEnd)) timeline.unseen += 1;
    showLists();
    showNewest();
  },
  warn,
});

// ---- Rooms ----

function openRoom(name) {
  chat.join(name);
  if (!chat.rooms.has(name)) return;
  for (const [other, { element }] of timelines) element.hidden = other !== name;
  current = name;
  seen();
  timelines.get(name).toEnd();
  $("title").textContent = `# ${name}`;
  $("text").placeholder = `Message #${name}`;
  closeDrawers();
  showLists();
  showNewest();
  remember();
}

// Many things may change at once, the history of a room above all; they are shown together.
function showLists() {
  listsTimer ||= setTimeout(() => { listsTimer = 0; showListsNow(); }, 20);
}

function showListsNow() {
  showRooms(chat, current, name => timelines.get(name)?.unseen ?? 0, { open: openRoom, leave: name => chat.leave(name) });
  showPeople(chat.rooms.get(current)?.people ?? [], chat.nick);
  const unseen = [...timelines.values()].reduce((sum, timeline) => sum + timeline.unseen, 0);
  document.title = `${unseen ? `(${unseen}) ` : ""}${current ?? "Rooms"}`;
}

function seen() {
  const timeline = timelines.get(current);
  if (!timeline || document.hidden || !timeline.unseen) return;
  timeline.unseen = 0;
  showLists();
}

function showNewest() {
  const timeline = timelines.get(current);
  if (timeline?.atEnd) seen();
  $("newest").hidden = !timeline || timeline.atEnd;
  $("newest").textContent = timeline?.unseen ? `${timeline.unseen} new ↓` : "To the newest ↓";
}

$("newest").onclick = () => { timelines.get(current).toEnd(); showNewest(); };
document.addEventListener("visibilitychange", showNewest);
$("join").onsubmit = event => {
  event.preventDefault();
  const name = $("join-name").value.trim().toLowerCase().replace(/^#\s*/, "").replace(/\s+/g, "-");
  if (name) openRoom(name);
  $("join-name").value = "";
  $("text").focus();
};

// ---- Writing ----

$("composer").onsubmit = event => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!current || !text && !picture) return;
  if (new TextEncoder().encode(text).length > chat.limits.text) return warn(`This is too long: ${chat.limits.text} bytes are the most.`);
  if (picture) {
    chat.say({ room: current, picture: picture.bytes, alt: $("alt").value.trim(), preview: picture.preview });
    discard(true);
  }
  if (text) chat.say({ room: current, text });
  $("text").value = "";
  $("alert").hidden = true;
};
$("text").onkeydown = event => {
  // Shift makes a new line; and so does Enter while a word is being composed, or on a phone's keyboard, which has a button to send.
  const plain = event.key === "Enter" && !event.shiftKey && !event.isComposing && matchMedia("(pointer: fine)").matches;
  if (plain) { event.preventDefault(); $("composer").requestSubmit(); }
};

// ---- Pictures ----

async function take(file) {
  if (!file) return;
  try {
    const bytes = await prepare(file, chat.limits.picture);
    discard();
    picture = { bytes, preview: URL.createObjectURL(new Blob([bytes])) };
    $("preview-picture").src = picture.preview;
    $("preview").hidden = false;
    $("text").focus();
  } catch (error) {
    warn(error.message);
  }
}

function discard(sent = false) {
  if (picture && !sent) URL.revokeObjectURL(picture.preview);
  picture = null;
  $("preview").hidden = true;
  $("alt").value = $("file").value = "";
}

function view(url, alt) {
  $("viewer-picture").src = url;
  $("viewer-picture").alt = alt || "Picture";
  $("viewer-alt").textContent = alt;
  $("viewer").showModal();
}

$("attach").onclick = () => $("file").click();
$("file").onchange = () => take($("file").files[0]);
$("discard").onclick = () => discard();
$("viewer").onclick = event => { if (event.target !== $("viewer-alt")) $("viewer").close(); };
const pictureIn = transfer => [...transfer.files].find(file => file.type.startsWith("image/"));
addEventListener("paste", event => {
  const file = pictureIn(event.clipboardData);
  if (file) { event.preventDefault(); take(file); }
});
addEventListener("dragover", event => event.preventDefault());
addEventListener("drop", event => { event.preventDefault(); take(pictureIn(event.dataTransfer)); });

// ---- The line, the name, and what may go wrong ----

function showState(state, until) {
  clearInterval(countdown);
  $("line").dataset.state = state;
  $("latency").textContent = "";
  $("retry").hidden = state !== "waiting" && state !== "moved";
  $("retry").textContent = state === "moved" ? "Continue here" : "Try now";
  const count = () => { $("retry").textContent = `Try now (${Math.max(1, Math.ceil((until - Date.now()) / 1000))} s)`; };
  const say = text => { if ($("status").textContent !== text) $("status").textContent = text; };
  switch (state) {
    case "connecting": return say("Connecting …");
    case "open": return say("Connected");
    case "moved": return say("Open in another window");
    case "waiting":
      say("No connection");
      if (until - Date.now() > 1000) count();
      countdown = setInterval(count, 1000);
  }
}

function askName(error = "") {
  $("hello-error").textContent = error;
  $("nick").value ||= chat.nick || memory.nick;
  if (!$("hello").open) $("hello").showModal();
  $("nick").select();
}

function warn(text) {
  $("alert").textContent = text;
  $("alert").hidden = false;
  clearTimeout(alertTimer);
  alertTimer = setTimeout(() => { $("alert").hidden = true; }, 8000);
}

$("retry").onclick = () => chat.hurry();
$("rename").onclick = () => { closeDrawers(); askName(); };
$("hello").oncancel = event => { if (!chat.nick) event.preventDefault(); };
$("hello").querySelector("form").onsubmit = event => {
  event.preventDefault();
  chat.enter($("nick").value.trim());
};

// ---- What a reload has to bring back ----

function recall() {
  const fresh = { nick: "", token: identifier(), rooms: ["lobby"], current: "lobby", returns: false };
  try {
    const kept = JSON.parse(sessionStorage.getItem("chat"));
    return { ...fresh, nick: localStorage.getItem("nick") ?? "", ...kept, returns: Boolean(kept?.nick) };
  } catch {
    return fresh;
  }
}

function remember() {
  Object.assign(memory, { rooms: [...chat.rooms.keys()], current });
  try {
    sessionStorage.setItem("chat", JSON.stringify(memory));
    localStorage.setItem("nick", memory.nick);
  } catch {
    // Without storage, a reload begins anew.
  }
}

const { nick, rooms, current: wanted, returns } = memory;
for (const name of rooms) chat.join(name);
openRoom(chat.rooms.has(wanted) ? wanted : "lobby");
if (returns) chat.enter(nick);
else askName();
