// undici, whose WebSocket is that of Node: `client URL AGENT`.
"use strict";
const { WebSocket } = require("undici");
require("./standard.js")(WebSocket, ...process.argv.slice(3));
