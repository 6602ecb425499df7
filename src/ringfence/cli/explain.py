"""`ringfence explain`: why a crossing was decided as it was, from what the ledger says of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeGuard

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._evidence import evidence_in_words
from ringfence.cli._formats import Format
from ringfence.cli._home import HomeOption, PolicyOption, home
from ringfence.gates.refusals import is_cut
from ringfence.ledger import Entry, JsonValue, Query, Reader

app = typer.Typer(add_completion=False)

MOST_ENTRIES = 10_000

HOW = {
    "declared": "the policy's map says that the field holds it",
    "found": "it was found in the content",
    "unknown": "nobody has judged the field, so the flow's `unknown` decides",
    "restored": "it was put back in the place of what had stood for it",
}

KINDS = {
    "crossed": "crossed, held whole and recorded before its first byte",
    "opened": "opened: recorded before its first byte; what came of it follows",
    "widened": "went on with something that was not named before, recorded first",
    "closed": "closed after its last byte",
    "refused": "refused: nothing passed after this",
    "counted": "a minute's count of payloads with nothing personal in them",
    "called": "a minute's calls of a service's endpoints",
    "mode": "a flow was switched",
    "drift": "a source was found that is no longer as it was accepted",
    "alert": "an alert was raised",
    "acknowledged": "the alert was acknowledged",
    "probe": "a run of the probe: it began, or what came of it",
}
_CUT = "cut off: the client, or who was to answer, went away; nothing passed after this"


@app.command(
    help=(
        "Say why a crossing was decided as it was: who asked, by which rule, on which finding, from which evidence.\n\n"
        "Reads the ledger. Shows categories, rules and positions; the ledger holds no value.\n\n"
        "Example: ringfence explain 01kb3v9p6r7y2m4n8q0s1t5w9x"
    )
)
def explain(
    crossing: Annotated[
        str,
        typer.Argument(
            help="A crossing's id: from the ledger, or from the line of a refusal. Without it: the newest that was recorded.",
            show_default=False,
        ),
    ] = "",
    form: Annotated[Format, typer.Option("--format", help="text, or json: one document.")] = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Print what the ledger knows of one crossing."""
    place = home(policy, folder).made()
    with Reader(place.ledger) as reader:
        crossing = crossing or _newest(reader)
        entries = reader.find(Query(crossing=crossing), MOST_ENTRIES) or _counted_with(reader, crossing)
    if not entries:
        raise Problem("the ledger has no crossing of that id", "`ringfence ledger tail` shows the newest ones")
    if form is Format.JSON:
        print(json.dumps([{"index": entry.index, "body": entry.body} for entry in entries], indent=2))
    else:
        print("\n".join(_story(crossing, entries)))
    return 0


def _moment(crossing: str) -> str:
    """Give the part of an id that says when: within one millisecond ids are in no order."""
    return crossing[:10]


def _newest(reader: Reader) -> str:
    """Give the id of the newest crossing of which there is an entry of its own."""
    newest = [entry for kind in ("crossed", "opened", "refused") for entry in reader.find(Query(kind=kind), 1)]
    for entry in sorted(newest, key=lambda entry: entry.index, reverse=True):
        if entry.body is not None:
            return str(entry.body["crossing"])
    raise Problem("the ledger has no crossing yet", "send something through `ringfence pipe` or `ringfence run`")


def _counted_with(reader: Reader, crossing: str) -> list[Entry]:
    """Give the entries of counted refusals among which this crossing may be: ids sort by time."""
    return [
        entry
        for entry in reader.find(Query(kind="refused"), MOST_ENTRIES)
        if entry.body is not None
        and len(str(entry.body.get("last", ""))) == len(crossing)
        and _moment(str(entry.body.get("crossing"))) <= _moment(crossing) <= _moment(str(entry.body["last"]))
    ]


def _story(crossing: str, entries: Sequence[Entry]) -> list[str]:
    bodies = [entry.body for entry in entries if entry.body is not None]
    lines = [f"crossing {crossing}"]
    if bodies and bodies[0].get("crossing") != crossing:
        lines.append("  counted    it has no entry of its own: it is among the refusals that were counted here")
    if bodies:
        lines += _heading(bodies[0])
    for entry in entries:
        lines.append("")
        lines += _entry(entry)
    kinds = {body.get("kind") for body in bodies}
    if "opened" in kinds and not kinds & {"closed", "refused"}:
        lines += [
            "",
            "opened and never closed: its outcome is unknown. The program, its reader or its ledger ended in the middle.",
        ]
    return lines


def _heading(body: Mapping[str, JsonValue]) -> list[str]:
    who = f"{body.get('principal')}" + (f" as {body['role']}" if "role" in body else "")
    ends = f"from {body.get('from') or 'no zone that is known'} to {body.get('to') or 'no zone that is known'}"
    lines = [
        f"  flow       {body.get('flow') or 'none'}: {ends}, by gate {body.get('gate')}",
        f"  who        {who}" + (f", for {body['purpose']}" if "purpose" in body else ""),
        f"  policy     {str(body.get('policy'))[:16]}…, mode {body.get('mode')}, durability {body.get('durability')}",
    ]
    client = body.get("client")
    asked = f"{client['method']} {client['path']}, which nobody declared" if _names_endpoint(client) else ""
    if "endpoint" in body or asked:
        lines.append(f"  endpoint   {body.get('endpoint') or asked}")
    if isinstance(trace := body.get("trace"), Mapping):
        lines.append(f"  trace      {trace.get('id')}, called by span {trace.get('parent')}")
    if "reason" in body:
        lines.append(f"  reason     {body['reason']}")
    if isinstance(client, Mapping):
        lines.append(f"  client     {', '.join(f'{key} {value}' for key, value in client.items())}")
    if body.get("mode") == "observe":
        lines.append("  observed   everything passed; what is said below is what would have been")
    return lines


def _names_endpoint(client: JsonValue) -> TypeGuard[Mapping[str, JsonValue]]:
    return isinstance(client, Mapping) and "method" in client and "path" in client


def _entry(entry: Entry) -> list[str]:
    body = entry.body
    if body is None:
        return [f"entry {entry.index}: its content has expired; its commitment still verifies"]
    kind = str(body.get("kind"))
    lines = [f"entry {entry.index}, {body.get('at')}: {_CUT if is_cut(body) else KINDS.get(kind, kind)}"]
    if kind == "refused" and not is_cut(body):
        about = f" ({body['category']})" if "category" in body else ""
        lines.append(f"  because    {body.get('why') or body.get('refused')}{about}")
        if body.get("rule"):
            lines.append(f"  by rule    {body['rule']}")
        if body.get("mend"):
            lines.append(f"  mend       {body['mend']}")
    if kind == "refused" and "count" in body:
        alike = "cut off" if is_cut(body) else "refusals"
        lines.append(f"  counted    {body['count']} {alike} alike, from {body['crossing']} to {body.get('last')}")
    if kind == "alert":
        lines.append(f"  about      {body.get('alert')}, {body.get('count')} x, by rule {body.get('by')} of the policy")
    if "would" in body:
        about = f" ({body['category']})" if body.get("category") else ""
        lines.append(
            f"  would have been refused: {body.get('why') or body['would']}{about}, by rule {body.get('rule')}"
        )
        if body.get("mend"):
            lines.append(f"  mend       {body['mend']}")
    if "bytes_in" in body and (kind != "refused" or body["bytes_in"]):
        lines.append(
            f"  bytes      {body['bytes_in']} in, {body.get('bytes_out')} out, {_counted(body.get('changes', 0), 'place')} changed"
        )
    found = body.get("found")
    for fact in found if isinstance(found, Sequence) and not isinstance(found, str) else ():
        if isinstance(fact, Mapping):
            lines += _fact(fact)
    return lines


def _fact(fact: Mapping[str, JsonValue]) -> list[str]:
    entity = f" ({fact['entity']})" if fact.get("entity") else ""
    lines = [f"  {fact.get('category')}{entity}, {fact.get('count')} x -> {fact.get('form')}"]
    lines.append(f"    rule     {fact.get('rule')}")
    lines.append(f"    known    {HOW.get(str(fact.get('how')), str(fact.get('how')))}; best score {fact.get('score')}")
    evidence = fact.get("evidence")
    if isinstance(evidence, Sequence) and not isinstance(evidence, str) and evidence:
        lines.append(f"    evidence {'; '.join(evidence_in_words(str(code)) for code in evidence)}")
    for name, title in (("fields", "in"), ("places", "at byte")):
        listed = fact.get(name)
        if isinstance(listed, Sequence) and not isinstance(listed, str) and listed:
            lines.append(f"    {title.ljust(8)} {', '.join(str(item) for item in listed)}")
    return lines


def _counted(count: JsonValue, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
