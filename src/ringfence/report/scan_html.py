"""A scan as one page that asks for nothing, for whoever has to mend, and for the file of what was done.

The rule: shapes, never values. The list of findings is sorted without a script: a choice above it gives each cell its place by the
style sheet alone; printed, or in a browser too old for that, it stands by file. What is too much for a page is counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TextIO

from ringfence.gates.git.model import Failed, Found, Passed, Scanned, Standing
from ringfence.pages import Markup, badge, drawn, escape, facts, listed, page, section, table, text
from ringfence.pages.parts import Tone
from ringfence.report.scan_spool import spooled
from ringfence.report.scan_summary import Asked, Summary
from ringfence.report.scan_words import (
    READ_MEND,
    Names,
    counted,
    entity_title,
    further,
    in_short,
    mends,
    place,
    plain,
    severity,
    sized,
)
from ringfence.taxonomy import CATEGORIES, Sensitivity

MOST_FINDINGS: Final = 5_000
_MOST_FOLDERS: Final = 100
_MOST_OTHERS: Final = 500  # of what was not read, of what was left out

_HEADS: Final = ("place", "entity", "category", "sure", "stands", "why", "shape")
_TONES: Final[Mapping[Standing, Tone]] = {
    Standing.REFUSED: "bad",
    Standing.NOTED: "warned",
    Standing.ALLOWED: "good",
    Standing.CARRIED: "none",
}
_HARM: Final = {Sensitivity.HIGH: 0, Sensitivity.MEDIUM: 1, Sensitivity.LOW: 2}
_SORTS: Final = ("file", "entity", "category", "harm", "sure")

_SORTED = "main:has(#by-{0}:checked) #findings :is(td,tbody th){{order:var(--{0})}}"
_STYLE: Final = """
.sort{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.5rem 0;padding:0;border:0}.sort legend{color:var(--soft);padding:0}
#findings td:last-child{font-family:ui-monospace,monospace;overflow-wrap:anywhere}#findings tbody th{overflow-wrap:anywhere}
#findings small{font-weight:400;color:var(--soft)}
@media screen and (min-width:40.01rem){
#findings tbody th{min-width:17rem}#findings td:last-child{min-width:11rem}
main:has(.sort input:not(#by-file):checked) #findings table{display:grid;
grid-template-columns:minmax(17rem,3fr) repeat(4,max-content) minmax(7rem,2fr) minmax(11rem,2fr)}
main:has(.sort input:not(#by-file):checked) #findings :is(thead,tbody,tr){display:contents}
main:has(.sort input:not(#by-file):checked) #findings caption{grid-column:1/-1;order:-2}
main:has(.sort input:not(#by-file):checked) #findings thead th{order:-1}
SORTED}
@media print,(max-width:40rem){.sort{display:none}}
@media print{@page{size:landscape;margin:12mm}#findings table{font-size:8pt}}
""".replace("SORTED", "\n".join(_SORTED.format(one) for one in _SORTS if one != "file"))

_FOOT: Final = "Values are drawn: x for a letter, 9 for a digit. No value is in this page."


def write(scanned: Iterable[Scanned], summary: Summary, out: TextIO, asked: Asked, names: Names) -> None:
    """Write a page."""
    kept: list[Found] = []
    failed: list[Failed] = []
    passed: list[Passed] = []
    folders: dict[str, Counter[Standing]] = {}
    wanted = 0
    for item in scanned:
        failed += item.failed[: max(_MOST_OTHERS - len(failed), 0)]
        passed += item.passed[: max(_MOST_OTHERS - len(passed), 0)]
        for one in item.found:
            if asked.wants(one):
                wanted += one.count
                folders.setdefault(_folder(one.file), Counter())[one.standing] += one.count
                if len(kept) < MOST_FINDINGS:
                    kept.append(one)
    sections = [_in_short(summary)]
    if wanted:
        sections += [_categories(summary, asked), _folders(folders, names), _findings(kept, wanted, names)]
    if summary.failed:
        sections.append(_unread([one for one in failed if not one.looked_at], summary.failed, names))
    if odd := [one for one in failed if one.looked_at]:
        rows = [[place(one, names), one.fault.value, names.shown(one.what), names.shown(one.mend)] for one in odd]
        sections.append(section("Odd, but looked at", [table("Each", ("file", "oddity", "what", "mend"), rows)]))
    if summary.passed:
        sections.append(_left_out(passed, summary, names))
    title = "Personal data in a repository"
    lead = in_short(summary).capitalize() + "."
    with spooled(out) as waiting:
        made = page(title, sections, lead=lead, foot=_FOOT, style=_STYLE)
        # Character references, so that the page is the same in whatever encoding it is written.
        waiting.write(made.encode("ascii", "xmlcharrefreplace").decode("ascii"))


def _folder(file: str) -> str:
    return file.rpartition("/")[0] or "."


def _in_short(summary: Summary) -> Markup:
    about = summary.about
    pairs = [
        ("scanned", about.what),
        ("items", f"{summary.items:,}"),
        ("size", sized(summary.size)),
        ("time", f"{summary.seconds:.1f} s"),
        ("may not be here", f"{summary.refused:,}"),
        *((f"{one.value}", f"{summary.standing[one]:,}") for one in Standing if one is not Standing.REFUSED),
        ("not read", f"{summary.failed:,}"),
        ("left out", f"{sum(summary.passed.values()):,}"),
        ("flow", about.flow),
        ("policy", about.policy[:16]),
        ("revision", about.revision[:12]),
        ("ringfence", about.version),
    ]
    said = [facts((name, value) for name, value in pairs if value)]
    if summary.refused:
        said += [text("What to do:"), listed(mends(summary))]
    return section("In short", said)


def _categories(summary: Summary, asked: Asked) -> Markup:
    standings = _standings(asked)
    rows = []
    for category, _ in summary.of_category(*standings):
        info = CATEGORIES.get(category)
        counts = [f"{summary.categories[category, one]:,}" for one in standings]
        rows.append([plain(category), info.title if info is not None else "", severity(category).value, *counts])
    heads = ("category", "holds", "harm", *(one.value for one in standings))
    return section("By category", [table("What was found", heads, rows)])


def _standings(asked: Asked) -> list[Standing]:
    left = {Standing.ALLOWED: asked.allowed, Standing.CARRIED: asked.carried}
    return [one for one in Standing if left.get(one, True)]


def _folders(folders: dict[str, Counter[Standing]], names: Names) -> Markup:
    ranked = sorted(folders.items(), key=lambda pair: (-pair[1][Standing.REFUSED], -pair[1].total(), pair[0]))
    shown = ranked[:_MOST_FOLDERS]
    rows = [[names.shown(name), f"{counts[Standing.REFUSED]:,}", f"{counts.total():,}"] for name, counts in shown]
    parts = [table("Where it was found", ("folder", "refused", "all"), rows)]
    if more := len(ranked) - len(shown):
        parts.append(text(f"And {counted(more, 'folder')} more."))
    return section("By folder", parts)


def _findings(kept: Sequence[Found], wanted: int, names: Names) -> Markup:
    choices = "".join(
        f'<label><input type="radio" name="sort" id="by-{one}"{" checked" if one == "file" else ""}> {one}</label>'
        for one in _SORTS
    )
    ranks = _ranks(kept)
    rows = "".join(_row(one, rank, names) for one, rank in zip(kept, ranks, strict=True))
    head = "".join(f'<th scope="col">{one}</th>' for one in _HEADS)
    label = f"{counted(len(kept), 'finding')}" + (f" of {wanted:,}" if wanted > len(kept) else "")
    parts = [
        drawn(f'<fieldset class="sort"><legend>Sorted by</legend>{choices}</fieldset>'),
        drawn(
            f'<div class="scroll" id="findings" role="region" aria-label="{label}" tabindex="0"><table><caption>{label}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        ),
    ]
    if wanted > len(kept):
        parts.append(text(f"{wanted - len(kept):,} more are left out of this page; `--format json` has all."))
    return section("Findings", parts)


def _ranks(kept: Sequence[Found]) -> list[str]:
    """Give each finding its place in every order, for the style sheet."""
    orders: dict[str, list[tuple[str | float, ...]]] = {
        "entity": [(one.entity,) for one in kept],
        "category": [(one.category, one.entity) for one in kept],
        "harm": [(one.standing is not Standing.REFUSED, _HARM[severity(one.category)], one.category) for one in kept],
        "sure": [(one.standing is not Standing.REFUSED, -one.score) for one in kept],
    }
    styles = [""] * len(kept)
    for name, keys in orders.items():
        for rank, number in enumerate(sorted(range(len(kept)), key=keys.__getitem__), start=1):
            styles[number] += f"--{name}:{rank};"
    return styles


def _row(one: Found, rank: str, names: Names) -> str:
    more = "; ".join(further(one, names))
    where = escape(place(one, names)) + (f"<br><small>{escape(more)}</small>" if more else "")
    why = one.rule if one.counts else one.why
    evidence = ", ".join(map(plain, one.evidence))
    said = escape("; ".join(filter(None, (plain(why), evidence))))
    cells = (
        escape(plain(one.entity)) if entity_title(one.entity) == one.entity else _titled(one.entity),
        escape(plain(one.category)),
        f"{one.score:.2f}",
        str(badge(one.standing.value, _TONES[one.standing])),
        said,
        escape(plain(one.shape)),
    )
    inner = "".join(f'<td data-head="{head}">{cell}</td>' for head, cell in zip(_HEADS[1:], cells, strict=True))
    return f'<tr style="{rank}"><th scope="row">{where}</th>{inner}</tr>'


def _titled(entity: str) -> str:
    return f'<span title="{escape(entity_title(entity))}">{escape(entity)}</span>'


def _unread(failed: Sequence[Failed], number: int, names: Names) -> Markup:
    rows = [[place(one, names), one.fault.value, names.shown(one.what), names.shown(one.mend)] for one in failed]
    parts = [text(READ_MEND.capitalize() + "."), table("Not read", ("file", "fault", "what", "mend"), rows)]
    if more := number - len(failed):
        parts.append(text(f"And {more:,} more."))
    return section("Not read", parts)


def _left_out(passed: Sequence[Passed], summary: Summary, names: Names) -> Markup:
    rows = [[why.value, f"{number:,}"] for why, number in summary.passed.most_common()]
    each = [[names.inside(one), one.why.value, names.shown(one.note)] for one in passed]
    parts = [table("By reason", ("reason", "items"), rows), table("Each", ("file", "reason", "said"), each)]
    if more := sum(summary.passed.values()) - len(passed):
        parts.append(text(f"And {more:,} more."))
    return section("Left out, by rule", parts)
