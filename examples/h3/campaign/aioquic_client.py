"""aioquic as the client of examples/h3, with the frames of wsproto: aioquic_client.py CERTIFICATE SERVER OPTION..."""
import asyncio
import signal
import sys

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StopSendingReceived, StreamReset
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.extensions import PerMessageDeflate

ENABLE_CONNECT_PROTOCOL = 0x8  # RFC 9220, section 5
REQUEST = {
    ":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":authority": "localhost", ":path": "/",
    "sec-websocket-version": "13", "sec-websocket-protocol": "nothing, chat", "origin": "https://localhost",
}


class Client(QuicConnectionProtocol):
    """The events of each stream, in queues."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = H3Connection(self._quic)
        self.queues = {}
        self.stalled = set()
        whole = self._quic._write_stream_limits
        # A window that is not given back.
        self._quic._write_stream_limits = lambda builder, space, stream: stream.stream_id in self.stalled or whole(builder=builder, space=space, stream=stream)

    def quic_event_received(self, event):
        if isinstance(event, (StreamReset, StopSendingReceived)):
            self.queue(event.stream_id).put_nowait(event)
        for seen in self.http.handle_event(event):
            if isinstance(seen, (DataReceived, HeadersReceived)):
                self.queue(seen.stream_id).put_nowait(seen)

    def queue(self, stream):
        return self.queues.setdefault(stream, asyncio.Queue())

    def request(self, changes=(), end=False):
        fields = {name: value for name, value in {**REQUEST, **dict(changes)}.items() if value is not None}
        stream = self._quic.get_next_available_stream_id()
        self.http.send_headers(stream, [(name.encode(), value.encode()) for name, value in fields.items()], end_stream=end)
        self.transmit()
        return stream

    async def event(self, stream):
        return await asyncio.wait_for(self.queue(stream).get(), 60)

    async def status(self, changes, end=False):
        stream = self.request(changes, end)
        event = await self.event(stream)
        return int(dict(event.headers)[b":status"]), stream

    async def open(self, extensions=None):
        stream = self.request({"sec-websocket-extensions": extensions})
        head = dict((await self.event(stream)).headers)
        assert (head[b":status"], head.get(b"sec-websocket-protocol")) == (b"200", b"chat"), head
        assert head.get(b"sec-websocket-extensions") == (extensions and extensions.encode()), head
        return Socket(self, stream, bool(extensions))


class Socket:
    """A WebSocket on a stream."""

    def __init__(self, client, stream, compressed):
        self.client, self.stream, self.ended, self.pending = client, stream, False, []
        extension = PerMessageDeflate()
        if compressed:
            extension.offer()
            extension.finalize("permessage-deflate")
        self.frames = Connection(ConnectionType.CLIENT, [extension] if compressed else [])

    def write(self, data, end=False):
        self.client.http.send_data(self.stream, data, end)
        self.client.transmit()

    def send(self, event):
        self.write(self.frames.send(event))

    async def receive(self):
        """The next event, whose pieces are put together; `None` at the end of the stream."""
        whole = None
        while True:
            while self.pending:
                event = self.pending.pop(0)
                if not isinstance(event, (TextMessage, BytesMessage)):
                    return event
                whole = event.data if whole is None else whole + event.data
                if event.message_finished:
                    return whole
            if self.ended:
                return None
            seen = await self.client.event(self.stream)
            assert isinstance(seen, DataReceived), seen
            self.ended = seen.stream_ended
            if seen.data:
                self.frames.receive_data(seen.data)
                self.pending += self.frames.events()

    async def echo(self, data):
        self.send(TextMessage(data) if isinstance(data, str) else BytesMessage(data))
        assert await self.receive() == data

    async def close(self, code):
        self.send(CloseConnection(code, "enough"))
        event = await self.receive()
        assert isinstance(event, CloseConnection) and event.code == code, event
        assert await self.receive() is None
        self.write(b"", True)


class Server:
    def __init__(self, process):
        self.process = process

    async def line(self):
        return (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode().strip()

    async def says(self, wanted):
        line = await self.line()
        assert wanted in line, "expected %r, found %r" % (wanted, line)


async def talks(client, server):
    socket = await client.open("permessage-deflate")
    for data in "Hello", "", "grün" * 10_000, bytes(300_000), bytes(range(256)) * 2000:
        await socket.echo(data)
    socket.send(Ping(b"are you there"))
    event = await socket.receive()
    assert isinstance(event, Pong) and event.payload == b"are you there", event
    await socket.close(4001)
    await server.says("HTTP/3: closed with 4001")


async def refuses(client, server):
    for changes, wanted in [
        ({":protocol": "connect-udp"}, 501),
        ({":protocol": None, ":scheme": None, ":path": None}, 501),
        ({"sec-websocket-version": "8"}, 400),
        ({"sec-websocket-version": None}, 400),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-websocket-protocol": "a b"}, 400),
        ({"connection": "upgrade"}, 400),  # RFC 9114, section 4.2
        ({"upgrade": "websocket"}, 400),
        ({"transfer-encoding": "chunked"}, 400),
    ]:
        status, _ = await client.status(changes)
        assert status == wanted, (changes, status)
        await server.says("HTTP/3: refused: ")
    plain = {name: None for name in REQUEST if name != ":scheme"}
    for method, path, wanted, text in [("GET", "/", 200, b"<!DOCTYPE html>"), ("HEAD", "/", 200, b""), ("GET", "/x", 404, b"nothing but"), ("POST", "/", 405, b"understood")]:
        changes = {**plain, ":method": method, ":scheme": "https", ":path": path, ":authority": "localhost"}
        status, stream = await client.status(changes, end=True)
        assert status == wanted, (method, path, status)
        body = b""
        while not (event := await client.event(stream)).stream_ended:
            body += event.data
        assert text.lower() in (body + event.data).lower() and (text or not body), (method, path, body[:100])


async def unclean_ends(client, server):
    socket = await client.open()
    await socket.echo("before it is reset")
    client._quic.reset_stream(socket.stream, 0x10C)  # H3_REQUEST_CANCELLED
    client.transmit()
    await server.says("HTTP/3: the stream was reset: 0x10c")
    socket = await client.open()
    socket.write(socket.frames.send(TextMessage("before it ends")), True)
    assert await socket.receive() == "before it ends"
    await server.says("HTTP/3: expected a Close frame, found the end of input")
    socket = await client.open()
    socket.write(b"\xff\xff")
    event = await socket.receive()
    assert isinstance(event, CloseConnection) and event.code == 1002, event
    assert await socket.receive() is None
    socket.write(b"", True)
    await server.says("HTTP/3: the peer broke the protocol")


async def one_stalls(client, server):
    slow = await client.open()
    client.stalled.add(slow.stream)
    long = bytes(range(256)) * 8000  # 2 MB, and the windows of aioquic have 1 MiB
    slow.send(BytesMessage(long))
    others = [await client.open() for _ in range(99)]
    for number in range(2):
        await asyncio.gather(*(socket.echo("%d %s" % (number, "x" * 500)) for socket in others))
    for socket in others:
        await socket.close(1000)
        await server.says("HTTP/3: closed with 1000")
    client.stalled.clear()
    await others[0].client.ping()  # something to be sent, so that windows are looked at
    assert await slow.receive() == long
    await slow.close(1000)
    await server.says("HTTP/3: closed with 1000")


async def main():
    certificate, *command = sys.argv[1:]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    server = Server(process)
    try:
        port = int((await server.line()).split(",")[0].rpartition(":")[2])
        configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="localhost", cafile=certificate)
        async with connect("127.0.0.1", port, configuration=configuration, create_protocol=Client) as client:
            for _ in range(200):
                if client.http.received_settings is not None:
                    break
                await asyncio.sleep(0.02)
            assert client.http.received_settings.get(ENABLE_CONNECT_PROTOCOL) == 1, client.http.received_settings
            for part in talks, refuses, unclean_ends, one_stalls:
                await part(client, server)
                print("ok " + part.__name__, flush=True)
            socket = await client.open()
            process.send_signal(signal.SIGTERM)
            event = await socket.receive()
            assert isinstance(event, CloseConnection) and (event.code, event.reason) == (1001, "the server stops"), event
            socket.send(event.response())
            assert await socket.receive() is None
            socket.write(b"", True)
            await server.says("HTTP/3: closed with 1001")
            assert await asyncio.wait_for(process.wait(), 15) == 0
            print("ok stops", flush=True)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


asyncio.run(main())
