"""The `curl` program on echo_server's page, and with requests that are none of a WebSocket client: curl_http.py HOST:PORT"""
import subprocess
import sys

from report import check, finish, note

ADDRESS = sys.argv[1]
PAGE = "http://%s/" % ADDRESS
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
VERSION = "Sec-WebSocket-Version: 13"
UPGRADE = ["Upgrade: websocket", "Connection: Upgrade"]


def curl(*words, fields=()):
    command = ["curl", "--silent", "--show-error", "--include", "--max-time", "10", *words]
    for field in fields:
        command += ["--header", field]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in (0, 28):
        return 0, {}, "curl exits with %d: %s" % (done.returncode, done.stderr.decode().strip())
    head, _, body = done.stdout.decode(errors="replace").partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(status.split()[1]), found, body


def main():
    note(subprocess.run(["curl", "--version"], capture_output=True, check=True, text=True).stdout.split(" (")[0])
    status, fields, body = curl(PAGE)
    check("GET / gets the page", (status, fields["content-type"], "<title>" in body), (200, "text/html; charset=utf-8", True))
    check("its Content-Length is right", int(fields["content-length"]), len(body.encode()))
    length = fields["content-length"]
    status, fields, body = curl("--head", PAGE)
    check("HEAD / gets the same head and no body", (status, fields["content-length"], body), (200, length, ""))
    status, fields, body = curl(PAGE + "no/such/page")
    check("another path gets 404", (status, fields["content-type"]), (404, "text/plain; charset=utf-8"))
    status, fields, body = curl("--data", "x=1", PAGE)
    check("POST gets 405 and Allow", (status, fields.get("allow")), lambda seen: seen[0] == 405 and "GET" in seen[1])
    status, fields, body = curl("--http1.0", PAGE)
    check("HTTP/1.0 gets the page", (status, "<title>" in body), (200, True))
    status, fields, body = curl("--http1.0", PAGE, fields=[*UPGRADE, VERSION, KEY])
    check("an upgrade by HTTP/1.0 gets 505", status, 505)

    def refusal(name, wanted, *words, fields):
        status, seen, body = curl(*words, PAGE, fields=fields)
        check(name, (status, seen.get("connection"), seen.get("content-length")), (wanted, "close", str(len(body))))
        note("  %d: %s" % (status, body.strip()))
        return seen

    refusal("a missing key gets 400", 400, fields=[*UPGRADE, VERSION])
    refusal("a key of 15 bytes gets 400", 400, fields=[*UPGRADE, VERSION, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"])
    refusal("two keys get 400", 400, fields=[*UPGRADE, VERSION, KEY, KEY])
    seen = refusal("version 8 gets 426", 426, fields=[*UPGRADE, "Sec-WebSocket-Version: 8", KEY])
    check("and is told version 13", seen.get("sec-websocket-version"), "13")
    refusal("a missing version gets 426", 426, fields=[*UPGRADE, KEY])
    refusal("a missing Connection gets 400", 400, fields=["Upgrade: websocket", VERSION, KEY])
    seen = refusal("POST with Upgrade gets 405", 405, "--request", "POST", fields=[*UPGRADE, VERSION, KEY])
    check("and is told GET", seen.get("allow"), "GET")
    refusal("Upgrade with a body gets 400", 400, "--request", "GET", "--data", "x", fields=[*UPGRADE, VERSION, KEY])
    refusal("a broken extension list gets 400", 400, fields=[*UPGRADE, VERSION, KEY, "Sec-WebSocket-Extensions: a;=b"])
    refusal("a broken subprotocol gets 400", 400, fields=[*UPGRADE, VERSION, KEY, "Sec-WebSocket-Protocol: a b"])
    refusal("a head of 20 KiB gets 431", 431, fields=[*UPGRADE, VERSION, KEY, "X-Long: " + "x" * 20480])
    refusal("150 fields get 431", 431, fields=[*UPGRADE, VERSION, KEY, *("X-%d: y" % n for n in range(150))])
    status, _, body = curl(PAGE + "x" * 20480)
    check("a request line of 20 KiB gets 414", status, 414)

    status, seen, _ = curl("--max-time", "1", PAGE, fields=[*UPGRADE, VERSION, KEY])
    check("a right request gets 101 and the Accept of RFC 6455 §1.3", (status, seen.get("sec-websocket-accept")), (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    status, _, body = curl("--max-time", "2", "ws://%s/" % ADDRESS)
    note("curl on ws://: %s" % (body if status == 0 else status))
    finish()


main()
