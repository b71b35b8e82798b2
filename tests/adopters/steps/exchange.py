"""What is exchanged in a copy of tungstenite's sources. What stands there is found by its first and last lines; not one of them is kept
in this repository."""
import os
import re
import shutil

from steps.sources import HERE, ROOT, TUNGSTENITE, folder, read, write

# The environment variable that names the fault that shows.
FAULT = "ADOPTERS_FAULT"


class Mismatch(Exception):
    pass


def cut(text, first, last, instead, where):
    """Replaces what goes from the pattern `first` up to, and without, the pattern `last`. Each has to be there, the first one once."""
    if len(re.findall(first, text, re.M)) != 1:
        raise Mismatch("expected /%s/ once in %s, found it %d times" % (first, where, len(re.findall(first, text, re.M))))
    begin = re.search(first, text, re.M)
    end = re.compile(last, re.M).search(text, begin.end())
    if end is None:
        raise Mismatch("expected /%s/ in %s, found none" % (last, where))
    return text[: begin.start()] + instead + text[end.start() :]


def edit(path, cuts):
    text = read(path)
    for first, last, instead in cuts:
        text = cut(text, first, last, instead, path)
    write(path, text)


def engine(place, crate=ROOT):
    """Puts `crate`, which is websocket-proto or a copy of it, under each tungstenite of the workspace."""
    for package in TUNGSTENITE:
        copy = os.path.join(place, folder(package))
        protocol = os.path.join(copy, "src", "protocol")
        for file in ("context.rs", "output.rs", "values.rs"):
            shutil.copy2(os.path.join(HERE, "engine", file), protocol)
        edit(os.path.join(protocol, "mod.rs"), [
            (r"^/// A context for managing WebSocket stream\.$", r"^#\[cfg\(test\)\]$", ""),
            # In one line, since tests in the documentation are named by theirs.
            (r"^mod message;$", r"$", "mod context; mod message; mod output; mod values; pub use self::context::WebSocketContext;"),
        ])
        manifest = os.path.join(copy, "Cargo.toml")
        features = '["deflate", "http", "rand"]'
        write(manifest, read(manifest) + '\n[dependencies.websocket-proto]\npath = "%s"\nfeatures = %s\n' % (crate, features))


def handshake(place):
    """Puts our handshake there, too: what reads and judges heads, and what agrees on extensions."""
    for package in TUNGSTENITE:
        copy = os.path.join(place, folder(package), "src", "handshake")
        ours = read(os.path.join(HERE, "engine", "heads.rs"))
        if package.endswith("0.29.0"):
            # It has no name for this error yet.
            ours = ours.replace("InvalidSecWebSocketKey", "MissingSecWebSocketKey")
        write(os.path.join(copy, "heads.rs"), ours)
        edit(os.path.join(copy, "mod.rs"), [
            (r"^pub mod headers;$", r"$", "pub mod headers;\nmod heads;"),
        ])
        edit(os.path.join(copy, "server.rs"), [
            (r"^fn create_parts<T>", r"^/// Create a response for the request\.$",
             "fn create_parts<T>(request: &HttpRequest<T>) -> Result<Builder> {\n    super::heads::response_to(request)\n}\n\n"),
            (r"^        let mut hbuffer = ", r"^    }$", "        super::heads::request(buf)\n"),
            (r"^    error_response: Option<ErrorResponse>,$", r"$",
             "    error_response: Option<ErrorResponse>,\n    negotiated: websocket_proto::Negotiated,"),
            (r"^                error_response: None,$", r"$",
             "                error_response: None,\n                negotiated: websocket_proto::Negotiated::elsewhere(),"),
            (r"^                let response = create_response\(&result\)\?;$", r"$",
             "                let (response, negotiated) = super::heads::accept(&result)?;"),
            (r"^                        let mut output = vec!\[\];\n                        write_response\(&mut output, &response\)", r"\?;",
             "                        self.negotiated = super::heads::answered(&response, negotiated);\n"
             "                        let mut output = vec![];\n"
             "                        write_response(&mut output, &response)"),
            (r"WebSocket::from_raw_socket\(stream, Role::Server, self\.config\)", r";",
             "WebSocket::negotiated(stream, vec![], Role::Server, self.config, self.negotiated.clone())"),
        ])
        edit(os.path.join(copy, "client.rs"), [
            (r"^    verify_data: VerifyData,$", r"$", "    sent: Vec<u8>,"),
            (r"^        let subprotocols = extract_subprotocols", r"^        // Convert and verify", ""),
            (r"start_write\(stream, request\);", r"$", "start_write(stream, request.clone());"),
            (r"^            let accept_key = ", r"^                config,$", "            ClientHandshake {\n                sent: request,\n"),
            (r"match self\.verify_data\.verify_response\(result\) \{", r"$", "match super::heads::judge(&self.sent, result) {"),
            (r"^                debug!\(\"Client handshake done\.\"\);$", r"$", "                let (result, negotiated) = result;"),
            (r"^                    WebSocket::from_partially_read\(stream, tail, Role::Client, self\.config\)", r";",
             "                    WebSocket::negotiated(stream, tail, Role::Client, self.config, negotiated)"),
            (r"^fn extract_subprotocols_from_request", r"^impl TryParse for Response", ""),
            (r"^        let mut hbuffer = ", r"^    }$", "        super::heads::response(buf)\n"),
            (r"^impl<'h, 'b: 'h> FromHttparse<httparse::Response", r"^/// Generate a random key", ""),
        ])


def plant(place, faults):
    """Copies the crate with faults in it, each of which shows when the environment names it, and says where the copy is."""
    crate = os.path.join(place, "websocket-proto")
    shutil.copytree(os.path.join(ROOT, "src"), os.path.join(crate, "src"))
    manifest = read(os.path.join(ROOT, "Cargo.toml"))
    # The library alone, outside of its workspace.
    for section in ("workspace", "dev-dependencies", "target", "profile", "example", "lints"):
        manifest = re.sub(r"^\[+%s[].].*\n(?:(?!\[).*\n?)*" % re.escape(section), "", manifest, flags=re.M)
    write(os.path.join(crate, "Cargo.toml"), manifest)
    for extra in ("build.rs", "README.md"):
        shutil.copy2(os.path.join(ROOT, extra), crate)
    for fault in faults:
        path = os.path.join(crate, "src", fault.file)
        text = read(path)
        if text.count(fault.sound) != 1:
            raise Mismatch("expected `%s` once in src/%s, found it %d times" % (fault.sound, fault.file, text.count(fault.sound)))
        shows = '(std::env::var("%s").as_deref() == Ok("%s"))' % (FAULT, fault.name)
        write(path, text.replace(fault.sound, fault.broken.replace("FAULT", shows)))
    return crate
