"""`ringfence report`: evidence out of the ledger, as text, Markdown, HTML, CSV or JSON."""

import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._files import write_new
from ringfence.cli._home import Home, HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._policy import load_policy
from ringfence.cli._span import TIME_HELP, span_of
from ringfence.ledger import Entry, Reader
from ringfence.policy.problems import nearest

if TYPE_CHECKING:
    from ringfence.report import Basis, Document, Span

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Say what crossed, what would have been refused, and what a breach reaches: out of the ledger.\n\n"
    "Example: ringfence report crossings --since 30d --format markdown",
)

MANY = 20_000  # entries, from which on a terminal is shown how far it is


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to write it.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write it to this new file.", show_default="standard output")
]
SinceOption = Annotated[str, typer.Option("--since", help=f"From then on: {TIME_HELP}.")]
UntilOption = Annotated[str, typer.Option("--until", help=f"Before then: {TIME_HELP}.", show_default="now")]


@app.command(
    help=(
        "Say who received which categories, from where to where, why, in which form.\n\n"
        "Example: ringfence report crossings --since 30d --format html --output crossings.html"
    )
)
def crossings(
    since: SinceOption = "30d",
    until: UntilOption = "",
    output: OutputOption = None,
    form: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Write the report."""
    from ringfence.report import report_crossings

    return _write(home(policy, folder).made(), span_of(since, until), report_crossings, form, output)


@app.command(
    help=(
        "Say what flows that observe would have changed or refused: the basis to decide on `ringfence enforce`.\n\n"
        "Exit code: 0 where nothing would have been refused, 1 where something would.\n\n"
        "Example: ringfence report observe --flow staff-reads --since 7d"
    )
)
def observe(
    flow: Annotated[str, typer.Option("--flow", "-f", help="Of this flow.", show_default="all flows")] = "",
    since: SinceOption = "30d",
    until: UntilOption = "",
    output: OutputOption = None,
    form: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Write the report."""
    from ringfence.report import report_observed

    found: list[Document] = []

    def made(basis: "Basis", entries: Iterable[Entry]) -> "Document":
        found.append(report_observed(basis, entries, flow))
        return found[0]

    _write(home(policy, folder).made(), span_of(since, until), made, form, output)
    return 1 if any(table.key == "refused" and table.rows for table in found[0].tables) else 0


@app.command(
    help=(
        "Say what a breach of a zone reaches: which categories and forms crossed into it, how many people, and what gives each "
        "form's values back.\n\n"
        "Example: ringfence report breach --zone analytics --between 2031-01-01 2031-01-31"
    )
)
def breach(
    zone: Annotated[str, typer.Option("--zone", "-z", help="The zone that was breached.", show_default=False)],
    between: Annotated[
        tuple[str, str],
        typer.Option(
            "--between", help=f"From and to: {TIME_HELP}.", show_default="the last 90 days", metavar="FROM TO"
        ),
    ] = ("90d", ""),
    output: OutputOption = None,
    form: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Write the report."""
    from ringfence.policy import ZoneName
    from ringfence.report import report_breach

    place = home(policy, folder).made()
    read = load_policy(place.policy, overlay=overlay)
    if zone not in read.zones:
        raise Problem("--zone: the policy has no zone of that name", nearest(zone, read.zones, "it has none at all"))

    def made(basis: "Basis", entries: Iterable[Entry]) -> "Document":
        return report_breach(basis, entries, ZoneName(zone), read)

    return _write(place, span_of(*between, "--between"), made, form, output)


def _write(
    place: Home,
    span: "Span",
    make: "Callable[[Basis, Iterable[Entry]], Document]",
    form: Format,
    output: Path | None,
) -> int:
    from ringfence.report import WRITERS, basis_of

    with Reader(place.ledger) as reader:
        basis = basis_of(reader, span)
        text = WRITERS[form.value].write(make(basis, _shown(reader.each(span.query, basis.size), basis.entries)))
    if output is None:
        sys.stdout.write(text)
        return 0
    try:
        write_new(output, text)
    except FileExistsError:
        raise Problem(f"{output}: there is such a file already", "name another one with --output") from None
    print(f"written {output}")
    return 0


def _shown(entries: Iterator[Entry], total: int) -> Iterator[Entry]:
    """Show on a terminal how far it is, where it takes a while."""
    if total < MANY or not sys.stderr.isatty():
        yield from entries
        return
    from rich.progress import track

    from ringfence.cli._table import error_console

    yield from track(entries, "Reading the ledger", total, console=error_console(), transient=True)
