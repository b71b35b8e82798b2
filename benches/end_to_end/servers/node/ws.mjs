// An echo server on npm's ws. Its first line says where it listens.
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(`${process.env.INTEROP_HOME}/`)("ws");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, maxPayload: 16 << 20, backlog: 4096 });
server.on("listening", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
server.on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    socket.on("error", () => {});
});
