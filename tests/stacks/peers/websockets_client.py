"""Python websockets as client of one of our servers: websockets_client.py ws://127.0.0.1:PORT/chat"""
import asyncio
import sys

from websockets.asyncio.client import connect


async def main():
    async with connect(sys.argv[1], subprotocols=["superchat", "chat"]) as socket:
        assert socket.subprotocol == "chat", socket.subprotocol
        assert [type(e).__name__ for e in socket.protocol.extensions] == ["PerMessageDeflate"]
        for message in ["Grüße", b"\7" * 300_000, "all work and no play " * 5000, ""]:
            await socket.send(message)
            assert await socket.recv() == message
        await (await socket.ping(b"still there?"))
    assert socket.close_code == 1000, socket.close_code


asyncio.run(asyncio.wait_for(main(), 20))
