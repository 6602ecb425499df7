"""Writing a report: as text for a terminal, Markdown, HTML, CSV, and JSON.

The rule: one document, five spellings, the same figures. Cells that a spreadsheet would take for a formula are made text, for a
client chose some of them (OWASP, "CSV Injection").
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringfence.pages import facts, listed, page, section, table, text
from ringfence.report.basis import in_seconds
from ringfence.report.document import Cell, Document, Table
from ringfence.stamps import stamp

_FOOT = "Counted out of ringfence's ledger, which holds no value. Verify it: ringfence ledger verify --checkpoint FILE."
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "＝",
    "＋",
    "－",
    "＠",
)  # those of full width, too: a Japanese Excel takes them


@dataclass(frozen=True, slots=True)
class Written:
    """How a report is written: the file's ending, and the function."""

    ending: str
    write: Callable[[Document], str]


def as_markdown(document: Document) -> str:
    """Write Markdown with tables (GitHub's)."""
    lines = [f"# {document.title}", ""]
    lines += [f"- {name}: {_md(value)}" for name, value in document.facts]
    lines += ["", *(_md(sentence) for sentence in document.summary)]
    for each in document.tables:
        lines += ["", f"## {each.caption}", ""]
        if not each.rows:
            lines.append(_md(each.empty).capitalize() + ".")
            continue
        lines.append("| " + " | ".join(column.head for column in each.columns) + " |")
        lines.append(
            "| " + " | ".join("---:" if _is_figures(each, at) else "---" for at in range(len(each.columns))) + " |"
        )
        lines += ["| " + " | ".join(_md(shown(each, row, at)) for at in range(len(row))) + " |" for row in each.rows]
    lines += ["", *(f"> {_md(note)}\n>" for note in document.notes)]
    return "\n".join(lines).rstrip("\n>") + "\n\n" + _checkpoint_of(document) + "\n"


def _checkpoint_of(document: Document) -> str:
    return "```text\n" + document.basis.note.rstrip("\n") + "\n```"


def _md(text: str) -> str:
    for special in ("\\", "|", "`", "*", "_", "[", "]"):
        text = text.replace(special, "\\" + special)
    return text.replace("&", "&amp;").replace("<", "&lt;")


def as_text(document: Document) -> str:
    """Write plain, aligned text."""
    lines = [document.title, ""]
    width = max(len(name) for name, _ in document.facts)
    lines += [f"  {name.ljust(width)}  {value}" for name, value in document.facts]
    lines += ["", *document.summary]
    for each in document.tables:
        lines += ["", f"{each.caption}:"]
        lines += _aligned(each) if each.rows else [f"  {each.empty}"]
    return "\n".join([*lines, "", *document.notes, ""])


def _aligned(each: Table) -> list[str]:
    """Align the columns that say anything."""
    used = _used(each)
    rows = [[each.columns[at].head for at in used], *([shown(each, row, at) for at in used] for row in each.rows)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(used))]
    right = [_is_figures(each, at) for at in used]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if is_figure else cell.ljust(width)
            for cell, width, is_figure in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def _used(each: Table) -> list[int]:
    """Give the columns that say anything in some row."""
    return [at for at in range(len(each.columns)) if any(row[at] != "" for row in each.rows)]


def shown(each: Table, row: tuple[Cell, ...], at: int) -> str:
    """Write a cell for people: figures in groups of three, times to the second."""
    cell = row[at]
    if isinstance(cell, int):
        return f"{cell:,}"
    return in_seconds(cell) if each.columns[at].key.endswith("_at") and cell else cell


def _is_figures(each: Table, at: int) -> bool:
    return all(isinstance(row[at], int) for row in each.rows)


def as_csv(document: Document) -> str:
    """Write CSV (RFC 4180): each row begins with its table's name, and each table with its heads."""
    out = io.StringIO()
    writer = csv.writer(out)
    for each in document.tables:
        writer.writerow(["table", *(column.key for column in each.columns)])
        for row in each.rows:
            writer.writerow([each.key, *(cell if isinstance(cell, int) else as_cell(cell) for cell in row)])
    writer.writerow(["table", "fact", "value"])
    for name, value in document.facts:
        writer.writerow(["basis", name, as_cell(value)])
    return out.getvalue()


def as_cell(cell: str) -> str:
    """Give a text as a cell that no spreadsheet takes for a formula, blanks before it or not.

    >>> as_cell("=1+1"), as_cell("  @SUM(A1)"), as_cell("anna")
    ("'=1+1", "'  @SUM(A1)", 'anna')
    """
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell


def as_json(document: Document) -> str:
    """Write one JSON document."""
    basis = document.basis
    made = {
        "report": document.kind,
        "title": document.title,
        "basis": {
            "since": stamp(basis.span.since),
            "until": stamp(basis.span.until),
            "ledger": basis.origin,
            "entries": basis.entries,
            "size": basis.size,
            "root": basis.root,
            "checkpoint": basis.note,
        },
        "summary": list(document.summary),
        "tables": {
            each.key: [{column.key: cell for column, cell in zip(each.columns, row, strict=True)} for row in each.rows]
            for each in document.tables
        },
        "notes": list(document.notes),
    }
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _counted(rows: int) -> str:
    return f"{rows:,} row{'s' if rows != 1 else ''}, each with the ledger's entries that it was counted from"


def as_html(document: Document) -> str:
    """Write a page that needs nothing beside it."""
    sections = [section("In short", [text(sentence) for sentence in document.summary])]
    for each in document.tables:
        used = _used(each)
        heads = [each.columns[at].head for at in used]
        rows = [[shown(each, row, at) for at in used] for row in each.rows]
        said = table(_counted(len(rows)), heads, rows) if rows else text(f"{each.empty.capitalize()}.")
        sections.append(section(each.caption, [said]))
    sections.append(section("What it rests on", [facts(document.facts), text(document.basis.note)]))
    sections.append(section("What it does not say", [listed(document.notes)]))
    return page(document.title, sections, lead=document.facts[0][1], foot=_FOOT)


WRITERS: Mapping[str, Written] = {
    "text": Written("txt", as_text),
    "markdown": Written("md", as_markdown),
    "html": Written("html", as_html),
    "csv": Written("csv", as_csv),
    "json": Written("json", as_json),
}
"""How a report may be written, by the name that `--format` takes."""
