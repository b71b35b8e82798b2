"""wsproto, on plain sockets: `server ADDRESS` or `client URL AGENT`. It has no limits of its own."""

import socket
import sys
import threading

from wsproto import ConnectionType, WSConnection
from wsproto.events import (AcceptConnection, BytesMessage, CloseConnection, Ping, RejectConnection, RejectData, Request,
                            TextMessage)
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import LocalProtocolError, RemoteProtocolError


def echo(stream, connection):
    """Until the connection is over; returns the first text."""
    text, binary, first, over = [], [], None, False
    while not over:
        try:
            data = stream.recv(65536)
            connection.receive_data(data or None)
        except (OSError, RemoteProtocolError) as error:
            hint = getattr(error, "event_hint", None)
            if hint is not None and not (connection.client and isinstance(hint, RejectConnection)):
                stream.sendall(connection.send(hint))
                if isinstance(hint, RejectConnection) and hint.has_body:
                    stream.sendall(connection.send(RejectData(data=b"")))
            return first
        try:
            for event in connection.events():
                answer = b""
                if isinstance(event, Request):
                    answer = connection.send(AcceptConnection(extensions=[PerMessageDeflate()]))
                elif isinstance(event, RejectConnection):
                    return first
                elif isinstance(event, Ping):
                    answer = connection.send(event.response())
                elif isinstance(event, TextMessage):
                    text.append(event.data)
                    if event.message_finished:
                        whole = "".join(text)
                        text, first = [], first or whole
                        answer = connection.send(TextMessage(data=whole))
                elif isinstance(event, BytesMessage):
                    binary.append(event.data)
                    if event.message_finished:
                        answer = connection.send(BytesMessage(data=b"".join(bytes(part) for part in binary)))
                        binary = []
                elif isinstance(event, CloseConnection):
                    over = True
                    if connection.state.name == "REMOTE_CLOSING":
                        answer = connection.send(event.response())
                stream.sendall(answer)
        except (OSError, LocalProtocolError):
            return first
        over = over or not data
    return first


def one(stream):
    with stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            echo(stream, WSConnection(ConnectionType.SERVER))
        except OSError:
            pass


def server(address):
    host, port = address.split(":")
    with socket.create_server((host, int(port)), backlog=128) as listening:
        while True:
            threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()


def client(url, agent):
    authority = url.removeprefix("ws://")
    host, port = authority.split(":")

    def session(target):
        with socket.create_connection((host, int(port))) as stream:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = WSConnection(ConnectionType.CLIENT)
            request = Request(host=authority, target=target, extensions=[PerMessageDeflate()])
            stream.sendall(connection.send(request))
            try:
                return echo(stream, connection)
            except OSError:
                return None

    count = int(session("/getCaseCount"))
    for case in range(1, count + 1):
        session(f"/runCase?case={case}&agent={agent}")
    session(f"/updateReports?agent={agent}")


server(sys.argv[2]) if sys.argv[1] == "server" else client(sys.argv[2], sys.argv[3])
