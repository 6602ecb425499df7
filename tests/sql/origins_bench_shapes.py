"""Statement shapes with what they come from, and how an analysis is judged against one."""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from ringfence.sql.model import Analysis, path_of

HERE = Path(__file__).resolve().parent
FILES = ("shapes_given.jsonl", "shapes_own.jsonl")
OWN_SCHEMA = HERE / "shapes_own.sql"
TYPES = {"int4": 23, "int4[]": 1007, None: 0}
_SCHEMAS = ("pg_catalog", "pg_temp", "hr", "evil")
_ODD = '"Odd Name".'


class Verdict(StrEnum):
    """How an analysis stands to what is expected."""

    EXACT = "exact"
    OVER = "over"
    WRONG = "wrong"
    REFUSED = "refused"


@dataclass(frozen=True)
class Shape:
    """A statement, and what it comes from: a set of paths for each output column, for its conditions, for each written column."""

    number: int
    kind: str
    sql: str
    outputs: tuple[frozenset[str], ...]
    compared: frozenset[str] | None
    written: dict[str, frozenset[str]]
    setup: tuple[str, ...]
    parameters: tuple[int, ...]
    denied: bool
    since: int
    needs_xml: bool


@cache
def shapes() -> tuple[Shape, ...]:
    """Read all shapes."""
    return tuple(_shape(json.loads(line)) for name in FILES for line in (HERE / name).read_text("utf-8").splitlines())


def judge(shape: Shape, analysis: Analysis) -> tuple[Verdict, str]:
    """Say how an analysis stands to a shape, and where they differ."""
    if shape.denied:
        return (Verdict.EXACT, "") if analysis.refused else (Verdict.WRONG, "it is not refused")
    if analysis.refused:
        return Verdict.REFUSED, "; ".join(f"{each.rule} {each.name}: {each.why}" for each in analysis.refused)
    shown = [frozenset(output.origins) for output in analysis.outputs]
    if len(shown) != len(shape.outputs):
        return Verdict.WRONG, f"{len(shown)} columns"
    pairs = [("out", want, got) for want, got in zip(shape.outputs, shown, strict=True)]
    if shape.compared is not None:
        pairs.append(("compared", shape.compared, frozenset(each.path for each in analysis.compared)))
    written = {each.path: frozenset(each.origins) for each in analysis.written}
    if not written.keys() >= shape.written.keys():
        return Verdict.WRONG, f"written: {sorted(written)}"
    pairs += [(path, want, written[path]) for path, want in shape.written.items()]
    for what, want, got in pairs:
        if not want <= got:
            return Verdict.WRONG, f"{what}: {sorted(want - got)} is missing"
    over = [f"{what}: {sorted(got - want)} too many" for what, want, got in pairs if got != want]
    over += [f"{path} is written too" for path in written.keys() - shape.written.keys()]
    return (Verdict.OVER, "; ".join(over)) if over else (Verdict.EXACT, "")


# What these shapes show may fail by what stands in these columns: whether it does is an answer.
TOLD_BY_ERRORS = {
    7: "people.id",
    12: "people.salary",
    13: "people.birth",
    72: "people.id",
    96: "people.ssn",
    100: "people.doc people.name people.ssn",
    101: "people.doc",
    102: "people.doc",
    112: "people.email people.id people.name people.ssn",
    148: "pg_catalog.pg_constraint.oid",
    217: "people.ssn",
    219: "people.ssn",
    225: "people.doc",
    228: "people.addr people.birth people.dept_id people.doc people.email people.id people.name people.salary "
    "people.ssn people.tags",
    1007: "people.ssn",
    1046: "people.salary",
    1066: "people.addr people.birth people.dept_id people.doc people.email people.id people.name people.salary "
    "people.ssn people.tags",
    1077: "people.doc people.ssn",
    1139: "kv.k kv.v people.name people.ssn",
    1140: "people.doc people.email",
    1079: "people.email people.name people.salary people.ssn",
    1073: "people.name people.ssn people.tags",
    1119: "people.email people.ssn",
    1120: "people.ssn",
    1182: "people.doc people.ssn",
}


def _shape(told: dict) -> Shape:  # type: ignore[type-arg]
    temporary = told["sql"].startswith("create temp") or " into temp " in told["sql"]
    written = {}
    for path, origins in told["writes"].items():
        (name,) = _paths(path if not temporary or "." not in path or path.startswith("pg_temp") else f"pg_temp.{path}")
        written[name] = _paths(origins)
    compared = None if told["pred"] is None else _paths(f"{told['pred']} {TOLD_BY_ERRORS.get(told['id'], '')}")
    return Shape(
        told["id"],
        told["cat"],
        told["sql"],
        tuple(_paths(each) for each in told["out"]),
        compared,
        written,
        tuple(told["setup"]),
        tuple(TYPES[each] for each in told["params"] or ()),
        told["deny"],
        told["min"],
        told.get("needs") == "xml",
    )


def _paths(spelt: str) -> frozenset[str]:
    """Read a list of paths; those without a schema are `app`'s."""
    if spelt.startswith(_ODD):
        return frozenset({path_of("app", "Odd Name", spelt.removeprefix(_ODD))})
    found = set()
    for path in spelt.split():
        names = path.split(".")
        found.add(path_of(*names) if names[0] in _SCHEMAS else path_of("app", *names))
    return frozenset(found)
