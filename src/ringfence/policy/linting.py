"""Lint: what a policy may say, but should not; and its assertions, checked.

The rule: each check is one generator in `_CHECKS` that yields what it found with its place. An error is what breaks a promise: an
assertion that does not hold, a form that does not hide what it seems to. A warning is what deserves a look, or what every report
must show. `lint` finds the same whoever runs it: it looks at the policy and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from ringfence.policy import reversing
from ringfence.policy.allowing import allowed_whole
from ringfence.policy.fronting import fronting
from ringfence.policy.knowing import Fact, Knowledge, carried_knowledge, knowledge, origins
from ringfence.policy.model import (
    CLEAR,
    EVERY_CATEGORY,
    NUMBERED,
    Assertion,
    CarryRule,
    Flow,
    Form,
    FormKind,
    Mode,
    Policy,
    ZoneName,
)
from ringfence.policy.overheard import overheard
from ringfence.policy.plan import deciding_path
from ringfence.policy.problems import Problem
from ringfence.policy.reading import Positions
from ringfence.policy.tree import Step
from ringfence.policy.unannounced import everywhere
from ringfence.policy.undeclared import open_assets, rival_endpoints
from ringfence.policy.unused import unused
from ringfence.taxonomy import CATEGORIES, Domain, is_within

Path = tuple[Step, ...]
_WITH_VAULT = frozenset({"http"})
_SHOWN = 3  # categories named in one line; the rest are counted


def lint(policy: Policy, positions: Positions) -> tuple[Problem, ...]:
    """Say what is wrong with a policy, or worth a look, in the order of its files.

    Errors: ``small-domain``, ``fine-grain``, ``oracle``, ``gives-back``, ``own-zone``, ``loop``, ``never``. Warnings:
    ``clear-all``, ``closed``, ``observe``, ``uncontrolled``, ``guessable``, ``joinable``, ``key-outside``, ``no-reverse``,
    ``no-boundary``, ``unreachable``, ``no-vault``, ``unused``, ``everywhere``, ``allows-all``, ``overheard``, ``undeclared``,
    ``ambiguous``.
    """
    found = [
        _problem(positions, *one)
        for check in (
            _forms_that_show,
            _oracles,
            _what_passes,
            _boundaries,
            _keys_and_roles,
            _unreachable,
            _without_vault,
            everywhere,
            allowed_whole,
            overheard,
            fronting,
            open_assets,
            rival_endpoints,
        )
        for one in check(policy)
    ]
    found += [_problem(positions, *one) for one in (*_gives_back(policy), *_broken_assertions(policy))]
    found += [_problem(positions, path, "warning", "unused", what, mend) for path, what, mend in unused(policy)]
    return tuple(sorted(found, key=lambda problem: (problem.file, problem.line, problem.column, problem.code)))


_Severity = Literal["error", "warning"]
_Found = tuple[Path, _Severity, str, str, str]  # where, severity, code, what, mend


def _problem(positions: Positions, path: Path, severity: _Severity, code: str, what: str, mend: str) -> Problem:
    at = positions.of(*path, of_key=len(path) == 2 and path[0] != "assert")
    return Problem(at.file, at.line, at.column, what, mend, severity, code)


def _named(categories: Iterable[str]) -> str:
    names = sorted(categories)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _lines(flow: Flow) -> Iterator[tuple[Path, Form, tuple[str, ...]]]:
    """Give each line of a flow that names a form, with the categories that it may decide about."""
    decided: dict[str | None, list[str]] = {}
    for category in CATEGORIES:
        decided.setdefault(deciding_path(flow, category), []).append(category)
    rest = list(decided.pop(None, []))
    for path, categories in decided.items():
        rules = flow.carry[str(path)]
        for number, rule in enumerate(rules):
            yield ("flows", flow.id, "carry", str(path), number), rule.form, tuple(categories)
        if not any(rule.role is None and rule.purpose is None for rule in rules):
            rest.extend(categories)
    yield ("flows", flow.id, "else"), flow.otherwise, tuple(rest)


def _forms_that_show(policy: Policy) -> Iterator[_Found]:
    """Find forms that hide less than they seem to, for what they are given."""
    for flow in policy.flows.values():
        for path, form, categories in _lines(flow):
            few = [category for category in categories if CATEGORIES[category].domain is Domain.SMALL]
            if form.kind in reversing.DETERMINISTIC and few:
                what = f"form {form.name} is deterministic, and {_named(few)} has few values: a list of all undoes it"
                yield (
                    path,
                    "error",
                    "small-domain",
                    what,
                    f"write `{few[0]}: redact`, or null or a coarse bucket, for each",
                )
            if form.kind is FormKind.BUCKET and form.unit == "month" and few:
                what = f"form {form.name} leaves a month of {_named(few)}: with any other fact that is one person"
                yield path, "error", "fine-grain", what, "use the unit year or decade"
            shown = [category for category in categories if _shows_most(form, category)]
            if shown:
                what = f"form {form.name} keeps more than two thirds of {_named(shown)}"
                yield path, "error", "fine-grain", what, f"keep fewer characters, or write `{shown[0]}: redact`"


def _oracles(policy: Policy) -> Iterator[_Found]:
    """Find categories of few values that may be compared: whoever may ask whether it is this one has soon asked them all."""
    for flow in policy.flows.values():
        for allowed in flow.predicates:
            few = [name for name in CATEGORIES if is_within(name, allowed) and CATEGORIES[name].domain is Domain.SMALL]
            if few:
                what = f"{_named(few)} has few values, and may be compared with each of them in turn"
                mend = "name only categories of many values, such as an e-mail address"
                yield ("flows", flow.id, "predicates", allowed), "error", "oracle", what, mend


def _shows_most(form: Form, category: str) -> bool:
    length = reversing.length_of(category)
    return form.kind is FormKind.TRUNCATE and length is not None and form.keep_first * 3 > length * 2


def _what_passes(policy: Policy) -> Iterator[_Found]:
    """Find what passes everything, which every report shows."""
    for flow in policy.flows.values():
        if flow.mode is Mode.CLOSED:
            mend = f"when it is known why: `ringfence enforce {flow.id}`"
            yield ("flows", flow.id, "mode"), "warning", "closed", f"flow {flow.id} is closed: nothing crosses", mend
        if flow.mode is Mode.OBSERVE:
            what = f"flow {flow.id} observes: everything passes in clear, and it protects nothing"
            yield (
                ("flows", flow.id, "mode"),
                "warning",
                "observe",
                what,
                "set `mode: enforce` when its report is as you want it",
            )
        for rule in flow.carry.get(EVERY_CATEGORY, ()):
            if rule.form.passes_clear:
                what = f'flow {flow.id} carries every category in clear: `"*": clear`'
                yield (
                    ("flows", flow.id, "carry", EVERY_CATEGORY),
                    "warning",
                    "clear-all",
                    what,
                    "name the categories that are needed",
                )
                break
        for key, form in (("else", flow.otherwise), ("unknown", flow.unknown)):
            if isinstance(form, Form) and form.passes_clear:
                what = f"flow {flow.id} lets through what it does not know: `{key}: clear`"
                yield ("flows", flow.id, key), "warning", "clear-all", what, f"set `{key}: redact` or deny"


def _boundaries(policy: Policy) -> Iterator[_Found]:
    for flow in policy.flows.values():
        sink = policy.zones[flow.sink_zone]
        if flow.source_zone == flow.sink_zone:
            what = f"flow {flow.id} begins and ends in zone {flow.sink_zone}: it crosses no boundary"
            yield ("flows", flow.id), "warning", "no-boundary", what, "remove it, or put its ends into two zones"
        if sink.controlled:
            continue
        for path, form, categories in _lines(flow):
            if form.passes_clear and categories:
                what = (
                    f"zone {sink.name} is not under control, and flow {flow.id} sends it {_named(categories)} in clear"
                )
                yield path, "warning", "uncontrolled", what, "mask, redact or tokenise it: what is there is out"


def _keys_and_roles(policy: Policy) -> Iterator[_Found]:
    outside = {zone.name for zone in policy.zones.values() if not zone.controlled}
    for form in policy.forms.values():
        if form.joinable & outside:
            what = f"form {form.name} can be joined in zone {min(form.joinable & outside)}, which is not under control"
            yield ("forms", form.name, "joinable"), "warning", "joinable", what, "leave that zone out of joinable"
    for key in policy.keys.values():
        if key.zones & outside:
            what = f"zone {min(key.zones & outside)} may hold key {key.name}, and is not under control"
            yield (
                ("keys", key.name, "zones"),
                "warning",
                "key-outside",
                what,
                "leave that zone out: its forms hide nothing there",
            )
    ends = {zone for flow in policy.flows.values() for zone in (flow.source_zone, flow.sink_zone)}
    for role in policy.roles.values():
        for name in sorted(role.reverse):
            if not policy.keys[name].zones & ends:
                what = f"role {role.name} reverses key {name}, but no zone at the end of a flow may hold it"
                yield (
                    ("roles", role.name, "reverse"),
                    "warning",
                    "no-reverse",
                    what,
                    f"let a zone hold it: keys.{name}.zones",
                )
    yield from _guessable(policy)


def _guessable(policy: Policy) -> Iterator[_Found]:
    for flow in policy.flows.values():
        for path, form, categories in _lines(flow):
            large = [category for category in categories if CATEGORIES[category].domain is Domain.LARGE]
            held = form.key is not None and flow.sink_zone in policy.keys[form.key].zones
            if form.kind is FormKind.HASH and held and large:
                what = f"zone {flow.sink_zone} may hold the key of form {form.name}, and so can try out guesses of {_named(large)}"
                yield path, "warning", "guessable", what, f"leave the zone out of keys.{form.key}.zones"


def _unreachable(policy: Policy) -> Iterator[_Found]:
    """Find lines of a list that no asker reaches."""
    for flow in policy.flows.values():
        for category, rules in flow.carry.items():
            for number, rule in enumerate(rules):
                path = ("flows", flow.id, "carry", category, number)
                if rule.purpose is not None and flow.purposes and rule.purpose not in flow.purposes:
                    what = f"this line is for purpose {rule.purpose}, which flow {flow.id} does not have"
                    yield path, "warning", "unreachable", what, "add it to the flow's purposes, or remove the line"
                elif any(_covers(before, rule) for before in rules[:number]):
                    what = "no one reaches this line: one before it fits all whom it fits"
                    yield path, "warning", "unreachable", what, "move it up, or remove it"


def _without_vault(policy: Policy) -> Iterator[_Found]:
    """Find forms that only who remembers can give, at gates that have no vault: what they are for is refused there."""
    for flow in policy.flows.values():
        gate = policy.gates.get(flow.via.gate or "")
        if gate is None or gate.kind in _WITH_VAULT:
            continue
        for path, form, _ in _lines(flow):
            if form.kind in NUMBERED:
                what = f"form {form.name} needs a vault, and gate {gate.name} of kind {gate.kind} has none: it refuses"
                yield path, "warning", "no-vault", what, "take a form with `transform: token`, which needs no vault"


def _covers(before: CarryRule, rule: CarryRule) -> bool:
    return before.role in (None, rule.role) and before.purpose in (None, rule.purpose)


def _gives_back(policy: Policy) -> Iterator[_Found]:
    """Find zones that can infer a value which no flow brings them, from the forms and keys that they have."""
    begins = origins(policy)
    honest, inferred = carried_knowledge(policy, begins), knowledge(policy, begins)
    groups: dict[tuple[ZoneName, str, tuple[Form, ...]], list[Fact]] = {}
    for fact, why in inferred.why.items():
        if why.rule and fact not in honest.why and fact.zone not in begins:
            forms = tuple(sorted((premise.form for premise in why.premises), key=lambda form: form.name))
            groups.setdefault((fact.zone, why.rule, forms), []).append(fact)
    for (zone, rule, forms), facts in groups.items():
        last = max((inferred.witness(premise) for premise in inferred.why[facts[0]].premises), key=len)[-1]
        category = facts[0].category
        path = deciding_path(policy.flows[last], category)
        where: Path = ("flows", last, "carry", path) if path is not None else ("flows", last, "else")
        intended = rule == "token+key" and any(forms[0].key in role.reverse for role in policy.roles.values())
        how = _RULES[rule].format(*(form.name for form in forms), key=_key_of(forms))
        what = f"zone {zone} gets {_named(fact.category for fact in facts)} back: {how}"
        mend = (
            f"take zone {zone} out of keys.{_key_of(forms)}.zones"
            if "key" in rule or "hash" in rule
            else "let only one of them go there"
        )
        yield where, "warning" if intended else "error", "gives-back", what, mend


_RULES: Mapping[str, str] = {
    "token+key": "form {0} with key {key}, which it may hold",
    "hash+key": "form {0} with key {key}, by trying all values",
    "part+hash": "forms {0} and {1} together, with key {key}",
    "first+last": "forms {0} and {1} together keep all of it",
}


def _key_of(forms: tuple[Form, ...]) -> str:
    return next((str(form.key) for form in forms if form.key is not None), "")


def _broken_assertions(policy: Policy) -> Iterator[_Found]:
    """Check what must never be: each assertion assumes its own zones to hold only what flows bring them, and others anything."""
    sending = {flow.source_zone for flow in policy.flows.values()}
    known: dict[frozenset[ZoneName], Knowledge] = {}
    for number, never in enumerate(policy.assertions):
        begins = origins(policy) | (sending - set(never.zones))
        if begins not in known:
            known[begins] = knowledge(policy, begins)
        broken = _shortest(policy, never, known[begins])
        if broken is None:
            continue
        fact, knows = broken
        route = " then ".join(knows.witness(fact))
        what = f"zone {fact.zone} comes to hold {fact.category} as {fact.form.name}, over {route}"
        mend = "change what one of these flows carries, or the assertion"
        yield ("assert", number, "never"), "error", "never", what, mend


def _shortest(policy: Policy, never: Assertion, knows: Knowledge) -> tuple[Fact, Knowledge] | None:
    forbidden = {policy.forms[never.form], CLEAR}  # whoever holds it in clear holds it in every form
    broken = [
        fact
        for fact in knows.why
        if fact.zone in never.zones and fact.form in forbidden and is_within(fact.category, never.category)
    ]
    shortest = min(broken, key=lambda fact: (knows.why[fact].length, fact.zone, fact.category), default=None)
    return (shortest, knows) if shortest is not None else None
