"""The child that parses: texts come in over a socket, what was taken apart goes out, one by one.

The rule: it knows nothing but the text at hand, keeps nothing of it, and may die at any time. It has a bound on memory, and
on the processor's time for each text; it parses on a stack that is large enough for what the limits let through. It ends when
its parent does.

Started as ``python -m ringfence.gates.postgres.parser_child DESCRIPTOR LIMITS``.
"""

import gc
import json
import resource
import signal
import socket
import sys
import threading
from dataclasses import fields

from ringfence.sql.model import ParsedText, Refusal
from ringfence.sql.parsing import ParseLimits, parse
from ringfence.sql.parsing_frames import HEADER, READY, encode, header, read_header

MEMORY = 2 * 1024**3  # bytes of address space: the stack below, the interpreter, and some 500 bytes for a byte of text
STACK = 256 * 1024**2  # a chain of 500 takes under 1 MiB; the rest is for what the estimate of depth does not see
RECURSION = 50_000  # of Python's own frames, which that stack holds
SECONDS = (
    3  # of the processor for one text, and as much for each megabyte: more than its deadline, which the parent keeps
)

_MEGABYTE = 1_000_000


def main(arguments: list[str]) -> None:
    """Answer until the parent is gone."""
    descriptor, limits = int(arguments[0]), _limits(arguments[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it, by closing the socket
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the text
    sys.setrecursionlimit(RECURSION)
    threading.stack_size(STACK)
    with socket.socket(fileno=descriptor) as connection:
        worker = threading.Thread(target=_serve, args=(connection, limits))
        worker.start()
        worker.join()


def _limits(text: str) -> ParseLimits:
    given = json.loads(text)
    return ParseLimits(**{each.name: int(given[each.name]) for each in fields(ParseLimits)})


def _serve(connection: socket.socket, limits: ParseLimits) -> None:
    parse("SELECT 1", limits)
    gc.freeze()
    gc.disable()  # trees have no cycles; looking for them took two thirds of the time on a large one
    connection.sendall(READY)
    while True:
        head = _receive(connection, HEADER)
        if head is None:
            return
        number, length = read_header(head)
        text = _receive(connection, length)
        if text is None:
            return
        _bound_time(length)
        answer = encode(_parse(text, limits))
        try:
            connection.sendall(header(number, len(answer)) + answer)
        except OSError:
            return


def _parse(text: bytes, limits: ParseLimits) -> ParsedText:
    try:
        return parse(text.decode(), limits)
    except UnicodeDecodeError:
        return ParsedText(refused=Refusal("syntax", "statement", "it is not UTF-8", "send it as UTF-8"))


def _bound_time(length: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + SECONDS * (1 + length / _MEGABYTE)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _receive(connection: socket.socket, length: int) -> bytes | None:
    """Read exactly `length` bytes; None where the parent has gone."""
    data = bytearray(length)
    view = memoryview(data)
    taken = 0
    while taken < length:
        try:
            count = connection.recv_into(view[taken:])
        except OSError:
            return None
        if not count:
            return None
        taken += count
    return bytes(data)


if __name__ == "__main__":
    main(sys.argv[1:])
