"""hypercorn as an echo server over HTTP/2 (by the Python package h2; the frames by wsproto) that compresses.

Prints its address, and serves one connection. How that ended it cannot say: hypercorn 0.18 gives its application 1006 for every
Close of a client, and does not end the stream of HTTP/2 after its own.
"""
import asyncio

from hypercorn.asyncio import serve
from hypercorn.config import Config


async def main():
    ended = asyncio.Event()

    async def app(scope, receive, send):
        if scope["type"] != "websocket":
            return
        assert (scope["http_version"], scope["path"], scope["subprotocols"]) == ("2", "/chat", ["chat"]), scope
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "chat"})
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                ended.set()
                return
            kind = "text" if event.get("text") is not None else "bytes"
            await send({"type": "websocket.send", kind: event[kind]})

    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = "-"  # says where it listens
    server = asyncio.create_task(serve(app, config, shutdown_trigger=asyncio.Event().wait))
    await ended.wait()
    await asyncio.sleep(2)  # the client waits for a second
    server.cancel()


asyncio.run(asyncio.wait_for(main(), 20))
