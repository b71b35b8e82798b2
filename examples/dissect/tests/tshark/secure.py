"""Live captures over TLS, whose keys one side logs, and over HTTP/2."""

import pathlib
import shutil
import subprocess

import live

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = {
    "TLSv1.3": ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
    "TLSv1.2": ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"],
}
# What the clients of HTTP/2 and their server say, in the order of the capture.
TEXTS = ["hello", "hello", "hello again, hello again", "hello again, hello again"]


def peers(folder, captures, target):
    """Name, server, client, environment, scheme, and the texts to be found where tshark finds no frames."""
    if not shutil.which("openssl"):
        return
    cert, key = captures / "cert.pem", captures / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "30", "-keyout", key, "-out", cert],
                   check=True, stderr=subprocess.DEVNULL)
    other, python = ["node", str(HERE / "peer.js")], str(folder / "python/bin/python")
    server = [*other, "server", "{address}"]

    def environment(name, **more):
        return {"CERT": str(cert), "CERT_KEY": str(key), "KEYS": str(captures / (name.replace(" ", "-") + ".keys")),
                "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", **more}

    for version, suites in VERSIONS.items():
        for suite in suites:
            name = "%s %s" % (version, suite)
            yield name, server, [*other, "client", "{url}"], environment(name, TLS_VERSION=version, TLS_CIPHERS=suite), "wss", ()
    for version in VERSIONS:
        name = "Python %s" % version
        client = [python, str(HERE / "secure_client.py"), "{url}"]
        yield name, server, client, environment(name, TLS_VERSION=version), "wss", ()
    name = "openssl with key updates"
    yield name, server, [python, str(HERE / "key_update.py"), "{address}"], environment(name), "wss", TEXTS[:2] * 2
    name = "rustls with key updates"
    rustls = [str(target / "release" / "echo_server"), "--tls", str(cert), str(key), "--listen", "{address}"]
    yield name, rustls, [python, str(HERE / "key_update.py"), "{address}"], environment(name), "wss", TEXTS[:2] * 2
    name = "Chromium TLS"
    yield name, server, live.chromium("--ignore-certificate-errors"), environment(name), "wss", ()
    hypercorn = [python, "-m", "hypercorn", "--bind", "{address}", "--log-level", "error"]
    echo = "asgi_echo:app"
    name = "HTTP2 h2c"
    yield name, [*hypercorn, echo], ["node", str(HERE / "http2_client.js"), "{page}"], {"PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}, "ws", TEXTS
    name = "HTTP2 TLS"
    secure = [*hypercorn, "--certfile", str(cert), "--keyfile", str(key), echo]
    yield name, secure, ["node", str(HERE / "http2_client.js"), "{page}"], environment(name), "wss", TEXTS
    name = "HTTP2 Chromium"
    yield name, secure, live.chromium("--ignore-certificate-errors"), environment(name, SSLKEYLOGFILE=environment(name)["KEYS"]), "wss", TEXTS
