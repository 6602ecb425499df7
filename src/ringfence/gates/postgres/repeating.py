"""Statements that run again after something may have changed what they mean.

The rule: what runs is what was judged last. A server goes on with the plan that it has until something that the plan names is
altered, also where the text means something else by now (a temporary table hides the one of its name). So a statement whose text
means something else than when it was judged last is prepared anew under its name, before it runs. A portal keeps its plan: what
has come into the temporary tables that it reads since it was bound is put to what is known of it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ringfence.gates.postgres import errors, speaking
from ringfence.gates.postgres.speaking import FETCH, PORTAL
from ringfence.gates.postgres.tracing import Failed
from ringfence.sql.model import Analysis, Compared, Path, StatementKind

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session
    from ringfence.gates.postgres.statements import Known, Statement

Labels = Mapping[Path, tuple[Path, ...]]

_HINT = "prepare it anew"
_ROUTINE = "RevalidateCachedQuery"  # the server's, in utils/cache/plancache.c: drivers know this error by it
OTHER_RESULT = errors.error(
    errors.NOT_SUPPORTED, "cached plan must not change result type", hint=_HINT, routine=_ROUTINE
)
OTHER_MEANING = errors.error(errors.NOT_SUPPORTED, "what this statement stands for has changed", hint=_HINT)
_TEMPORARY = "pg_temp."


def means_the_same(old: "Known", new: "Known") -> bool:
    """Whether all that is judged of a statement is as it was."""
    return new is old or (new.analysis == old.analysis and new.columns == old.columns)


async def prepare_anew(session: "Session", statement: "Statement", known: "Known", *, sync: bool) -> Failed | None:
    """See to it that a statement is at the server what its text means now; give what to tell where that cannot be."""
    old = statement.verdict.known
    if known is old:
        return None
    if [(each.name, each.type) for each in old.columns] != [(each.name, each.type) for each in known.columns]:
        return Failed(OTHER_RESULT, is_own=True)
    # One temporary table is as the next of its name by its path: they are not told apart here.
    if means_the_same(old, known) and not any(name.startswith(_TEMPORARY) for name in known.analysis.relations):
        return None
    messages, script = speaking.close(b"S", statement.name), "C"
    if statement.is_of_sql:
        messages += speaking.close(b"S", FETCH) + speaking.parse(FETCH, known.text) + speaking.whole(PORTAL, FETCH)
        script += "CPBEC"
    else:
        messages += speaking.parse(statement.name, known.text, known.parameters)
        script += "P"
    answer = await session.ask(messages, script, sync=sync)
    if not answer.failed:
        return None
    if answer.reached:
        session.statements.pop(statement.name, None)
    return Failed(answer.error)


def relabelled(known: "Known", labels: Labels) -> "Known":
    """Give what is known of a portal with the labels that temporary columns have by now."""
    if not labels or known.key is None:
        return known
    old = known.analysis
    analysis = replace(
        old,
        outputs=tuple(
            replace(each, origins=origins, exact=False) if (origins := _with(labels, each.origins)) else each
            for each in old.outputs
        ),
        compared=old.compared + _compared(old, labels),
        written=tuple(
            replace(each, origins=origins, exact=False) if (origins := _with(labels, each.origins)) else each
            for each in old.written
        ),
    )
    return known if analysis == old else replace(known, analysis=analysis, verdicts={})


def _with(labels: Labels, origins: tuple[Path, ...]) -> tuple[Path, ...]:
    """Give the origins with their labels; () where there are none that do not stand there already."""
    more = _more(labels, origins)
    return origins + more if more else ()


def _compared(old: Analysis, labels: Labels) -> tuple[Compared, ...]:
    return tuple(map(Compared, _more(labels, tuple(each.path for each in old.compared))))


def _more(labels: Labels, paths: tuple[Path, ...]) -> tuple[Path, ...]:
    found = dict.fromkeys(label for path in paths for label in labels.get(path, ()))
    return tuple(label for label in found if label not in paths)


RUN_BY_NAME = frozenset({StatementKind.EXECUTE, StatementKind.FETCH})
"""What a name in them stands for may be another thing each time that they run."""
MEANT_LATE = frozenset({StatementKind.COPY_OUT, StatementKind.COPY_IN, StatementKind.PREPARE})
"""The server takes their text apart when they run, not when they are bound."""
