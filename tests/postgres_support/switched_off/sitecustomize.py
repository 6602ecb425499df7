"""Switches protections off in a gate's own processes: Python imports this file at its start, where a test put it on the path.

The rule: a protection is taken out where it stands, as its module is loaded; everything else runs as it is. Never installed, and
without the variable that names protections it does nothing.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

NAMED = frozenset(filter(None, os.environ.get("RINGFENCE_TEST_SWITCHED_OFF", "").split(",")))
Change = Callable[[ModuleType], None]


def _canary(module: ModuleType) -> None:
    """Let the gate start although it would see its canary clear, or refused."""

    async def send_canary(shared: object, upstream: object) -> object:
        await upstream.close()
        return module.CanaryResult(masked=True)

    module.send_canary = send_canary


def _forms(module: ModuleType) -> None:
    module.Judging.announce = lambda self, use: module.Announced("none", None)


def _computed(module: ModuleType) -> None:
    announce = module.Judging.announce
    module.Judging.announce = lambda self, use: announce(self, replace(use, computed=False))


def _contents(module: ModuleType) -> None:
    announce = module.Judging.announce

    def without_scan(self: object, use: object) -> object:
        found = announce(self, use)
        return module.Announced(found.judgement, None) if found.decision == "scan" else found

    module.Judging.announce = without_scan


def _unknown(module: ModuleType) -> None:
    judge = module.judge_path
    module.judge_path = lambda *asked: "none" if judge(*asked) == "unknown" else judge(*asked)


def _comparisons(module: ModuleType) -> None:
    module.Judging._comparable = lambda self, *asked: True


def _copies(module: ModuleType) -> None:
    module.Judging._copy_refused = lambda self, use: None


def _keeping(module: ModuleType) -> None:
    module.Judging._keeping_refused = lambda self, use: None


def _rows_told_of(module: ModuleType) -> None:
    module._rows_told_of = lambda known: frozenset()


def _statements(module: ModuleType) -> None:
    parse = module.ParserChild.parse

    async def lenient(self: object, text: str, asker: object = None) -> object:
        parsed = await parse(self, text, asker)
        return replace(parsed, statements=tuple(replace(one, refused=()) for one in parsed.statements))

    module.ParserChild.parse = lenient


def _functions(module: ModuleType) -> None:
    module.judge_function = lambda *asked: module_of("ringfence.sql.refusals").FunctionVerdict(
        module.FunctionKind.PURE, None
    )


def _opaque(module: ModuleType) -> None:
    module.opaque = lambda walk, function, values, why="": module.computed(values)


def _relations(module: ModuleType) -> None:
    module.judge_relation = lambda *asked: module_of("ringfence.sql.refusals").RelationVerdict(
        module.RelationKind.NORMAL, None
    )


def _judged(module: ModuleType) -> None:
    module.is_judged = lambda path: path.startswith("pg_catalog.")


def _settings(module: ModuleType) -> None:
    module.allowed_setting = lambda name: True


def _start_up(module: ModuleType) -> None:
    module.allowed_at_start = lambda name, value: True


def _copied_out(module: ModuleType) -> None:
    result_of = module.result_of

    def passing(session: object, verdict: object, formats: object, *, ends: bool) -> object:
        if verdict.known.raw.copy is None:
            return result_of(session, verdict, formats, ends=ends)
        return module.PassingQuery(verdict) if ends else module.Passing(verdict)

    module.result_of = passing


def _errors(module: ModuleType) -> None:
    module.withhold = lambda frame, *more: frame
    module.scrubbed = lambda frame, *more: frame


def _inbound(module: ModuleType) -> None:
    async def pass_in(*asked: object) -> None:
        return None

    module._cross = pass_in


def _budgets(module: ModuleType) -> None:
    async def charge_nothing(*asked: object) -> None:
        return None

    module._charge = charge_nothing


def module_of(name: str) -> ModuleType:
    return sys.modules[name]


ALWAYS: Mapping[str, Change] = {"ringfence.gates.postgres.canary": _canary}
CHANGES: Mapping[str, Mapping[str, Change]] = {
    "forms": {"ringfence.policy.announcing": _forms},
    "computed": {"ringfence.policy.announcing": _computed},
    "contents": {"ringfence.policy.announcing": _contents},
    "unknown": {"ringfence.policy.announcing": _unknown},
    "comparisons": {"ringfence.policy.announcing": _comparisons},
    "copies": {"ringfence.policy.announcing": _copies},
    "keeping": {
        "ringfence.policy.announcing": _keeping,
        "ringfence.gates.postgres.verdicts": _rows_told_of,
    },
    "statements": {"ringfence.gates.postgres.parser": _statements},
    "functions": {"ringfence.sql.origins_functions": _functions},
    "opaque": {"ringfence.sql.origins_functions": _opaque},
    "relations": {"ringfence.sql.origins_columns": _relations, "ringfence.gates.postgres.verdicts": _judged},
    "settings": {"ringfence.sql.origins_functions": _settings},
    "start-up": {"ringfence.gates.postgres.opening": _start_up},
    "copied out": {"ringfence.gates.postgres.results": _copied_out},
    "errors": {"ringfence.gates.postgres.errors": _errors},
    "inbound": {"ringfence.gates.postgres.inbound": _inbound},
    "budgets": {"ringfence.gates.postgres.inbound": _budgets},
}


class _Finder(MetaPathFinder):
    """Finds the modules that are changed, and changes them when they have run."""

    def __init__(self, changes: Mapping[str, Change]) -> None:
        self._changes = changes

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        change = self._changes.get(fullname)
        spec = PathFinder.find_spec(fullname, path) if change is not None else None
        if change is None or spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_change(module: ModuleType) -> None:
            run(module)
            change(module)

        spec.loader.exec_module = run_and_change
        return spec


if NAMED:
    sys.meta_path.insert(
        0, _Finder({**ALWAYS, **{where: change for name in NAMED for where, change in CHANGES[name].items()}})
    )
