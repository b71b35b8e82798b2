// A channel: its picture, its comments, and the one WebSocket that carries both.

import { FlvScreen } from "/flv.js";
import { Mp4Screen } from "/mp4.js";
import { fly } from "/fly.js";

const SILENCE = 90_000; // the server pings a client that is silent; a page hears of it by nothing, so it waits for long
const at = id => document.getElementById(id);
const video = at("video");
const channel = location.pathname.split("/").at(-1);
let socket, screen, failures = 0, silence;

document.title = at("title").textContent = channel;
at("name").value = localStorage.getItem("name") ?? "";
connect();

function connect() {
  tell("connecting", "connecting …");
  const mine = socket = new WebSocket(location.href.replace(/^http/, "ws"));
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { failures = 0; tell("waiting", "nothing on"); at("comments").replaceChildren(); heard(); };
  socket.onmessage = ({ data }) => {
    if (mine !== socket) return;
    heard();
    if (typeof data === "string") said(JSON.parse(data));
    else screen?.push(data);
  };
  socket.onclose = () => { if (mine === socket) lost(); };
}

function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => { const dead = socket; lost(); dead.close(); }, SILENCE);
}

// At a random place in the upper half of a delay that grows, so that not all come back at once.
function lost() {
  clearTimeout(silence);
  socket = null;
  const delay = Math.min(20_000, 500 * 2 ** Math.min(failures++, 10)) * (1 + Math.random()) / 2;
  tell("lost", "connection lost");
  setTimeout(connect, delay);
}

function said({ said, format, codecs, count, name, text, why }) {
  if (said === "begin") {
    screen?.close();
    screen = format === "mp4" ? new Mp4Screen(video, codecs) : window.mpegts ? new FlvScreen(video) : null;
    if (screen) tell("live", "live");
    else tell("waiting", "this server has no player for FLV");
  } else if (said === "end") {
    tell("waiting", "the source is gone; it may come back");
  } else if (said === "viewers") {
    at("viewers").textContent = `${count} watching`;
  } else if (said === "comment") {
    const list = at("comments");
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("b"), { textContent: name }), ` ${text}`);
    list.append(item);
    while (list.children.length > 200) list.firstChild.remove();
    item.scrollIntoView({ block: "nearest" });
    fly(at("comments-above"), text);
  } else if (said === "refused") {
    refuse(why);
  }
}

function tell(state, text) {
  Object.assign(at("state"), { textContent: text }).dataset.state = state;
}

function refuse(why) {
  Object.assign(at("refused"), { textContent: why, hidden: false });
  setTimeout(() => at("refused").hidden = true, 4000);
}

at("composer").onsubmit = event => {
  event.preventDefault();
  const [name, text] = [at("name").value, at("text").value];
  localStorage.setItem("name", name);
  if (socket?.readyState !== WebSocket.OPEN) return refuse("not sent: there is no connection");
  socket.send(JSON.stringify({ name, text }));
  at("text").value = "";
};

at("sound").onclick = () => {
  video.muted = !video.muted;
  at("sound").textContent = video.muted ? "Sound on" : "Sound off";
};
