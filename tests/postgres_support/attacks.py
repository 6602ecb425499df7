"""Attacks as data: what somebody with a login and SQL tries, to see what the policy hides.

The rule: every attack in `attacks.yaml` works on a straight connection with the rights that `attack_setup.sql` gives, or it
proves nothing; those rights are far beyond what a role should have, so that it is the gate that holds, not GRANT. `run` takes any
connection, and says what was reached.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from postgres_support.marks import BIRTH, Seeker, hidden_from, word
from postgres_support.raw import Broken, Reply, Wire

TOLD = f"{word('em', 1)}@posta-nova.net"
"""An address that the attacker has heard of, and wants to learn more about. Only predicates may hold it."""
THOUSAND = [f"'{word('em', number)}@posta-nova.net'" for number in range(1, 1001)]
FOLDER = Path(__file__).parent
HASHES = (md5(TOLD.encode(), usedforsecurity=False).hexdigest(), sha256(TOLD.encode()).hexdigest())


class Goal(StrEnum):
    """What counts as success."""

    LEAK = "leak"  # a mark that the role must not see, in whatever way it is spelt
    RUNS = "runs"  # the last statement runs
    ROWS = "rows"  # the last statement gives rows: a predicate over what is hidden was answered
    SAYS = "says"  # the last statement gives the value `says`: a question about what is hidden was answered
    KEPT = "kept"  # what was to be kept out stands in the database: `proof` finds it


@dataclass(frozen=True)
class Call:
    """A function called by the protocol's own message, without SQL."""

    function: str
    argument: int


@dataclass(frozen=True)
class Attack:
    """One attack. Statements are run one after the other; a pair is a statement with its parameters, by the extended protocol."""

    name: str
    kind: str
    goal: Goal
    statements: tuple["str | tuple[str, ...] | Call", ...]
    role: str = "support"
    binary: bool = False
    copied: bytes = b""  # what a COPY FROM STDIN is given
    says: str = ""
    proof: str = ""  # SQL as the superuser: rows where the attack succeeded
    before: str = ""  # SQL as the superuser, while the gate runs already
    undo: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)  # of the start-up
    needs: str = ""  # of the server: "dblink", "xml"


@dataclass(frozen=True)
class Outcome:
    """What an attack reached."""

    succeeded: bool
    leaks: Sequence[str]
    codes: Sequence[str]


def attacks(port: int = 0, database: str = "") -> list[Attack]:
    """Read the table. `port` and `database` are the server's own, for attacks that let it connect to itself."""
    text = (FOLDER / "attacks.yaml").read_text(encoding="utf-8")
    kinds = YAML(typ="safe").load(text.replace("PORT", str(port)).replace("DATABASE", database))
    return [_attack(kind, one) for kind, some in kinds.items() for one in some]


def setup() -> str:
    """Give the SQL that makes every attack work on a straight connection."""
    return (FOLDER / "attack_setup.sql").read_text(encoding="utf-8")


def powers() -> str:
    """Give the SQL for powers with which no gate would start."""
    return (FOLDER / "attack_powers.sql").read_text(encoding="utf-8")


def powers_taken() -> str:
    """Give the SQL that takes them again."""
    return powers().replace("grant ", "revoke ").replace("    to ", "    from ")


def setup_of_extensions(port: int, database: str) -> str:
    """Give the SQL for attacks that need dblink; it must be run in the database itself."""
    text = (FOLDER / "attack_extensions.sql").read_text(encoding="utf-8")
    return text.replace("PORT", str(port)).replace("DATABASE", database)


def _attack(kind: str, one: dict[str, Any]) -> Attack:
    told = {**one}
    run = told.pop("run")
    return Attack(
        kind=kind,
        goal=Goal(told.pop("goal", "leak")),
        statements=tuple(_statements(run)),
        copied=told.pop("copied", "").encode(),
        **told,
    )


def _statements(run: str | list[Any]) -> "Iterator[str | tuple[str, ...] | Call]":
    if run == "THOUSAND_TIMES":
        yield from (f"select id from customer where email = {one}" for one in reversed(THOUSAND))
    else:
        yield from map(_statement, run if isinstance(run, list) else [run])


def _statement(one: str | list[str] | dict[str, Any]) -> "str | tuple[str, ...] | Call":
    match one:
        case str():
            return (
                one.replace("THOUSAND_ROWS", "), (".join(THOUSAND))
                .replace("THOUSAND", ", ".join(THOUSAND))
                .replace("TOLD", TOLD)
            )
        case list():
            return tuple(one)
    return Call(one["call"], one["argument"])


def run(attack: Attack, connect: Callable[[Mapping[str, str]], Wire], prove: Callable[[str], str]) -> Outcome:
    """Try an attack over a connection that `connect` opens; `prove` runs SQL as the superuser."""
    if attack.before:
        prove(attack.before)
    try:
        with connect(attack.parameters) as wire:
            replies = [_sent(wire, attack, statement) for statement in attack.statements]
        leaks = _seek(attack, replies)
        succeeded = _has_succeeded(attack, replies, leaks, prove)
    except (Broken, OSError) as error:
        return Outcome(succeeded=False, leaks=(), codes=(str(error),))
    finally:
        if attack.undo:
            prove(attack.undo)
    return Outcome(succeeded=succeeded, leaks=leaks, codes=[reply.code for reply in replies])


def _has_succeeded(attack: Attack, replies: Sequence[Reply], leaks: Sequence[str], prove: Callable[[str], str]) -> bool:
    match attack.goal:
        case Goal.LEAK:
            return bool(leaks)
        case Goal.RUNS:
            return not replies[-1].code
        case Goal.ROWS:
            return not replies[-1].code and bool(replies[-1].rows)
        case Goal.SAYS:
            return any(attack.says.encode() in row for row in replies[-1].rows)
        case Goal.KEPT:
            return bool(prove(attack.proof).strip())


def _sent(wire: Wire, attack: Attack, statement: "str | tuple[str, ...] | Call") -> Reply:
    match statement:
        case Call():
            oid = wire.query(f"select '{statement.function}'::regproc::oid").rows[0][0]
            argument = struct.pack("!i", 8) + struct.pack("!q", statement.argument)
            wire.send((b"F", struct.pack("!IHHH", int(oid or 0), 1, 1, 1) + argument + struct.pack("!H", 0)))
            return wire.until_ready()
        case str():
            return wire.query(statement, attack.copied)
    text, *values = statement
    return wire.execute(text, values, binary=attack.binary)


def _seek(attack: Attack, replies: Sequence[Reply]) -> list[str]:
    """Seek in all that came; in pieces put together, row after row; in what masks leave; and in numbers read as letters."""
    hidden = hidden_from(attack.role)
    seeker, joined = Seeker(hidden), Seeker(hidden - {BIRTH})  # numbers put together make any date
    raw = b"".join(reply.raw for reply in replies)
    values = [value for reply in replies for row in reply.rows for value in row if value is not None]
    short = b"".join(value for value in values if len(value) <= 2)
    letters = b"".join(bytes([int(one)]) for one in values if one.isdigit() and 31 < int(one) < 127)
    left = b"".join(row[0].lstrip(b"*x") for reply in replies for row in reply.rows if len(row) == 1 and row[0])
    found = {*seeker.seek(raw), *(one for text in (left, short, letters) for one in joined.seek(text))}
    return sorted(found | {"hash" for one in HASHES if one.encode() in raw})
