"""Mutate the seeds of every target (or those named) and run them: `make fuzz`, `python -m fuzz --runs 1000 carriers`.

The same seed gives the same inputs. An input that breaks a target, takes longer than `SLOWEST` seconds of the processor, or makes
the process grow beyond `LARGEST` bytes ends the run, and is printed as base64 so that it can be kept as a test.
"""

import argparse
import base64
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

NAMES = (
    *("carriers", "bodies", "policy", "ledger", "detection", "transforms", "crossing"),
    *("access", "sql_parsing", "sql_tree", "postgres_wire", "postgres_rows"),
    *("http2_wire", "http_processing", "http_heads", "endpoints"),
    *("extract_text", "extract_binary", "scanning"),
)
SLOWEST = 10
LARGEST = 512 * 1024 * 1024
LONGEST_INPUT = 64 * 1024

INTERESTING = (
    b"\x00",
    b"\xff",
    b"\n",
    b"\r\n",
    b'"',
    b"\\",
    b"\\u",
    b"{",
    b"[",
    b"}",
    b"]",
    b",",
    b":",
    b"@",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"-----BEGIN ",
    b"9" * 40,
    b"1e999",
    b"&a *a",
    b"${X}",
    b"<<: ",
)


def mutate(data: bytes, seeds: list[bytes], rng: random.Random, pieces: Sequence[bytes] = INTERESTING) -> bytes:
    """Change a few places of an input: flip, cut, repeat, insert, or cross it with another seed."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(7):
            case 0 if changed:
                changed[min(at, len(changed) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at : at + rng.randrange(1, 17)]
            case 2:
                changed[at:at] = changed[at : at + rng.randrange(1, 65)] * rng.randrange(1, 9)
            case 3:
                changed[at:at] = rng.choice(pieces)
            case 4:
                changed[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 5:
                other = rng.choice(seeds)
                start = rng.randrange(len(other) + 1)
                changed[at:] = other[start:]
            case _:
                changed[at : at + 1] = rng.choice(pieces)
    return bytes(changed[:LONGEST_INPUT])


def fuzz(name: str, runs: int, seed: int) -> int:
    """Run one target; give the number of inputs tried. Raises what the target raised, after printing the input.

    A target may have `PIECES` of its own to insert, and a `disguise` that writes some inputs, or parts of them, in another way.
    """
    module = import_module(f"fuzz.{name}")
    target: Callable[[bytes], None] = module.target
    seeds: list[bytes] = list(module.SEEDS)
    pieces = (*INTERESTING, *getattr(module, "PIECES", ()))
    disguise: Callable[[bytes, random.Random], bytes] | None = getattr(module, "disguise", None)
    rng = random.Random(f"{name}:{seed}")
    for number in range(runs):
        data = seeds[number] if number < len(seeds) else mutate(rng.choice(seeds), seeds, rng, pieces)
        if disguise is not None:
            data = disguise(data, rng)[:LONGEST_INPUT]
        signal.setitimer(signal.ITIMER_PROF, SLOWEST)
        try:
            target(data)
        except BaseException:
            print(f"{name}: broken by {base64.b64encode(data).decode()}", file=sys.stderr)
            raise
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if number % 1000 == 0:
            grown = _grown()
            if grown > LARGEST:
                raise MemoryError(f"{name}: the process has grown to {grown >> 20} MiB")
    return runs


def _grown() -> int:
    """Tell the most bytes of memory that this process has had. `getrusage` would tell its parent's, where those are more."""
    try:
        with Path("/proc/self/status").open(encoding="ascii") as status:
            told = next(line for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(told.split()[1]) * 1024


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"an input took longer than {SLOWEST} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", default=list(NAMES))
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    signal.signal(signal.SIGPROF, _too_slow)
    for name in chosen.targets:
        began = time.perf_counter()
        try:
            count = fuzz(name, chosen.runs, chosen.seed)
        except Exception:
            traceback.print_exc()
            return 1
        print(f"{name}: {count} inputs, {time.perf_counter() - began:.1f} s, nothing broke", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
