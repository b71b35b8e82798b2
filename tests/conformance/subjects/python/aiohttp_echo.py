"""aiohttp: `server ADDRESS` or `client URL AGENT`."""

import asyncio
import logging
import sys

import aiohttp
from aiohttp import web

# What is as large as aiohttp's limit is too large.
LIMIT = 1 << 20
logging.basicConfig(level=logging.CRITICAL)


async def echo(socket):
    first = None
    async for message in socket:
        if message.type == aiohttp.WSMsgType.TEXT:
            first = first or message.data
            await socket.send_str(message.data)
        elif message.type == aiohttp.WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return first


async def handle(request):
    socket = web.WebSocketResponse(max_msg_size=LIMIT + 1)
    await socket.prepare(request)
    try:
        await echo(socket)
    except (ConnectionError, aiohttp.ClientConnectionResetError):
        pass
    return socket


def server(address):
    host, port = address.split(":")
    application = web.Application()
    application.router.add_get("/{rest:.*}", handle)
    web.run_app(application, host=host, port=int(port), print=None, access_log=None)


async def client(url, agent):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=5)) as session_of:

        async def session(target):
            try:
                async with session_of.ws_connect(url + target, max_msg_size=LIMIT + 1, compress=15) as socket:
                    return await echo(socket)
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
                return None

        count = int(await session("/getCaseCount"))
        for case in range(1, count + 1):
            await session(f"/runCase?case={case}&agent={agent}")
        await session(f"/updateReports?agent={agent}")


server(sys.argv[2]) if sys.argv[1] == "server" else asyncio.run(client(sys.argv[2], sys.argv[3]))
