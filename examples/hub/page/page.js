// A peer in a page, with the client of socket.io as it comes from npm.

const $ = (id) => document.getElementById(id);
const peers = new Map(); // id: whether it is linked
let joined = false;

if (typeof io === "undefined") $("line").textContent = "no client of socket.io: start the hub with --client";
else begin(io({ autoConnect: false }));

function begin(socket) {
  const show = () => {
    const transport = socket.connected ? socket.io.engine.transport.name : "none";
    $("line").textContent = `${socket.connected ? (joined ? `joined as ${$("id").value}` : "connected") : "not connected"}, by ${transport}`;
    for (const element of $("send").elements) element.disabled = !joined || !socket.connected;
    $("peers").replaceChildren(...[...peers].map(([id, linked]) => {
      const button = Object.assign(document.createElement("button"), { textContent: linked ? "Unlink" : "Link" });
      button.onclick = () => socket.emit(linked ? "disconnect_from_peer" : "connect_to_peer", id, ({ ok, reason }) => {
        if (ok) peers.set(id, !linked);
        else say("refused", reason);
        show();
      });
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("span"), { textContent: id }), button);
      return item;
    }));
  };
  const say = (from, text) => {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("b"), { textContent: from }), ` ${text}`);
    $("messages").append(item);
    item.scrollIntoView();
  };

  socket.on("connect", () => {
    peers.clear();
    socket.emit("join", { id: $("id").value }, ({ ok, reason }) => {
      joined = ok;
      if (!ok) {
        say("refused", reason);
        socket.disconnect();
      }
      show();
    });
    socket.io.engine.on("upgrade", show);
    show();
  });
  socket.on("disconnect", () => {
    joined = false;
    show();
  });
  socket.on("connect_error", ({ message }) => say("error", message));
  socket.on("peer_connect", (id) => {
    if (!peers.has(id)) peers.set(id, false);
    show();
  });
  socket.on("peer_disconnect", (id) => {
    peers.delete(id);
    show();
  });
  socket.on("message", (text, from) => {
    // Whoever writes to us is linked with us, whichever of the two has asked for it.
    peers.set(from, true);
    say(from, typeof text === "string" ? text : JSON.stringify(text));
    show();
  });

  $("join").onsubmit = (event) => {
    event.preventDefault();
    socket.disconnect().connect();
  };
  $("send").onsubmit = (event) => {
    event.preventDefault();
    const text = $("text").value.trim();
    if (!text) return;
    socket.emit("message", text, ({ ok, reason }) => ok ? say("you", text) : say("refused", reason));
    $("text").value = "";
  };
  show();
}
