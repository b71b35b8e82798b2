"""Python `websockets` as an echo server for echo_client. It prints its port, and what it sees of the client."""
import asyncio

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def echo(socket):
    try:
        async for message in socket:
            if message == "please close":
                await socket.close(4000, "as asked")
            elif message == "please vanish":
                socket.transport.abort()
            elif message == "please ping":
                await (await socket.ping(b"are you there?"))
                print("pong are you there?", flush=True)
            elif message == "please send binary":
                await socket.send(bytes([0, 1, 254, 255]))
            elif message == "please send fragments":
                await socket.send(["frag", "", "ments"])
            else:
                await socket.send(message)
    except ConnectionClosed:
        pass
    print("close %s %s" % (socket.close_code, socket.close_reason), flush=True)


async def main():
    async with serve(echo, "127.0.0.1", 0, max_size=64 << 20) as server:
        print("port %d" % server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
