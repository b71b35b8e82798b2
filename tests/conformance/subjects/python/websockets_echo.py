"""websockets: `server ADDRESS` or `client URL AGENT`."""

import asyncio
import logging
import sys

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

LIMIT = 1 << 20
logging.basicConfig(level=logging.CRITICAL)


async def echo(connection):
    first = None
    try:
        async for message in connection:
            if first is None and isinstance(message, str):
                first = message
            await connection.send(message)
    except websockets.ConnectionClosed:
        pass
    return first


async def server(address):
    host, port = address.split(":")
    async with serve(echo, host, int(port), max_size=LIMIT, ping_interval=None) as listening:
        await listening.serve_forever()


async def client(url, agent):
    async def session(target):
        try:
            async with connect(url + target, max_size=LIMIT, ping_interval=None, open_timeout=5, proxy=None) as connection:
                return await echo(connection)
        except (websockets.WebSocketException, OSError, EOFError, TimeoutError):
            return None

    count = int(await session("/getCaseCount"))
    for case in range(1, count + 1):
        await session(f"/runCase?case={case}&agent={agent}")
    await session(f"/updateReports?agent={agent}")


asyncio.run(server(sys.argv[2]) if sys.argv[1] == "server" else client(sys.argv[2], sys.argv[3]))
