"""Run every benchmark (or those named) and print one table: `make bench`, `python -m benchmarks detection pipe`."""

import platform
import sys
from importlib import import_module

from ringfence.cli.version import is_compiled

NAMES = (
    *(
        "startup",
        "detection",
        "recognition",
        "calibration",
        "carrying",
        "transforms",
        "planning",
        "ledger",
        "alerts",
        "pipe",
    ),
    *("rows", "wire", "origins", "postgres_origins", "postgres_reads", "postgres_rows", "mapping"),
)


def main() -> int:
    wanted = sys.argv[1:] or NAMES
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"no such benchmark: {unknown[0]}; there are {', '.join(NAMES)}", file=sys.stderr)
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
