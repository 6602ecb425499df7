"""Run every benchmark (or those named) and print one table: `make bench`, `python -m benchmarks detection pipe`.

What begins with `--` is read by the benchmarks themselves.
"""

import platform
import sys
from importlib import import_module

from ringfence.cli.version import is_compiled

NAMES = (
    *("startup", "detection", "parallel", "linear", "recognition", "calibration", "own", "scanning", "scan_precision"),
    *("carrying", "transforms", "planning", "ledger", "alerts", "pipe"),
    *(
        "rows",
        "wire",
        "origins",
        "postgres_origins",
        "postgres_reads",
        "postgres_rows",
        "mapping",
        "processing",
        "http",
        "middleware",
    ),
)
WHEN_NAMED = ("peers",)
"""What installs packages of others, and so needs a network."""


def main() -> int:
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")] or NAMES
    known = (*NAMES, *WHEN_NAMED)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no such benchmark: {unknown[0]}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    built = "compiled" if is_compiled() else "uncompiled"
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {built}")
    print()
    print("| what | figure | beside it |")
    print("| --- | --- | --- |")
    for name in wanted:
        for row in import_module(f"benchmarks.{name}").run():
            print(f"| {row.what} | {row.figure} | {row.beside} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
