"""The service behind the gate, where it says more than one body; a process: ``python -m benchmarks._http_service PORT``.

``/lines?N`` are N MiB of lines of JSON in which nothing is personal, ``/found?N`` lines with an address each, ``/events`` a model's
answer: an event at once, the next ones 50 ms apart.
"""

import asyncio
import json
import sys

MEBIBYTE = 1 << 20


def lines(*, found: bool) -> bytes:
    """A MiB of lines."""
    made = bytearray()
    number = 0
    while len(made) < MEBIBYTE:
        number += 1
        line = {
            "time": f"2026-01-02T10:00:{number % 60:02d}.{number % 1000:03d}Z",
            "level": "info",
            "logger": "shop.orders",
            "message": "order placed and paid",
            "order": {"lines": number % 9, "total": number % 977 / 4, "shipped": number % 3 == 0, "note": None},
            "by": f"user{number}@example.com" if found else f"worker {number % 40}",
            "path": f"/orders/{number % 5000}/payments",
            "status": 201,
            "agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
        }
        made += json.dumps(line, separators=(",", ":")).encode() + b"\n"
    return bytes(made)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path, _, count = head.split(b" ", 2)[1].partition(b"?")
            if path == b"/events":
                await _events(writer)
                continue
            piece = LINES[path == b"/found"]
            size = b"content-type: application/x-ndjson\r\ncontent-length: %d" % (int(count) * len(piece))
            writer.write(b"HTTP/1.1 200 OK\r\n" + size + b"\r\n\r\n")
            for _ in range(int(count)):
                writer.write(piece)
                await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _events(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for word in ("Dear", " customer", ", thank", " you"):
        event = b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": word}}]}).encode() + b"\n\n"
        writer.write(b"%x\r\n%b\r\n" % (len(event), event))
        await writer.drain()
        await asyncio.sleep(0.05)
    writer.write(b"0\r\n\r\n")


async def main(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    LINES = {found: lines(found=found) for found in (False, True)}
    asyncio.run(main(int(sys.argv[1])))
