// npm `ws` as an echo server for echo_client. It prints its port, and what it sees of the client.
import { createRequire } from "node:module";

const require = createRequire(process.env.INTEROP_HOME + "/");
const { WebSocketServer } = require("ws");
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", maxPayload: 64 << 20 });
server.on("listening", () => console.log("port " + server.address().port));
server.on("connection", socket => {
  socket.on("message", (data, isBinary) => {
    const text = data.toString();
    if (text === "please close") return socket.close(4000, "as asked");
    if (text === "please vanish") return socket.terminate();
    if (text === "please ping") return socket.ping("are you there?");
    if (text === "please send binary") return socket.send(Buffer.from([0, 1, 254, 255]));
    if (text === "please send fragments") {
      socket.send("frag", { fin: false });
      socket.ping("between");
      return socket.send("ments", { fin: true });
    }
    socket.send(data, { binary: isBinary });
  });
  socket.on("pong", data => console.log("pong " + data));
  socket.on("error", error => console.log("error " + error.message));
  socket.on("close", (code, reason) => console.log("close " + code + " " + reason));
});
