"""Refuse Python files of more than 500 lines: such a file is two things."""

import pathlib
import sys

LIMIT = 500


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    folders = ("src", "tests", "benchmarks", "fuzz", "tools")
    long = [
        (path.relative_to(root), lines)
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LIMIT
    ]
    for path, lines in long:
        print(f"{path}: {lines} lines, more than {LIMIT}: split it where its two subjects part")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
