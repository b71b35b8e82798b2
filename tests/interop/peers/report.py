"""What a peer saw, one line each: `ok`, `FAIL` with what was seen and wanted, `note` or `skip`."""
import sys

failures = 0


def ok(name):
    print("ok   " + name, flush=True)


def check(name, seen, wanted):
    """Whether what was seen is what was wanted; `wanted` may also be a predicate."""
    global failures
    if wanted(seen) if callable(wanted) else seen == wanted:
        ok(name)
        return True
    failures += 1
    more = "" if callable(wanted) else ", wanted " + short(wanted)
    print("FAIL %s: saw %s%s" % (name, short(seen), more), flush=True)
    return False


def note(text):
    print("note " + text, flush=True)


def skip(text):
    print("skip " + text, flush=True)


def finish():
    sys.exit(1 if failures else 0)


def short(value):
    text = repr(value)
    return text if len(text) < 300 else "%s... (%d characters)" % (text[:300], len(text))
