"""Uses echo_client as people do, against an echo server that is started here: drive_client.py ECHO_CLIENT COMMAND..."""
import os
import pty
import subprocess
import sys
import threading

from report import check, finish

CLIENT, COMMAND = sys.argv[1], sys.argv[2:]


class EchoServer:
    """The peer, which prints its port first and then what it sees."""

    def __init__(self):
        self.process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True)
        self.url = "ws://127.0.0.1:%d/" % int(self.process.stdout.readline().split()[1])

    def line(self):
        timer = threading.Timer(10, self.process.kill)
        timer.start()
        line = self.process.stdout.readline().rstrip("\n")
        timer.cancel()
        return line


class Talk:
    """A client that is talked to line by line."""

    def __init__(self, url):
        self.process = subprocess.Popen([CLIENT, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def answer(self):
        return self.process.stdout.readline().decode().rstrip("\n")

    def end(self):
        """Exit status, what is left of standard output, standard error. Standard input stays as it is."""
        status = self.process.wait(20)
        return status, self.process.stdout.read().decode(), self.process.stderr.read().decode()


def terminal(url):
    """A line and Ctrl-D, typed into a terminal."""
    child, master = pty.fork()
    if child == 0:
        os.execv(CLIENT, [CLIENT, url])
    seen = b""
    while b"Ctrl-D" not in seen:
        seen += os.read(master, 1000)
    os.write(master, "grüß dich\n".encode())
    while seen.count("grüß dich".encode()) < 2:  # the terminal's own echo, and the server's
        seen += os.read(master, 1000)
    os.write(master, b"\x04")
    try:
        while some := os.read(master, 1000):
            seen += some
    except OSError:  # Linux tells the end of a terminal so
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main():
    server = EchoServer()
    check("Ctrl-D in a terminal closes with exit status 0", terminal(server.url), 0)
    check("the server saw Close 1000", server.line(), "close 1000 ")

    talk = Talk(server.url)
    for line in ["hello", "", "wörld €𝄞", "x" * 200000]:
        talk.say(line)
        check("a line of %d bytes comes back at once" % len(line.encode()), talk.answer() == line, True)
    talk.say("please send binary")
    check("a binary message is shown", talk.answer(), r"4 bytes: \x00\x01\xfe\xff")
    talk.say("please send fragments")
    check("a fragmented message is shown whole", talk.answer(), "fragments")
    if "ws_server" in COMMAND[-1]:
        check("a Ping between its fragments got a Pong", server.line(), "pong between")
    talk.say("please ping")
    check("a Ping got its Pong", server.line(), "pong are you there?")
    talk.process.stdin.close()
    status, out, _ = talk.end()
    check("the end of the lines closes with exit status 0", (status, out), (0, ""))
    check("the server saw Close 1000 again", server.line(), "close 1000 ")

    talk = Talk(server.url)
    talk.say("please close")
    status, _, err = talk.end()
    check("a Close by the server ends the client with exit status 0", status, 0)
    check("its code and reason are shown", err.splitlines()[-1], lambda line: "4000" in line and "as asked" in line)
    check("the server saw its Close answered with the same code", server.line(), "close 4000 ")

    talk = Talk(server.url)
    talk.say("please vanish")
    status, _, err = talk.end()
    check("a connection that dies gives one line and exit status 1", (status, err.splitlines()[1:]), (1, ["echo_client: the connection ended without a Close from the server"]))
    server.line()

    piped = subprocess.run([CLIENT, server.url], input=b"one\ntwo\nthree\n", capture_output=True, timeout=20, check=False)
    check("lines from a pipe are answered before the Close", (piped.returncode, piped.stdout), (0, b"one\ntwo\nthree\n"))

    talk = Talk(server.url)
    lines = ["line %d" % n for n in range(20000)]
    saying = threading.Thread(target=lambda: talk.say("\n".join(lines)))
    saying.start()
    check("20,000 lines at once come back", [talk.answer() for _ in lines] == lines, True)
    saying.join()
    big = "y" * (16 << 20)
    talk.say(big)
    check("a line of 16 MiB comes back", talk.answer() == big, True)
    talk.process.stdout.close()
    talk.say("more")
    talk.process.wait(20)
    check("when nobody reads the replies there is one line and exit status 1", (talk.process.returncode, len(talk.process.stderr.read().splitlines())), (1, 2))

    talk = Talk(server.url)
    talk.say(big + "y")
    status, _, err = talk.end()
    check("an echo of 16 MiB and a byte is refused with exit status 1", (status, err.splitlines()[-1]), lambda seen: seen[0] == 1 and "16777217" in seen[1])
    server.process.kill()
    finish()


main()
