"""What a policy means, said a second time: slowly, from the raw mapping, with nothing of `ringfence.policy` but its lengths.

The rule: every question is answered by trying everything. `plan` and `knowledge` are tested against it.
"""

from itertools import product
from typing import Any

from ringfence.policy.reversing import length_of
from ringfence.taxonomy import CATEGORIES, Domain

Raw = dict[str, Any]


def flow_of(raw: Raw, name: str) -> Raw | None:
    return next((flow for flow in raw["flows"] if flow["id"] == name), None)


def refusal(raw: Raw, flow_name: str, role: str | None, purpose: str | None, has_reason: bool) -> str | None:
    """Say why this asker gets nothing at all, or None."""
    flow = flow_of(raw, flow_name)
    if flow is None:
        return "no-flow"
    if role is not None and role not in raw["roles"]:
        return "no-role"
    needs = raw["roles"][role].get("needs", []) if role else []
    may_state = raw["roles"][role].get("purposes") if role else None
    if purpose is not None and may_state is not None and purpose not in may_state:
        return "no-purpose"
    allowed = flow.get("purposes") or [None, *raw["purposes"]]
    if purpose not in allowed or (purpose is None and "purpose" in needs):
        return "no-purpose"
    return "no-reason" if "reason" in needs and not has_reason else None


def form(raw: Raw, flow_name: str, category: str, role: str | None, purpose: str | None) -> str:
    """Say in which form a category crosses: the longest covering path, in it the first line that fits; else `else`."""
    flow = flow_of(raw, flow_name)
    if flow is None:
        return "deny"
    covering = [path for path in flow.get("carry", {}) if path == "*" or f"{category}.".startswith(f"{path}.")]
    if covering:
        lines = flow["carry"][max(covering, key=lambda path: 0 if path == "*" else len(path))]
        for line in [{"form": lines}] if isinstance(lines, str) else lines:
            if line.get("role") in (None, role) and line.get("purpose") in (None, purpose):
                return line["form"]
    return flow.get("else", "deny")


def fields(raw: Raw, flow_name: str) -> dict[str, str]:
    flow = flow_of(raw, flow_name)
    ends = [raw["assets"].get(flow[end], {}).get("fields", {}) for end in ("from", "to")] if flow else []
    return next((each for each in ends if each), {})


def judgement(raw: Raw, flow_name: str, path: str) -> str:
    """Say what is known of a field: the longest declared path that is it, or ends before one of its separators."""
    declared = fields(raw, flow_name)
    covering = [each for each in declared if path == each or path.startswith((f"{each}.", f"{each}["))]
    return declared[max(covering, key=len)] if covering else "unknown"


def unknown(raw: Raw, flow_name: str) -> str:
    flow = flow_of(raw, flow_name)
    if flow is None:
        return "deny"
    return flow.get("unknown") or ("deny" if fields(raw, flow_name) else "scan")


Who = tuple[str | None, str | None]  # role and purpose


def handled(raw: Raw, flow_name: str, path: str, who: Who) -> str:
    """Say what is done with a field: `none`, `scan`, or the form in which it crosses."""
    judged = judgement(raw, flow_name, path)
    if judged == "unknown":
        return unknown(raw, flow_name)
    return judged if judged in ("none", "scan") else form(raw, flow_name, judged, *who)


def hides(raw: Raw, flow_name: str, who: Who) -> bool:
    return any(form(raw, flow_name, category, *who) != "clear" for category in CATEGORIES)


def with_parts(raw: Raw, flow_name: str, paths: list[str]) -> list[str]:
    """Give fields, each followed by what is declared below it."""
    declared = fields(raw, flow_name)
    return [
        each
        for path in paths
        for each in (path, *(part for part in declared if part.startswith((f"{path}.", f"{path}["))))
    ]


def field_refused(raw: Raw, flow_name: str, use: str, paths: list[str], computed: bool, apart: bool, who: Who) -> bool:
    """Say whether an announced use stops everything."""
    if use in ("stored", "kept"):  # what is kept goes where nothing is judged
        target = "" if computed or use == "kept" else judgement(raw, flow_name, paths[0])
        return any(_spills(raw, flow_name, path, target, who) for path in with_parts(raw, flow_name, paths[1:]))
    paths = paths if apart else with_parts(raw, flow_name, paths)
    return any(_stops(raw, flow_name, path, use, who) for path in paths)


def _spills(raw: Raw, flow_name: str, path: str, target: str, who: Who) -> bool:
    how = handled(raw, flow_name, path, who)
    open_to_all = how in ("none", "clear") or (how == "scan" and not hides(raw, flow_name, who))
    return not open_to_all and judgement(raw, flow_name, path) != target


def _stops(raw: Raw, flow_name: str, path: str, use: str, who: Who) -> bool:
    how = handled(raw, flow_name, path, who)
    if how == "deny" or use in ("shown", "written"):
        return how == "deny"
    if how in ("none", "clear") or (how == "scan" and not hides(raw, flow_name, who)):
        return False
    if how != "scan" and use == "matched" and raw["forms"].get(how, {}).get("transform") == "token":
        return False
    return not (use == "equated" and may_equate(raw, flow_name, judgement(raw, flow_name, path)))


def may_equate(raw: Raw, flow_name: str, judged: str) -> bool:
    flow = flow_of(raw, flow_name)
    allowed = flow.get("predicates", {}) if flow else {}
    return any(f"{judged}.".startswith(f"{category}.") for category in allowed)


def appears(raw: Raw, flow_name: str, paths: list[str], computed: bool, apart: bool, who: Who) -> str:
    """Say how a shown column appears: `none`, `scan`, or a form. What is computed from something hidden shows nothing of it."""
    ways = []
    for path in paths:
        own = handled(raw, flow_name, path, who)
        parts = [handled(raw, flow_name, part, who) for part in with_parts(raw, flow_name, [path])[1:]]
        looked_at = apart and own == "none" and any(how != "none" for how in parts)
        ways += ["scan"] if looked_at else [own, *([] if apart else parts)]
    ways = [how for how in ways if how != "none"]
    hidden = [how for how in ways if how not in ("clear", "scan")]
    if not hidden:
        if computed and "scan" in ways and hides(raw, flow_name, who):
            return "redact"
        return "scan" if "scan" in ways else "clear" if ways else "none"
    if hidden[0] in ("deny", "redact", "null") or (len(set(ways)) == 1 and not computed):
        return hidden[0]
    return "redact"


def zone_of(raw: Raw, end: str) -> str:
    return raw["assets"][end]["zone"] if end in raw["assets"] else end


def forms_over(raw: Raw, flow: Raw, category: str) -> set[str]:
    """Every form in which anybody gets a category over a flow, unjudged fields included."""
    if flow.get("mode") == "observe":
        return {"clear"}
    got = set()
    for role, purpose in product([None, *raw["roles"]], [None, *raw["purposes"]]):
        if refusal(raw, flow["id"], role, purpose, has_reason=True) is None:
            got |= {form(raw, flow["id"], category, role, purpose), unknown(raw, flow["id"])}
    return got - {"deny", "scan"}


def known(raw: Raw, begins: set[str], categories: list[str]) -> set[tuple[str, str, str]]:
    """Every (zone, category, form) that comes to hold: apply every rule to everything until nothing is new."""
    flows = [(flow, zone_of(raw, flow["from"]), zone_of(raw, flow["to"])) for flow in raw["flows"]]
    flows = [each for each in flows if each[1] != each[2]]
    over = {(flow["id"], category): forms_over(raw, flow, category) for flow, _, _ in flows for category in categories}
    facts: set[tuple[str, str, str]] = set()
    while True:
        new = set(facts)
        for (flow, source, sink), category in product(flows, categories):
            forms = over[flow["id"], category]
            if source in begins or (source, category, "clear") in facts:
                new |= {(sink, category, each) for each in forms}
            if forms:
                new |= {
                    (sink, category, each)
                    for zone, held, each in facts
                    if (zone, held) == (source, category) and each != "clear"
                }
        for zone, category in product(raw["zones"], categories):
            held = [each for where, what, each in facts if (where, what) == (zone, category)]
            if any(_back(raw, zone, category, one, other) for one, other in product(held, held)):
                new.add((zone, category, "clear"))
        if new == facts:
            return facts
        facts = new


def _back(raw: Raw, zone: str, category: str, one: str, other: str) -> bool:
    first, second = (raw["forms"].get(name, {"transform": name}) for name in (one, other))
    has_key = zone in raw["keys"].get(first.get("key"), {}).get("zones", [])
    match first["transform"]:
        case "token" | "placeholder" | "surrogate" if has_key:
            return True
        case "hash" if has_key:
            part = second["transform"] in ("truncate", "bucket") or bool(
                set(second) & {"keep_first", "keep_last", "keep_domain"}
            )
            return part or CATEGORIES[category].domain is not Domain.LARGE
    length = length_of(category)
    if length is None or one == other:
        return False
    shows = [_shows(each, length) for each in (first, second)]
    return max(each[0] for each in shows) + max(each[1] for each in shows) >= length


def _shows(form: Raw, length: int) -> tuple[int, int]:
    first, last = form.get("keep_first", 0), form.get("keep_last", 0)
    if form["transform"] == "truncate":
        return (first, 0) if first < length else (0, 0)
    allowed = length - 4 if length >= 12 else length // 2
    return (first, last) if form["transform"] == "mask" and first + last <= allowed else (0, 0)
