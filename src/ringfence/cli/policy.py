"""`ringfence policy lint | show | decide | schema`."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._home import POLICY_FILE, OverlayOption
from ringfence.cli._policy import load_located, load_policy
from ringfence.cli._table import show_table
from ringfence.policy import (
    Asker,
    Decision,
    FieldUse,
    Flow,
    FlowId,
    Form,
    Plan,
    Policy,
    PurposeName,
    RoleName,
    Shape,
    lint,
    plan,
    schema,
)
from ringfence.policy.asking import askers
from ringfence.policy.model import NONE, SCAN, UNKNOWN, Mode
from ringfence.policy.plan import deciding_path
from ringfence.policy.problems import nearest
from ringfence.taxonomy import CATEGORIES

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Check, show, ask and describe policies.\n\nExample: ringfence policy lint ringfence.yaml",
)

Format = Literal["text", "json"]
FileArgument = Annotated[Path, typer.Argument(help="The policy file.", envvar="RINGFENCE_POLICY", readable=False)]
FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: one JSON document.")]

_FOUND = 1
_ARROW = "->"


@app.command(
    "lint",
    help=(
        "Check a policy: its wording, what it should not say, and its assertions.\n\n"
        "Exit code: 0 clean (warnings allowed), 1 errors found, 2 not a policy.\n\n"
        "Example: ringfence policy lint ringfence.yaml"
    ),
)
def lint_command(
    file: FileArgument = Path(POLICY_FILE), overlay: OverlayOption = None, form: FormatOption = "text"
) -> int:
    """List problems in the order of their places."""
    read = load_located(file, overlay=overlay)
    found = lint(read.policy, read.positions)
    errors = sum(problem.severity == "error" for problem in found)
    if form == "json":
        rows = [{each: getattr(problem, each) for each in _PROBLEM} for problem in found]
        _print_json({"policy": read.policy.hash, "errors": errors, "warnings": len(found) - errors, "problems": rows})
        return _FOUND if errors else 0
    for problem in found:
        where = f"{problem.file}:{problem.line}:{problem.column}"
        print(f"{where}: {problem.severity}: {problem.what} [{problem.code}]\n  {problem.mend}")
    flows = f"{len(read.policy.flows)} flows, {len(read.policy.assertions)} assertions"
    print(f"{os.fspath(file)}: {flows}: {errors} errors, {len(found) - errors} warnings")
    return _FOUND if errors else 0


_PROBLEM = ("file", "line", "column", "severity", "code", "what", "mend")


@app.command(
    "show",
    help=(
        "Show a policy resolved: per flow, in which form each category crosses, for whom.\n\n"
        'What lets everything through (`"*": clear`, `mode: observe`) is marked with !.\n\n'
        "Example: ringfence policy show --format json"
    ),
)
def show_command(
    file: FileArgument = Path(POLICY_FILE), overlay: OverlayOption = None, form: FormatOption = "text"
) -> int:
    """Print every flow's table."""
    policy = load_policy(file, overlay=overlay)
    if form == "json":
        _print_json({"policy": policy.hash, "flows": [_flow_as_data(policy, flow) for flow in policy.flows.values()]})
        return 0
    print(
        f"policy {policy.hash[:16]}: {len(policy.zones)} zones, {len(policy.assets)} assets, {len(policy.flows)} flows"
    )
    for flow in policy.flows.values():
        print()
        _show_flow(policy, flow)
    return 0


def _show_flow(policy: Policy, flow: Flow) -> None:
    plans = _plans(policy, flow)
    gate = f", gate {flow.via.gate}" if flow.via.gate else ""
    match = "".join(f", {key} {value}" for key, value in flow.via.match.items())
    print(
        f"flow {flow.id}: {_end(flow.source, flow.source_zone)} {_ARROW} {_end(flow.sink, flow.sink_zone)}{gate}{match}"
    )
    if flow.mode is Mode.CLOSED:
        print("! closed: nothing passes; the forms below are what it carries once it enforces again")
    if flow.mode is Mode.OBSERVE:
        print("! observe: everything passes; the forms below are what would be done")
    heads, plans = _told_apart(plans)
    rows = [["", *heads]]
    for path in flow.carry:
        category = next((each for each in CATEGORIES if deciding_path(flow, each) == path), None)
        if category is None:
            rows.append([path, *("(never reached)" for _ in plans)])
            continue
        forms = [each.decide(category).form for each in plans]
        mark = "! " if path == "*" and any(each.passes_clear for each in forms) else ""
        rows.append([f"{mark}{path}", *map(_form, forms)])
    rows.append([_marked("found, not carried", flow.otherwise), *(_form(flow.otherwise) for _ in plans)])
    unknown = plans[0].unknown if plans else "scan"
    said = "by its content" if isinstance(unknown, str) else _form(unknown.form)
    rows.append(
        [_marked("field not judged", None if isinstance(unknown, str) else unknown.form), *(said for _ in plans)]
    )
    show_table(rows[0], rows[1:], warned=[number for number, row in enumerate(rows[1:]) if row[0].startswith("!")])


def _plans(policy: Policy, flow: Flow) -> list[Plan]:
    return [plan(policy, flow.id, asker) for asker in askers(policy, flow)]


def _told_apart(plans: Sequence[Plan]) -> tuple[list[str], list[Plan]]:
    """Join the askers who get the same into one column."""
    columns: list[tuple[list[str], Plan]] = []
    for each in plans:
        same = next((names for names, other in columns if _forms(other) == _forms(each)), None)
        if same is None:
            columns.append(([_asker(each.asker)], each))
        else:
            same.append(_asker(each.asker))
    heads = [names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} like it)" for names, _ in columns]
    return heads, [each for _, each in columns]


def _forms(made: Plan) -> list[Form]:
    return [decision.form for decision in made.table.values()]


def _marked(label: str, form: Form | None) -> str:
    return f"! {label}" if form is not None and form.passes_clear else label


def _end(name: str, zone: str) -> str:
    return name if name == zone else f"{name} ({zone})"


def _asker(asker: Asker) -> str:
    return (
        ", ".join(
            each for each in (asker.role and f"role {asker.role}", asker.purpose and f"for {asker.purpose}") if each
        )
        or "anyone"
    )


def _form(form: Form) -> str:
    return form.name if form.name == form.kind.value else f"{form.name} ({form.kind.value})"


def _flow_as_data(policy: Policy, flow: Flow) -> dict[str, object]:
    plans = _plans(policy, flow)
    unknown = plans[0].unknown if plans else "scan"
    return {
        "id": flow.id,
        "from": flow.source,
        "from_zone": flow.source_zone,
        "to": flow.sink,
        "to_zone": flow.sink_zone,
        "gate": flow.via.gate,
        "match": dict(flow.via.match),
        "mode": flow.mode.value,
        "protects": flow.mode is Mode.ENFORCE,
        "clear_for_all": any(rule.form.passes_clear for rule in flow.carry.get("*", ())),
        "else": flow.otherwise.name,
        "unknown": unknown if isinstance(unknown, str) else unknown.form.name,
        "askers": [{"role": each.asker.role, "purpose": each.asker.purpose} for each in plans],
        "categories": {category: [_decision(each.decide(category)) for each in plans] for category in CATEGORIES},
    }


def _decision(decision: Decision) -> dict[str, str]:
    return {"form": decision.form.name, "kind": decision.form.kind.value, "rule": decision.rule}


@app.command(
    "decide",
    help=(
        "Say in which form a category, or a field, crosses a flow, and by which rule.\n\n"
        "Exit code: 0 it crosses, 1 it is denied, 2 no such flow, category, role or purpose.\n\n"
        "Example: ringfence policy decide --flow app-logs --category user.contact.email"
    ),
)
def decide_command(
    flow: Annotated[str, typer.Option("--flow", "-f", help="The flow's id.")],
    category: Annotated[str | None, typer.Option("--category", "-c", help="A category of the taxonomy.")] = None,
    field: Annotated[
        str | None, typer.Option("--field", help="A field's path, as the policy's assets declare them.")
    ] = None,
    role: Annotated[str | None, typer.Option("--role", help="The role to ask as.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="The purpose to state.")] = None,
    reason: Annotated[bool, typer.Option("--reason", help="Ask as if a reason was given.")] = False,
    file: Annotated[Path, typer.Option("--policy", help="The policy file.", envvar="RINGFENCE_POLICY")] = Path(
        POLICY_FILE
    ),
    overlay: OverlayOption = None,
    form: FormatOption = "text",
) -> int:
    """Print one verdict."""
    if (category is None) == (field is None):
        raise Problem("what to decide about is not said, or said twice", "give --category or --field")
    policy = load_policy(file, overlay=overlay)
    _known("--flow", flow, policy.flows)
    _known("--role", role, policy.roles)
    _known("--purpose", purpose, policy.purposes)
    _known("--category", category, CATEGORIES)
    asker = Asker(RoleName(role) if role else None, PurposeName(purpose) if purpose else None, has_reason=reason)
    made = plan(policy, FlowId(flow), asker, Shape((FieldUse(field),)) if field else Shape())
    verdict = _verdict(made, category)
    denied = verdict["verdict"] == "denied"
    if form == "json":
        _print_json(
            {"policy": policy.hash, "flow": flow, "role": role, "purpose": purpose, "mode": made.mode.value, **verdict}
        )
    else:
        _print_verdict(made, verdict)
    return _FOUND if denied else 0


def _known(option: str, name: str | None, valid: Iterable[str]) -> None:
    names = list(valid)
    if name is not None and name not in names:
        raise Problem(f"{option}: there is none of that name", nearest(name, names, "the policy declares none"))


def _verdict(made: Plan, category: str | None) -> dict[str, str | None]:
    """Give the verdict as flat data. A field's own judgement stands in `category` where it is one."""
    judged = made.announced[0].judgement if category is None else None
    about = category if category is not None else judged
    if made.refused is not None:
        return {
            "verdict": "denied",
            "category": made.refused.category or category,
            "judgement": judged,
            "form": "deny",
            "rule": made.refused.rule,
            "why": made.refused.denial.value,
            "mend": made.refused.mend,
        }
    if judged == NONE:
        return {
            "verdict": "passes",
            "category": None,
            "judgement": judged,
            "form": "clear",
            "rule": "judged harmless",
            "why": None,
            "mend": None,
        }
    if judged == SCAN or (judged == UNKNOWN and isinstance(made.unknown, str)):
        rule = "its content decides"
        return {
            "verdict": "scanned",
            "category": None,
            "judgement": judged,
            "form": None,
            "rule": rule,
            "why": None,
            "mend": None,
        }
    decision = made.decide(str(about)) if judged != UNKNOWN or isinstance(made.unknown, str) else made.unknown
    denied = decision.form.denies
    return {
        "verdict": "denied" if denied else "crosses",
        "category": None if judged == UNKNOWN else about,
        "judgement": judged,
        "form": decision.form.name,
        "rule": decision.rule,
        "why": "category" if denied else None,
        "mend": f"carry it in flow {made.flow}" if denied else None,
    }


def _print_verdict(made: Plan, verdict: dict[str, str | None]) -> None:
    about = verdict["category"] or (f"a field judged {verdict['judgement']}" if verdict["judgement"] else "this")
    match verdict["verdict"]:
        case "denied":
            print(f"{about}: denied on {made.flow} ({verdict['why']})\n  rule {verdict['rule']}\n  {verdict['mend']}")
        case "scanned":
            print(f"{about}: scanned on {made.flow}: what is found in it is decided by category")
        case "passes":
            print(f"{about}: passes {made.flow} unscanned")
        case _:
            print(f"{about}: crosses {made.flow} as {verdict['form']}\n  rule {verdict['rule']}")
    if made.mode is Mode.OBSERVE:
        print("  ! observe: it passes in clear, whatever the verdict")


@app.command(
    "schema",
    help="Print the policy's JSON Schema (2020-12), for editors.\n\nExample: ringfence policy schema > ringfence.schema.json",
)
def schema_command() -> int:
    """Print one JSON document."""
    _print_json(schema())
    return 0


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False))
