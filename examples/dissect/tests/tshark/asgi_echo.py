"""An echo for hypercorn, and a page that talks to it: the page comes first, so that a browser uses its connection for the WebSocket."""

PAGE = """<!doctype html><meta charset=utf-8><script>
const texts = ["hello", "hello again, hello again"];
const socket = new WebSocket("wss://" + location.host + "/echo");
socket.onopen = () => socket.send(texts.shift());
socket.onmessage = () => texts.length ? socket.send(texts.shift()) : socket.close(1000);
</script>"""


async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": PAGE.encode()})
    elif scope["type"] == "websocket":
        while True:
            event = await receive()
            if event["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
            elif event["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": event["text"]})
            else:
                return
    else:
        while True:
            event = await receive()
            await send({"type": event["type"] + ".complete"})
            if event["type"] == "lifespan.shutdown":
                return
