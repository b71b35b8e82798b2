"""websocket-client: `client URL AGENT`. It has no limits, and no permessage-deflate."""

import sys

import websocket


def session(url):
    first = None
    try:
        connection = websocket.create_connection(url, timeout=5)
    except (websocket.WebSocketException, OSError, ValueError) as error:
        print(repr(error), file=sys.stderr)
        return first
    try:
        while True:
            opcode, data = connection.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return first
            if opcode == websocket.ABNF.OPCODE_TEXT:
                first = first or data.decode()
            connection.send(data, opcode)
    except (websocket.WebSocketException, OSError, ValueError) as error:
        print(repr(error), file=sys.stderr)
        return first
    finally:
        connection.close()


url, agent = sys.argv[1:3]
for case in range(1, int(session(url + "/getCaseCount")) + 1):
    session(f"{url}/runCase?case={case}&agent={agent}")
session(f"{url}/updateReports?agent={agent}")
