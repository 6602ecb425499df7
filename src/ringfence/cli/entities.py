"""`ringfence entities`: what detection knows. Its way of showing a table serves `ringfence categories` too."""

import json
from dataclasses import dataclass
from typing import Annotated

import typer

from ringfence.cli._formats import Format
from ringfence.cli._home import PolicyOfOwnOption
from ringfence.cli._policy import load_policy
from ringfence.cli._table import show_table
from ringfence.detect import RECOGNIZERS, Detection
from ringfence.detect.own import LEAST, POLICYS, infos_told, with_own
from ringfence.detect.recognizer import Recognizer
from ringfence.taxonomy import EntityInfo

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One entity, as it is listed."""

    entity: str
    title: str
    category: str
    threshold: float
    source: str
    found: tuple[str, ...]
    not_found: tuple[str, ...]

    @property
    def as_data(self) -> dict[str, object]:
        """It as a JSON document."""
        examples = {"found": self.found, "not_found": self.not_found}
        return {
            "entity": self.entity,
            "title": self.title,
            "category": self.category,
            "threshold": self.threshold,
            "source": self.source,
            "examples": examples,
        }


@app.command(
    help="List the entities that detection finds, each with its category and threshold (json: one document, with the source and "
    "examples of each). With --policy those that the policy declares are listed first.\n\n"
    "Example: ringfence entities --format json"
)
def entities(
    policy: PolicyOfOwnOption = None,
    output: Annotated[Format, typer.Option("--format", help="How to write the list.")] = Format.TEXT,
) -> int:
    """Print the table of entities."""
    told = load_policy(policy).detect if policy is not None else Detection()
    entries = {one.entity: one for one in with_own(RECOGNIZERS, told.recognizers)}
    thresholds = {one.entity: one.threshold for one in entries.values()} | dict(told.thresholds)
    rows = [_row(one, entries.get(one.name), thresholds.get(one.name, LEAST)) for one in infos_told(told).values()]
    if output is Format.JSON:
        print(json.dumps([row.as_data for row in rows], indent=2, ensure_ascii=False))
        return 0
    show_table(
        ["entity", "title", "category", "threshold"],
        [[row.entity, row.title, row.category, f"{row.threshold:.2f}"] for row in rows],
    )
    return 0


def _row(info: EntityInfo, entry: Recognizer | None, threshold: float) -> Row:
    """Make the row of an entity; one that only a list of the policy names has no entry."""
    examples = entry.examples if entry is not None else ()
    return Row(
        info.name,
        info.title,
        info.category,
        threshold,
        entry.source if entry is not None else POLICYS,
        tuple(each.text for each in examples if each.found),
        tuple(each.text for each in examples if not each.found),
    )
