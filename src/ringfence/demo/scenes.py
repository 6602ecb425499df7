"""The scenes, in a table: each shows one thing and says whether its step held.

The rule: a scene looks at what has happened and judges by what stands in files: what the service wrote, what arrived, what the
ledger says. It prints no value of a person, but for the service's own side of the second scene. A new scene is a function and a
line in `SCENES`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import re2

from ringfence.demo.api_scenes import show_api, show_endpoints, show_model
from ringfence.demo.code_scenes import show_commit, show_history
from ringfence.demo.evidence_scenes import show_alerts, show_evidence, show_matrix
from ringfence.demo.ledgers import show_entries, show_verification
from ringfence.demo.place import FLOW
from ringfence.demo.planting import COVERED, ENCODINGS, Account, Kind, Sight, take_account
from ringfence.demo.postgres_scenes import show_gate_entries, show_queries, show_transfers
from ringfence.demo.screen import Screen
from ringfence.demo.stage import Stage
from ringfence.demo.story_scenes import show_map, show_observed
from ringfence.ledger import Query, Reader

Show: TypeAlias = Callable[[Stage, Screen], bool]
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

TOKEN = re2.compile(r"tok_[a-z0-9]+_[0-9]+_[a-z0-9]+")
REFUSED = re2.compile(r"\[ringfence: refused ([0-9a-z]{26}): [^\]\n]*\]")


@dataclass(frozen=True, slots=True)
class Scene:
    """A title, what is to be seen, and the function that shows it and says whether its step held."""

    title: str
    text: str
    show: Show


def show_policy(stage: Stage, screen: Screen) -> bool:
    """Show the policy, and have it checked."""
    screen.policy(stage.place.policy.read_text(encoding="utf-8"))
    done = stage.place.call("policy", "lint")
    screen.command("ringfence policy lint")
    screen.output(done.out + done.err)
    return screen.held(
        holds=done.code == 0, text="the policy is sound, and what it asserts holds over every way through it"
    )


def show_both_sides(stage: Stage, screen: Screen) -> bool:
    """Show a record of each kind on both sides, and see that no record was lost or broken."""
    whole, tokens = True, []
    for title, stream, request in (
        ("An access log", "stdout", "access"),
        ("A JSON application log", "stdout", "json"),
        ("A stack trace", "stderr", "trace"),
    ):
        written, arrived = (
            stage.record(side, stage.shown[request], in_json=request == "json")
            for side in (stage.written(stream), stage.arrived(stream))
        )
        screen.sides(title, ("the service wrote (core)", written), ("the log store has (outside)", arrived))
        whole = whole and bool(written) and bool(arrived)
        tokens.append(set(TOKEN.findall(arrived)))
    if set.intersection(*tokens):
        screen.say("One token stands in all three: records of one person can be joined without the address.")
    before, after = (_documents(stage.written("stdout")), _documents(stage.arrived("stdout")))
    alike = sum(_shape(document) == _shape(after.get(request)) for request, document in before.items())
    lines = stage.written("stdout").count(b"\n"), stage.arrived("stdout").count(b"\n")
    screen.say(
        f"{lines[0]} lines went to standard output, {lines[1]} arrived; {alike} of {len(before)} JSON documents have the same "
        "fields in the same order still. Found spans were changed, and nothing else."
    )
    return screen.held(
        holds=whole and alike == len(before) > 0 and lines[0] == lines[1],
        text="every line arrived, in the shape in which it was written",
    )


def show_refusal(stage: Stage, screen: Screen) -> bool:
    """Show what stands in the place of a window that held a private key."""
    arrived = stage.arrived("stderr").decode(errors="replace")
    found = REFUSED.search(arrived)
    keys = [one for one in stage.planted if one.kind is Kind.KEY]
    lines = sum(map(Sight(stage.written("stderr")).shows, keys))
    screen.say(
        f"The service logged a private key that it had just made, {lines} lines of base64. In its place there arrived:"
    )
    if found is None:
        return screen.held(holds=False, text="nothing was refused")
    screen.output(found[0])
    with Reader(stage.place.ledger) as reader:
        recorded = bool(reader.find(Query(crossing=found[1], kind="refused"), 1))
    goes_on = stage.record(stage.arrived("stderr"), stage.shown["after"]) != ""
    silent = not any(map(Sight(arrived.encode()).shows, keys))
    return screen.held(
        holds=silent and recorded and goes_on and bool(keys),
        text="no line of the key arrived, the refusal is in the ledger, and the stream went on behind it",
    )


def show_account(stage: Stage, screen: Screen) -> bool:
    """Count, for each kind of value, how much of what was planted can be read off on the far side."""
    accounts = take_account(stage.planted, stage.all_written, stage.all_arrived)
    covered = [one for one in accounts if one.kind in COVERED]
    others = [one for one in accounts if one.kind not in COVERED]
    total = _sum("all of these", covered)
    rows = [*map(_row, covered), total]
    styles = ["" if one.arrived == 0 else "bold red" for one in covered] + ["bold"]
    rows += [(*_row(one)[:-1], f"{one.arrived}, not covered") for one in others]
    styles += ["yellow"] * len(others)
    screen.table(("what was planted", ">values", ">in the service's own log", ">arrived in clear"), rows, styles)
    screen.say(
        f"This says: of these values of {len(stage.people)} synthetic people, sent through this flow in access logs, JSON and "
        f"stack traces, so many can be read off on the far side, sought {ENCODINGS}. "
        "The same search finds every one of them in the service's own log. It says nothing of other values, encodings or flows."
    )
    for one in others:
        screen.say(
            f"Not covered: {one.kind.value}: {one.arrived} of {one.planted} arrived. No recognizer knows it.", "yellow"
        )
    seen = all(one.written == one.planted > 0 for one in accounts)
    arrived = sum(one.arrived for one in covered)
    return screen.held(holds=seen and arrived == 0, text=f"planted values that arrived in clear: {arrived}")


def show_next(stage: Stage, screen: Screen) -> bool:  # noqa: ARG001 (one signature for all scenes)
    """Say what to type for one's own logs, databases, services and models."""
    for command, why in (
        ("ringfence init", "a policy, keys and a ledger, here"),
        (f"my-service 2>&1 | ringfence pipe --flow {FLOW}", "a stream of lines, on its way to whatever ships it"),
        (f"ringfence run --flow {FLOW} -- my-service", "a program, with both its outputs"),
        ("ringfence init --pg DSN", "the same for a PostgreSQL database: mapped, with a gate, flows that observe"),
        (
            "ringfence map --openapi api.yaml --asset NAME",
            "a service's endpoints and fields, out of its own description",
        ),
        (
            "ringfence up",
            "a policy's gates: PostgreSQL, masked by origin; HTTP, before a service or on the way to a model",
        ),
        ("ringfence endpoints", "which endpoints are used, which never are, and which nobody declared"),
        ("ringfence git install", "a repository's hooks: nothing personal is committed or pushed"),
        ("ringfence scan --history", "what is in its history already"),
        ("ringfence ledger tail", "what crossed, in which form"),
        ("ringfence detect app.log", "what is in a log that you have already"),
    ):
        screen.command(command)
        screen.output(why)
    return True


SCENES: Sequence[Scene] = (
    Scene("The policy", "What may cross from the service to the log store outside, and in which form.", show_policy),
    Scene(
        "Both sides of the boundary",
        "The service ran under `ringfence run`, unchanged. What it wrote can be shown because its people are synthetic.",
        show_both_sides,
    ),
    Scene(
        "A refused crossing", "What must not cross in any form is not repaired: its window is refused.", show_refusal
    ),
    Scene(
        "The ledger",
        "Every crossing was recorded before its first byte: categories, forms, rules. Never a value.",
        show_entries,
    ),
    Scene("The ledger verified", "Whoever changes the record is found out.", show_verification),
    Scene("What arrived", "Every value that was planted is sought in everything that the log store has.", show_account),
    Scene(
        "A database of one's own, mapped",
        "A shop's PostgreSQL with 5,000 customers, which ringfence has never seen: one command finds where personal data is.",
        show_map,
    ),
    Scene(
        "Observed first, then enforced",
        "The policy that the same command wrote lets everything pass at first, and says what would have been.",
        show_observed,
    ),
    Scene(
        "The database behind the gate",
        "The same shop under the policy that its team has made of that, asked by psql: straight, and as two roles.",
        show_queries,
    ),
    Scene("What the gate refuses", "As support: each refusal says what would mend it.", show_transfers),
    Scene(
        "Who is told",
        "Each refusal was told at the desk that the policy names; alike ones within a second as one, with their number.",
        show_alerts,
    ),
    Scene("What the gate recorded", "Every answer with something personal was recorded first.", show_gate_entries),
    Scene(
        "The leak matrix",
        "Attacks on the running gate from outside, as each role: every way that is known by which values could get out.",
        show_matrix,
    ),
    Scene(
        "Evidence", "What a privacy officer, an auditor or a breach asks for, counted out of the ledger.", show_evidence
    ),
    Scene(
        "An API behind the gate",
        "A shop's service, mapped by its own description, and a partner who asks: straight, and through the gate.",
        show_api,
    ),
    Scene("Endpoints", "What a service offers, and what of that is used, counted at the gate.", show_endpoints),
    Scene(
        "A language model, told nothing",
        "The way out leads to one model. It gets placeholders; the answer, which streams, comes back with the values.",
        show_model,
    ),
    Scene(
        "A commit with people in it",
        "A developer puts customers into a test's fixture. The repository's own hook refuses the commit; one command mends it.",
        show_commit,
    ),
    Scene(
        "What history keeps", "What was committed once stays in a repository, whatever its files say now.", show_history
    ),
    Scene("For your own data", "What to type next.", show_next),
)


def _row(account: Account) -> tuple[str, str, str, str]:
    return account.kind.value, str(account.planted), str(account.written), str(account.arrived)


def _sum(title: str, accounts: Sequence[Account]) -> tuple[str, str, str, str]:
    counts = zip(*((one.planted, one.written, one.arrived) for one in accounts), strict=True)
    planted, written, arrived = (str(sum(column)) for column in counts)
    return title, planted, written, arrived


def _documents(log: bytes) -> Mapping[str, Json]:
    """Give the JSON documents of a log, by their request and logger."""
    documents: dict[str, Json] = {}
    for line in log.splitlines():
        if line.startswith(b"{"):
            document = _parsed(line)
            if isinstance(document, dict):
                documents[f"{document.get('request')} {document.get('logger')}"] = document
    return documents


def _parsed(line: bytes) -> Json:
    try:
        document: Json = json.loads(line)
    except ValueError:
        return None
    return document


def _shape(document: Json) -> Json:
    """Give a document with its texts taken out: fields, their order and their types stay."""
    match document:
        case dict():
            return [[name, _shape(value)] for name, value in document.items()]
        case list():
            return [_shape(value) for value in document]
        case str():
            return ""
    return document
