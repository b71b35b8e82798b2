"""Chromium without a window, as a client: `URL AGENT`. A page that this program serves goes through the cases and says when it is done."""

import ctypes
import http.server
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading

url, agent = sys.argv[1:3]
walk = (pathlib.Path(__file__).parent.parent / "node" / "standard.js").read_text()
page = f"""<!doctype html><meta charset=utf-8><title>running</title><script>
const module = {{}};
{walk}
module.exports(WebSocket, {url!r}, {agent!r}).finally(() => fetch("/done"));
</script>"""
done = threading.Event()


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/done":
            done.set()
        body = page.encode() if self.path == "/" else b""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def end_with_parent():
    """A suite that gives this program up ends it, and nobody would end the browser."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as profile:
    browser = subprocess.Popen(
        [os.environ.get("CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", f"--user-data-dir={profile}", f"http://127.0.0.1:{server.server_port}/"],
        preexec_fn=end_with_parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not done.wait(0.2) and browser.poll() is None:
        pass
    browser.terminate()
    browser.wait()
