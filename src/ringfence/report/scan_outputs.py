"""The outputs of a scan, by the names that `ringfence scan --format` takes.

The rule: text and JSON lines are written as items come; the others when all have come, and a scan that breaks off writes nothing
of them. Each is loaded when it is used. Whatever stands behind `out`, no character is too much for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, TextIO

from ringfence.gates.git.model import Scanned
from ringfence.report.scan_summary import Asked, Summary
from ringfence.report.scan_words import Names

if TYPE_CHECKING:
    from ringfence.detect import Detector


class ScanWriter(Protocol):
    """Writes a scan: its items, as they come, and then what they come to, which has been counted by then."""

    def __call__(self, scanned: Iterable[Scanned], summary: Summary, out: TextIO, asked: Asked, names: Names) -> None:
        """Write it."""


@dataclass(frozen=True, slots=True)
class Output:
    """How a scan may be written: the file's ending, and where the writer is."""

    ending: str
    module: str
    streams: bool = False  # whether each item is written when it has come

    @property
    def write(self) -> ScanWriter:
        """Load the writer."""
        writer: ScanWriter = import_module(self.module).write
        return writer


OUTPUTS: Mapping[str, Output] = {
    "text": Output("txt", "ringfence.report.scan_text", streams=True),
    "json": Output("ndjson", "ringfence.report.scan_lines", streams=True),
    "sarif": Output("sarif", "ringfence.report.scan_sarif"),
    "junit": Output("xml", "ringfence.report.scan_junit"),
    "gitlab": Output("json", "ringfence.report.scan_gitlab"),
    "csv": Output("csv", "ringfence.report.scan_csv"),
    "html": Output("html", "ringfence.report.scan_html"),
}
"""How a scan may be written, by the name that `--format` takes."""


_NOTHING_MORE = Asked()


def write_scan(
    name: str,
    scanned: Iterable[Scanned],
    summary: Summary,
    out: TextIO,
    asked: Asked = _NOTHING_MORE,
    detector: "Detector | None" = None,
) -> int:
    """Write a scan in the output of that name, and give the exit code. `detector` finds what is in names: the scan's own."""
    OUTPUTS[name].write(summary.counting(scanned), summary, out, asked, Names(detector))
    out.flush()
    return summary.exit_code
