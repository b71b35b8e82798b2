"""tornado: `server ADDRESS` or `client URL AGENT`."""

import asyncio
import logging
import sys

import tornado.web
import tornado.websocket

LIMIT = 1 << 20
logging.basicConfig(level=logging.CRITICAL)


class Echo(tornado.websocket.WebSocketHandler):
    def on_message(self, message):
        # A connection that has ended meanwhile takes no more.
        try:
            self.write_message(message, binary=isinstance(message, bytes))
        except tornado.websocket.WebSocketClosedError:
            pass

    def get_compression_options(self):
        return {}

    def check_origin(self, origin):
        return True


async def server(address):
    host, port = address.split(":")
    tornado.web.Application([(".*", Echo)], websocket_max_message_size=LIMIT).listen(int(port), host)
    await asyncio.Event().wait()


async def client(url, agent):
    async def session(target):
        first = None
        try:
            socket = await tornado.websocket.websocket_connect(
                url + target, compression_options={}, max_message_size=LIMIT, connect_timeout=5)
            while (message := await socket.read_message()) is not None:
                if isinstance(message, str):
                    first = first or message
                await socket.write_message(message, binary=isinstance(message, bytes))
            socket.close()
        except Exception as error:  # Whatever it raises, the next case is tried.
            print(repr(error), file=sys.stderr)
        return first

    count = int(await session("/getCaseCount"))
    for case in range(1, count + 1):
        await session(f"/runCase?case={case}&agent={agent}")
    await session(f"/updateReports?agent={agent}")


asyncio.run(server(sys.argv[2]) if sys.argv[1] == "server" else client(sys.argv[2], sys.argv[3]))
