// The page: who one is, what is said, and which road it takes.

import { Call } from "./call.js";
import { Talk, randomId } from "./talk.js";

const at = id => document.getElementById(id);
const log = at("log");

at("enter").addEventListener("submit", async event => {
  event.preventDefault();
  await begin(at("me").value, at("friend").value);
});

async function begin(me, friend) {
  const certificate = await kept("certificate", () => RTCPeerConnection.generateCertificate({ name: "ECDSA", namedCurve: "P-256" }));
  const key = localStorage.getItem("key") ?? randomId() + randomId();
  localStorage.setItem("key", key);
  at("enter").hidden = true;
  document.querySelector("main").hidden = false;
  at("who").textContent = `${me} and ${friend}`;
  document.title = `${friend} – Messenger`;
  const [{ algorithm, value }] = certificate.getFingerprints();
  at("mine").textContent = `${algorithm} ${value.toUpperCase()}`;

  const talk = new Talk(me, friend), known = `fingerprint ${friend}`;
  const url = `${location.protocol.replace("http", "ws")}//${location.host}/hub`;
  const call = new Call({ url, me, key, friend, certificate, expected: localStorage.getItem(known), talk });
  let road = "";

  const show = (state, text) => { at("road").dataset.state = state; at("road").textContent = text; };
  call.addEventListener("open", ({ detail }) => {
    localStorage.setItem(known, detail.fingerprint);
    at("theirs").textContent = detail.fingerprint;
    show("open", "connected");
    road = "";
  });
  call.addEventListener("road", ({ detail }) => {
    show(detail.road, detail.road);
    at("road").title = detail.pair;
    if (road !== detail.pair) note(`Connected: ${detail.road} (${detail.pair})`);
    road = detail.pair;
  });
  call.addEventListener("gone", ({ detail }) => { show("gone", `${friend} is gone`); note(`${friend} is gone: ${detail.why}`); });
  call.addEventListener("refused", ({ detail }) => {
    show("refused", "refused");
    note(`Refused: expected the fingerprint ${detail.expected}, found ${detail.found}. Somebody else may have taken the name.`);
  });
  call.addEventListener("hub", ({ detail }) => detail.state === "lost" && note("The hub is gone; it is tried again."));
  call.addEventListener("note", ({ detail }) => note(detail.text));

  talk.addEventListener("message", ({ detail }) => item("theirs", detail.text));
  talk.addEventListener("delivered", ({ detail }) => {
    for (const mine of log.querySelectorAll("li.mine[data-n]")) mine.classList.toggle("delivered", Number(mine.dataset.n) <= detail.n || mine.classList.contains("delivered"));
  });
  talk.addEventListener("progress", ({ detail }) => { const bar = file(detail).querySelector("progress"); bar.max = detail.size; bar.value = detail.at; });
  talk.addEventListener("sent", ({ detail }) => { const line = file(detail); line.classList.add("delivered"); line.querySelector("progress")?.remove(); });
  talk.addEventListener("unwanted", ({ detail }) => note(`${detail.name} was not taken: ${detail.why}`));
  talk.addEventListener("refused", ({ detail }) => note(`${detail.name} was refused: ${detail.why}`));
  talk.addEventListener("received", ({ detail }) => received(detail));

  at("say").addEventListener("submit", event => {
    event.preventDefault();
    const text = at("text").value;
    if (!text.trim()) return;
    try { item("mine", text).dataset.n = talk.say(text); at("text").value = ""; } catch (error) { note(error.message); }
  });
  at("file").addEventListener("change", async () => {
    for (const chosen of [...at("file").files]) {
      const line = file({ id: await talk.send(chosen, chosen.name), name: chosen.name, size: chosen.size });
      line.classList.add("mine");
      picture(line, chosen.name, URL.createObjectURL(chosen));
    }
    at("file").value = "";
  });
}

function item(kind, text) {
  const line = document.createElement("li");
  line.className = kind;
  line.textContent = text;
  log.append(line);
  line.scrollIntoView({ block: "end" });
  return line;
}

const note = text => item("note", text);

// The line of a file that is on its way.
function file({ id, name, size }) {
  const found = log.querySelector(`li[data-file="${CSS.escape(id)}"]`);
  if (found) return found;
  const line = item("theirs", `${name}, ${size.toLocaleString("en")} bytes`);
  line.dataset.file = id;
  line.append(document.createElement("progress"));
  return line;
}

function received({ id, name, size, blob }) {
  const line = file({ id, name, size }), link = document.createElement("a");
  line.querySelector("progress")?.remove();
  link.href = URL.createObjectURL(blob);
  link.download = link.textContent = name;
  line.replaceChildren(link, `, ${size.toLocaleString("en")} bytes, digest right`);
  picture(line, name, link.href);
}

// Shows a file that is a picture.
function picture(line, name, url) {
  if (!/\.(png|jpe?g|gif|webp)$/i.test(name)) return;
  const image = new Image();
  image.alt = name;
  image.src = url;
  image.onload = () => line.scrollIntoView({ block: "end" });
  line.append(image);
}

// Something that the browser keeps for this page: made once. A certificate's key can be used, and not read.
function kept(name, make) {
  return new Promise((done, failed) => {
    const request = indexedDB.open("messenger", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("kept");
    request.onerror = () => failed(request.error);
    request.onsuccess = () => {
      const database = request.result, read = database.transaction("kept").objectStore("kept").get(name);
      read.onsuccess = async () => {
        if (read.result && !(read.result.expires < Date.now() + 864e5)) return done(read.result);
        const made = await make();
        database.transaction("kept", "readwrite").objectStore("kept").put(made, name).transaction.oncomplete = () => done(made);
      };
    };
  });
}
