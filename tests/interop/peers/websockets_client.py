"""Python `websockets` as the client of echo_server: websockets_client.py URL URL_WITH_SUBPROTOCOLS URL_WITH_MAX_1000"""
import asyncio
import os
import platform
import sys

import websockets
from report import check, finish, note
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

URL, URL_SUBPROTOCOL, URL_SMALL = sys.argv[1:4]
MIB_16 = 16 << 20


async def main():
    note("websockets %s, Python %s" % (websockets.__version__, platform.python_version()))
    async with connect(URL, max_size=64 << 20) as socket:
        check("permessage-deflate is offered and declined", socket.protocol.extensions, [])
        for length in [0, 1, 125, 126, 65535, 65536, MIB_16]:
            text = "x" * (length % 10) + "é€𝄞a" * (length // 10)
            await socket.send(text)
            check("text of %d bytes comes back" % len(text.encode()), await socket.recv() == text, True)
            data = os.urandom(length)
            await socket.send(data)
            check("binary of %d bytes comes back" % length, await socket.recv() == data, True)

        async def send_many():
            for number in range(20000):
                await socket.send("message %d" % number)

        sending = asyncio.create_task(send_many())
        check("20,000 small messages come back in their order", [await socket.recv() == "message %d" % n for n in range(20000)].count(False), 0)
        await sending

        latency = await asyncio.wait_for(await socket.ping(b"x" * 125), 5)
        check("a Ping gets its Pong", latency, lambda seconds: 0 < seconds < 5)
        await socket.send(["frag", "", "ments", " €"])
        check("fragments come back as one message", await socket.recv(), "fragments €")
        await socket.send([b"\x00", b"\xff"])
        check("binary fragments come back as one message", await socket.recv(), b"\x00\xff")
    check("leaving the block closes with 1000", (socket.close_code, socket.close_reason), (1000, ""))

    async with connect(URL) as socket:
        await socket.close(4999, "ü" * 61)
        check("Close 4999 with the longest reason is answered with 4999", (socket.close_code, socket.close_reason), (4999, ""))

    async with connect(URL_SUBPROTOCOL, subprotocols=["unknown", "chat.v1"]) as socket:
        check("the subprotocol is agreed", socket.subprotocol, "chat.v1")
    async with connect(URL_SUBPROTOCOL, subprotocols=["unknown"]) as socket:
        check("no subprotocol is agreed where there is none in common", socket.subprotocol, None)

    async with connect(URL_SMALL) as socket:
        await socket.send("x" * 1001)
        try:
            await socket.recv()
        except ConnectionClosed as error:
            check("with --max-message 1000, 1001 bytes get 1009", error.rcvd and error.rcvd.code, 1009)

    socket = await connect(URL)
    await socket.send(bytes(MIB_16 + 1))
    await asyncio.wait_for(socket.wait_closed(), 10)
    check("16 MiB and one byte get 1009", socket.close_code, 1009)

    crowd = await asyncio.gather(*(connect(URL) for _ in range(200)))

    async def once(number, socket):
        await socket.send("from %d" % number)
        answer = await socket.recv()
        await socket.close()
        return answer == "from %d" % number and socket.close_code == 1000

    good = await asyncio.gather(*(once(number, socket) for number, socket in enumerate(crowd)))
    check("200 connections at once each get their own echo and a clean Close", good.count(True), 200)
    finish()


asyncio.run(asyncio.wait_for(main(), 120))
