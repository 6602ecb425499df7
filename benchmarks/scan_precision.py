"""What `ringfence scan` refuses in the sources of well-known packages, in which nobody's data should stand: findings a megabyte.

The rule: packages are taken as they are installed, every file of them, vendored ones too; what is compiled is left out. A finding
counts where it is a reason to refuse. Whether one is right, a person says (`docs/benchmarks.md`).
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from benchmarks._rows import Row
from ringfence.extract.model import Bounds
from ringfence.gates.git.model import Item, Origin
from ringfence.gates.git.rules import Rules
from ringfence.gates.git.scanning import Scanner

PACKAGES = (
    *(
        "pip",
        "setuptools",
        "aiohttp",
        "SQLAlchemy",
        "pydantic",
        "cryptography",
        "Pygments",
        "requests",
        "urllib3",
        "starlette",
    ),
    *("uvicorn", "gunicorn", "pytest", "mypy", "Django", "Flask", "numpy", "pandas", "Jinja2", "rich"),
)
"""Of which those are taken that are installed."""

_COMPILED = frozenset((".so", ".pyc", ".pyd", ".a", ".exe", ".mo"))


def run() -> Iterator[Row]:
    """Count what is refused, by package and by entity."""
    scanner = Scanner(Rules(), Bounds(leaves_out=frozenset()))
    sizes, refused, noted = Counter[str](), Counter[str](), Counter[str]()
    entities = Counter[str]()
    for name in PACKAGES:
        for relative, file in _files(name):
            item = Item(relative, Origin.FILE, file.stat().st_size, path=str(file))
            scanned = scanner.scan(item, partial(file.open, "rb"))
            sizes[name] += scanned.size
            refused[name] += sum(one.counts for one in scanned.found)
            noted[name] += sum(not one.counts for one in scanned.found)
            entities.update(one.entity for one in scanned.found if one.counts)
        if sizes[name]:
            yield Row(f"scan: {name}", _rate(refused[name], sizes[name]), f"{noted[name]:,} noted")
    if sizes:
        most = ", ".join(f"{entity} {count}" for entity, count in entities.most_common(6))
        yield Row(f"scan: {len(sizes)} packages", _rate(refused.total(), sizes.total()), most)


def _rate(count: int, size: int) -> str:
    return f"{count / size * 1e6:.2f} findings a MB ({count} in {size / 1e6:.1f} MB)"


def _files(name: str) -> Iterator[tuple[str, Path]]:
    try:
        listed = distribution(name).files or ()
    except PackageNotFoundError:
        return
    for each in listed:
        file = Path(str(each.locate()))
        if file.suffix not in _COMPILED and "__pycache__" not in file.parts and file.is_file():
            yield each.as_posix(), file
