"""websockets over TLS: echoes what the server of peer.js sends, and asks the key to be changed never; its TLS is OpenSSL's."""

import asyncio
import ssl
import sys

from websockets.asyncio.client import connect


async def main(url):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with connect(url + "/runCase?case=1", ssl=context, proxy=None) as connection:
        async for message in connection:
            await connection.send(message)


asyncio.run(main(sys.argv[1]))
