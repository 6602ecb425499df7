"""The parts of a page: sections, tables, lists, figures.

The rule: a part takes text and gives `Markup`; text is escaped exactly once, when it becomes markup.
"""

from collections.abc import Iterable, Sequence
from html import escape as _escape
from typing import Literal, NewType, TypeAlias

Markup = NewType("Markup", str)
"""HTML that was made here, or by a drawing that escaped its texts with `escape`."""

Part: TypeAlias = Markup | str
"""What a cell or a section holds: markup as it is, text escaped. Told apart by `Markup` being made by `markup_of` alone."""

Tone = Literal["personal", "scan", "unknown", "none", "good", "bad", "warned"]


class _Made(str):
    """Markup at run time, so that it is told from text."""

    __slots__ = ()


def _made(html: str) -> Markup:
    return Markup(_Made(html))


def escape(raw: object) -> str:
    """Escape a text for HTML and SVG. Control characters, which neither may hold, become spaces."""
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in str(raw))
    return _escape(shown, quote=True)


def _part(part: Part) -> str:
    return part if isinstance(part, _Made) else escape(part)


def drawn(svg: str) -> Markup:
    """Take a drawing, whose texts its maker has escaped."""
    return _made(svg)


def text(words: str) -> Markup:
    """Give a paragraph."""
    return _made(f"<p>{escape(words)}</p>")


def joined(parts: Iterable[Part], between: str = " ") -> Markup:
    """Join parts on one line."""
    return _made(escape(between).join(map(_part, parts)))


def listed(items: Iterable[Part]) -> Markup:
    """Give a list."""
    return _made("<ul>" + "".join(f"<li>{_part(item)}</li>" for item in items) + "</ul>")


def badge(word: str, tone: Tone) -> Markup:
    """Give a word that stands out. Its tone is never all that tells: the word does."""
    return _made(f'<span class="badge {tone}">{escape(word)}</span>')


def facts(pairs: Iterable[tuple[str, Part]]) -> Markup:
    """Give names with their values."""
    inner = "".join(f"<div><dt>{escape(name)}</dt><dd>{_part(value)}</dd></div>" for name, value in pairs)
    return _made(f"<dl>{inner}</dl>")


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Part]]) -> Markup:
    """Give a table. The first cell of a row is its heading; a wide one scrolls by itself, by keyboard, too."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(_row(heads, row) for row in rows)
    label = escape(caption)
    return _made(
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table><caption>{label}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(heads: Sequence[str], row: Sequence[Part]) -> str:
    cells = [f'<th scope="row">{_part(row[0])}</th>'] if row else []
    cells += [
        f'<td data-head="{escape(head)}">{_part(cell)}</td>' for head, cell in zip(heads[1:], row[1:], strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>"


def figure(caption: str, drawing: Markup) -> Markup:
    """Give a drawing with what it shows in words."""
    label = escape(caption)
    return _made(
        f'<figure><div class="scroll" role="region" aria-label="{label}" tabindex="0">{drawing}</div>'
        f"<figcaption>{label}</figcaption></figure>"
    )


def section(title: str, parts: Iterable[Part], *, level: int = 2, anchor: str = "") -> Markup:
    """Give a section under a heading of that level (2 to 6)."""
    name = f' id="{escape(anchor)}"' if anchor else ""
    inner = "\n".join(map(_part, parts))
    return _made(f"<section{name}><h{level}>{escape(title)}</h{level}>\n{inner}\n</section>")
