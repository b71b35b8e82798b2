"""Python websockets as an echo server that compresses: prints its address, serves one connection, and says how that ended."""
import asyncio

from websockets.asyncio.server import serve


async def main():
    ended = asyncio.get_running_loop().create_future()

    async def echo(socket):
        assert [type(e).__name__ for e in socket.protocol.extensions] == ["PerMessageDeflate"]
        async for message in socket:
            await socket.send(message)
        await socket.wait_closed()
        ended.set_result((socket.subprotocol, socket.close_code))

    async with serve(echo, "127.0.0.1", 0, subprotocols=["chat"]) as server:
        print("listening on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
        assert await ended == ("chat", 1000), ended.result()


asyncio.run(asyncio.wait_for(main(), 20))
