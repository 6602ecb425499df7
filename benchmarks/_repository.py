"""Repositories to be scanned: the standard library's sources in many versions, each another's with a few lines changed; seeded."""

import random
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_LARGEST = 200_000  # bytes of a file that is taken
_IN_A_COMMIT = 12  # files that change, at most
_COMMIT = "Ada Example <ada@example.com>"
_BEGAN = 1_700_000_000


def sources() -> list[Path]:
    """Give the standard library's sources, its tests among them, in order."""
    root = Path(sysconfig.get_paths()["stdlib"])
    return [path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts]


def make_history(folder: Path, size: int, seed: int = 1) -> tuple[int, int]:
    """Make a bare repository of about so many bytes of blobs, none like another; give how many bytes, and blobs."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    command = ["git", f"--git-dir={folder}", "fast-import", "--quiet", "--depth=20"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        if child.stdin is None:
            raise OSError("git fast-import has no input")
        told = _written(child.stdin, size, random.Random(seed))
        child.stdin.close()
        if child.wait():
            raise subprocess.CalledProcessError(child.returncode, command)
    return told


def _written(out: IO[bytes], size: int, chance: random.Random) -> tuple[int, int]:
    root = Path(sysconfig.get_paths()["stdlib"])
    files = {
        path.relative_to(root).as_posix(): path.read_bytes().splitlines(keepends=True)
        for path in sources()
        if 200 < path.stat().st_size < _LARGEST
    }
    names = list(files)
    chance.shuffle(names)
    done, blobs, commits, at = 0, 0, 0, 0
    while done < size:
        if at < len(names) and not chance.randrange(3):  # files come in the course of time
            changed, at = names[at : at + _IN_A_COMMIT], at + _IN_A_COMMIT
        else:
            known = names[: max(at, _IN_A_COMMIT)]
            changed = chance.sample(known, chance.randrange(1, _IN_A_COMMIT))
        commits += 1
        message = f"Change {len(changed)} files\n".encode()
        stamp = f"{_COMMIT} {_BEGAN + commits * 600} +0000\n"
        out.write(f"commit refs/heads/main\ncommitter {stamp}data {len(message)}\n".encode() + message)
        for name in changed:
            files[name] = list(_edited(files[name], commits, chance))
            data = b"".join(files[name])
            out.write(f"M 100644 inline {name}\ndata {len(data)}\n".encode() + data + b"\n")
            done, blobs = done + len(data), blobs + 1
    return done, blobs


def _edited(lines: list[bytes], number: int, chance: random.Random) -> Iterator[bytes]:
    """Change a few lines of a file; a line of its own makes it another than all before."""
    at = chance.randrange(len(lines) + 1)
    gone = range(at, min(len(lines), at + chance.randrange(4)))
    for place, line in enumerate(lines):
        if place == at:
            yield b"# changed %d: %d\n" % (number, chance.randrange(10**6))
        if place not in gone:
            yield line
    if at == len(lines):
        yield b"# changed at the end %d\n" % number
