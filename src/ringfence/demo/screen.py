"""How scenes look: colours and frames on a terminal, plain lines in a pipe or a file.

The rule: scenes say what to show, and nothing of how. Nothing is shown only by colour, so that plain text tells the same. What
stood in a log is never read as markup.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal, Protocol

import re2

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

WIDE = 132  # columns from which on two sides stand beside each other
MOST_LINES = 6  # of a record, from which on the lines that are alike are left out
_PIECE = re2.compile(r"[\pL\pN]+|.")


class Screen:
    """Where the demo is seen."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._plain = not console.is_terminal

    def banner(self, title: str, text: str) -> None:
        """Begin: what this is."""
        from rich.panel import Panel

        if self._plain:
            self._line(title, "bold")
            self._line(text)
        else:
            self._console.print(
                Panel(self._text(text), title=self._text(title, "bold"), border_style="cyan", padding=(1, 2))
            )

    def title(self, title: str, text: str) -> None:
        """Begin a scene: its title and what it shows."""
        self._console.print()
        if self._plain:
            self._line(f"== {title} ==", "bold")
        else:
            self._console.rule(self._text(title, "bold cyan"), align="left", style="cyan")
        self._line(text)
        self._console.print()

    def say(self, text: str, style: str = "") -> None:
        """Say something, as prose."""
        self._line(text, style)

    def command(self, text: str) -> None:
        """Show a command as it is typed."""
        # Never broken by us: a line break in the middle would not survive being copied.
        self._console.print(self._text(f"$ {text}", "bold green"), soft_wrap=True)

    def output(self, text: str, most: int = 60) -> None:
        """Show what a command said: at most so many lines."""
        from rich.padding import Padding

        lines = text.rstrip("\n").splitlines()
        if len(lines) > most:
            lines[most:] = [f"({len(lines) - most} more lines)"]
        for line in lines:
            if self._plain:
                self._line(f"  {line}")
            else:
                self._console.print(Padding(self._text(line), (0, 0, 0, 2)))

    def policy(self, text: str) -> None:
        """Show a policy."""
        if self._plain:
            self.output(text, most=len(text))
            return
        from rich.panel import Panel
        from rich.syntax import Syntax

        shown = Syntax(text.rstrip(), "yaml", theme="ansi_dark", background_color="default", word_wrap=True)
        self._console.print(Panel(shown, border_style="dim"))

    def sides(self, title: str, left: tuple[str, str], right: tuple[str, str]) -> None:
        """Show a record on both sides of the boundary, with what differs marked. A side is its title and its text."""
        from rich.columns import Columns
        from rich.panel import Panel

        shorter = _without_the_alike(left[1], right[1])
        marked = _marked(*shorter)
        if self._plain:
            self._line(f"{title}:", "bold")
            for (name, _), text in zip((left, right), marked, strict=True):
                self._line(f"  {name}:")
                self.output(text.plain)
            self._console.print()
            return
        width = self._console.width // 2 - 1 if self._console.width >= WIDE else self._console.width
        panels: list[RenderableType] = [
            Panel(text, title=self._text(name), title_align="left", border_style=style, width=width)
            for (name, _), text, style in zip((left, right), marked, ("red", "green"), strict=True)
        ]
        self._line(title, "bold")
        self._console.print(Columns(panels, padding=(0, 1)))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str] = ()) -> None:
        """Show a table. A column whose name begins with ``>`` is set to the right; one of single words is not broken.

        `styles` are the rows'.
        """
        from rich.box import ROUNDED
        from rich.table import Table

        shown = Table(
            box=None if self._plain else ROUNDED, header_style="bold", border_style="dim", pad_edge=not self._plain
        )
        for number, name in enumerate(columns):
            justify: Literal["left", "right"] = "right" if name.startswith(">") else "left"
            whole = not any(" " in row[number] for row in rows)
            shown.add_column(self._text(name.removeprefix(">")), justify=justify, overflow="fold", no_wrap=whole)
        for number, row in enumerate(rows):
            shown.add_row(*map(self._text, row), style=styles[number] if styles else "")
        self._console.print(shown)

    def held(self, *, holds: bool, text: str) -> bool:
        """Say whether a step held, and give that on."""
        self._line(f"[ok] {text}" if holds else f"[FAILED] {text}", "bold green" if holds else "bold red")
        return holds

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(self._text(text, style), soft_wrap=self._plain)

    def _text(self, text: str, style: str = "") -> "Text":
        from rich.text import Text

        return Text(text, style=style, overflow="fold")


class Missing(Protocol):
    """A part that is not installed, and what to do about it."""

    what: str
    mend: str


def left_out(missing: Missing, screen: Screen) -> bool:
    """Say that a scene cannot run here, and what would change that. It has not failed."""
    screen.say(f"Left out: {missing.what}. To see it: {missing.mend}", "yellow")
    return True


def _without_the_alike(left: str, right: str) -> tuple[str, str]:
    """Leave out of two long records the lines that are the same in both, but for the first two."""
    pair = (left.splitlines(), right.splitlines())
    if max(map(len, pair)) <= MOST_LINES:
        return left, right
    return _leaving_out(pair[0], set(pair[1])), _leaving_out(pair[1], set(pair[0]))


def _leaving_out(lines: Sequence[str], other: set[str]) -> str:
    shown: list[str] = []
    left_out = 0
    for number, line in enumerate([*lines, ""]):
        if number > 1 and line in other and number < len(lines):
            left_out += 1
            continue
        if left_out:
            shown.append(f"  ({left_out} lines that are the same on both sides)")
            left_out = 0
        shown.append(line)
    return "\n".join(shown).rstrip()


def _marked(left: str, right: str) -> tuple["Text", "Text"]:
    """Mark what differs between two texts: on the left what did not cross, on the right what stands in its place."""
    from rich.text import Text

    pieces = (_PIECE.findall(left.replace("\n", "\r")), _PIECE.findall(right.replace("\n", "\r")))
    texts = (Text(overflow="fold"), Text(overflow="fold"))
    for tag, *spans in SequenceMatcher(None, *pieces, autojunk=False).get_opcodes():
        for text, side, (start, end), style in zip(
            texts, pieces, (spans[:2], spans[2:]), ("bold red", "bold green"), strict=True
        ):
            text.append("".join(side[start:end]).replace("\r", "\n"), style if tag != "equal" else "")
    return texts
