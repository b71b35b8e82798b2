"""zlib at the other end of the wire, for tests/zlib.rs.

`compress FILE` writes connections that zlib has compressed, at every level, strategy, window and memory level.
`check FILE` decompresses connections that the crate has compressed. A record is a connection: window bits, takeover, the number of
messages, and for each the compressed and the plain bytes with their lengths.
"""

import random
import struct
import sys
import zlib

TRAILER = b"\x00\x00\xff\xff"


def payload(rng):
    kind = rng.randrange(6)
    size = rng.choice([0, 1, 2, 3, 10, 100, 300, 1000, 5000, 70000]) + rng.randrange(4)
    if kind == 0:
        return rng.randbytes(size)
    if kind == 1:
        return bytes([rng.randrange(256)]) * size
    if kind == 2:
        words = [b"alpha", b"beta", b"gamma", b"delta ", b'{"id":', b"}, "]
        return b"".join(rng.choice(words) for _ in range(size // 5 + 1))[:size]
    if kind == 3:
        return bytes(rng.choices(range(256), weights=[1 + 4096 >> (i % 14) for i in range(256)], k=size))
    if kind == 4:
        unit = rng.randbytes(rng.choice([2, 3, 5, 200, 257, 511, 4000, 32767, 32768]))
        return (unit * (size // len(unit) + 1))[:size]
    return b"".join(b'{"n":%d,"v":%d}' % (i, rng.randrange(1000)) for i in range(size // 16 + 1))[:size]


def record(bits, takeover, messages):
    out = [struct.pack("<BBH", bits, takeover, len(messages))]
    for compressed, plain in messages:
        out += [struct.pack("<II", len(compressed), len(plain)), compressed, plain]
    return b"".join(out)


def compress(path):
    rng = random.Random(7692)
    with open(path, "wb") as file:
        for level in range(10):
            for strategy in range(5):
                for bits in range(9, 16):
                    for takeover in (0, 1):
                        make = lambda: zlib.compressobj(level, zlib.DEFLATED, -bits, rng.randint(1, 9), strategy)
                        engine, messages = make(), []
                        for _ in range(6):
                            plain, compressed = payload(rng), b""
                            if not takeover:
                                engine = make()
                            cut = rng.randrange(len(plain) + 1)
                            flush = rng.choice([zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_PARTIAL_FLUSH])
                            compressed += engine.compress(plain[:cut]) + engine.flush(flush)
                            compressed += engine.compress(plain[cut:])
                            if rng.randrange(4) == 0:
                                # BFINAL=1, and a byte for the trailer, or none.
                                compressed += engine.flush(zlib.Z_FINISH) + rng.choice([b"\x00", b""])
                                engine = zlib.compressobj(level, zlib.DEFLATED, -bits, 8, strategy)
                            else:
                                compressed += engine.flush(zlib.Z_SYNC_FLUSH)
                                compressed = compressed.removesuffix(TRAILER) or b"\x00"
                            messages.append((compressed, plain))
                        file.write(record(bits, takeover, messages))


def check(path):
    data = memoryview(open(path, "rb").read())
    at = records = 0
    while at < len(data):
        bits, takeover, count = struct.unpack_from("<BBH", data, at)
        at += 4
        engine = zlib.decompressobj(-bits)
        for n in range(count):
            compressed_len, plain_len = struct.unpack_from("<II", data, at)
            at += 8
            compressed = bytes(data[at : at + compressed_len])
            at += compressed_len
            plain = bytes(data[at : at + plain_len])
            at += plain_len
            if not takeover:
                engine = zlib.decompressobj(-bits)
            # In small pieces of output, so that zlib's own window decides how far a reference may reach.
            rest, output = compressed + TRAILER, []
            while rest:
                output.append(engine.decompress(rest, 64))
                rest = engine.unconsumed_tail
            while more := engine.decompress(b"", 64):
                output.append(more)
            if b"".join(output) != plain:
                sys.exit(f"record {records}, message {n}: zlib reads something else")
        records += 1
    print(records)


{"compress": compress, "check": check}[sys.argv[1]](sys.argv[2])
