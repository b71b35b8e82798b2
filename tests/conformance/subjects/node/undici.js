// undici, whose WebSocket is that of Node: `client URL AGENT [PACKAGE]`.
"use strict";
const [, url, agent, other] = process.argv.slice(2);
require("./standard.js")(require(other ?? "undici").WebSocket, url, agent);
