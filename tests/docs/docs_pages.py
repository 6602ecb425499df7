"""The pages of the documentation, taken apart: fenced blocks with what they are, links, inline code, headings.

What a fence may be: ``console`` (commands behind ``$``, with what they print), ``yaml`` (a policy), ``yaml fragment`` (a part that
includes the page's first policy), ``yaml file=NAME`` (one that commands find in their folder), ``python`` (a doctest), ``text``
(neither). ``norun: REASON`` behind any of them: not run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")))
KINDS = {"console", "yaml", "python", "text"}

_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def name_of(page: Path) -> str:
    """Name a page from the checkout's root."""
    return page.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, its first line, its language, what else its fence says, and its text."""

    page: Path
    line: int
    kind: str
    said: str
    text: str

    @property
    def runs(self) -> bool:
        """Whether it is run, or linted."""
        return not self.said.startswith("norun")

    @property
    def file(self) -> str:
        """The name under which it is in the folder that a page's commands run in; "" where it is not."""
        return self.said.removeprefix("file=") if self.said.startswith("file=") else ""

    def __str__(self) -> str:
        return f"{name_of(self.page)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Give the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        kind, _, said = found[1].strip().partition(" ")
        yield Block(page, text.count("\n", 0, found.start()) + 1, kind, said.strip(), found[2])


def all_blocks(kind: str = "") -> list[Block]:
    """Give the fenced blocks of all pages."""
    return [block for page in PAGES for block in blocks(page) if kind in ("", block.kind)]


def prose(page: Path) -> str:
    """Give a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Give the targets of a page's links and pictures."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page)))


def inline(page: Path) -> list[str]:
    """Give a page's inline code."""
    return _INLINE.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """Give the anchors that GitHub makes of a page's headings."""
    found: set[str] = set()
    for heading in _HEADING.findall(prose(page)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = next(number for number in range(1000) if (f"{plain}-{number}" if number else plain) not in found)
        found.add(f"{plain}-{number}" if number else plain)
    return found


@dataclass
class Command:
    """A command of a ``console`` block, and the lines that it is said to print."""

    block: Block
    text: str
    shown: list[str] = field(default_factory=list)


def commands(block: Block) -> list[Command]:
    """Take a ``console`` block apart. A line behind ``>`` goes on with the command before it."""
    found: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Command(block, line[2:]))
        elif line.startswith("> ") and found and not found[-1].shown:
            found[-1].text += f"\n{line[2:]}"
        else:
            assert found, f"{block}: a console block begins with a command behind `$ `"
            found[-1].shown.append(line)
    return found


def as_pattern(shown: list[str]) -> re.Pattern[str]:
    """Read what a page shows as a pattern: ``...`` alone on a line is any number of lines, ``…`` in one any text."""
    parts = []
    for line in shown:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(map(re.escape, line.rstrip().split("…"))) + r" *\n")
    return re.compile("".join(parts))
