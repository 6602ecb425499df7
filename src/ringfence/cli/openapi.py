"""`ringfence openapi`: what a change of a service's description newly exposes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ringfence.atlas import Shift, Shifted, compare, in_words, map_openapi
from ringfence.cli._formats import Format, FormatOption
from ringfence.cli._table import show_table

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Compare descriptions of services (OpenAPI).\n\nExample: ringfence openapi diff old.yaml new.yaml",
)

FOUND = 1


@app.callback()
def _group() -> None:
    """Have the command stay one of a group, though it is the only one."""


@app.command(
    help=(
        "Say which endpoints and fields of a new description expose, or collect, a category of personal data that the old one "
        "did not. Needs no policy.\n\n"
        "Exit code: 0 nothing new, 1 a category is newly exposed or collected, 2 an error.\n\n"
        "Example: ringfence openapi diff old.yaml new.yaml --format json"
    )
)
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The description as it was: JSON or YAML.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The description as it will be.")],
    output: FormatOption = Format.TEXT,
) -> int:
    """Map both, and compare."""
    before, after = map_openapi(old, base=""), map_openapi(new, base="")
    found = compare(before, after)
    left_out = {str(old): before.left_out, str(new): after.left_out}
    if output is Format.JSON:
        print(json.dumps(_as_json(old, new, found, left_out), indent=2, ensure_ascii=False))
    else:
        _show(old, new, found)
        for file, words in left_out.items():
            for each in words:
                print(f"left out of {file}: {each}")
    return FOUND if any(each.is_finding for each in found) else 0


def _show(old: Path, new: Path, found: Sequence[Shifted]) -> None:
    if found:
        rows = [[each.shift.value, each.endpoint, each.field, each.holds, each.before, _why(each)] for each in found]
        warned = [number for number, each in enumerate(found) if each.is_finding]
        show_table(["", "endpoint", "field", "holds", "before", "why"], rows, warned=warned)
        print()
    counts = _counts(found)
    told = ", ".join(f"{count} {how}" for how, count in counts.items() if count)
    print(f"{old} -> {new}: {told or 'nothing differs that could be personal'}")


def _why(each: Shifted) -> str:
    return "; ".join(map(in_words, each.evidence)) if each.holds else ""


def _counts(found: Sequence[Shifted]) -> dict[str, int]:
    return {shift.value: sum(each.shift is shift for each in found) for shift in Shift}


def _as_json(old: Path, new: Path, found: Sequence[Shifted], left_out: dict[str, tuple[str, ...]]) -> dict[str, object]:
    return {
        "old": str(old),
        "new": str(new),
        "counts": _counts(found),
        "changes": [
            {
                "how": each.shift.value,
                "endpoint": each.endpoint,
                "field": each.field,
                "holds": each.holds,
                "before": each.before,
                "confidence": each.sure,
                "evidence": list(each.evidence),
            }
            for each in found
        ],
        "left_out": {file: list(words) for file, words in left_out.items() if words},
    }
