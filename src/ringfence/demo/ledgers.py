"""The scenes about the ledger: what stands in it, and what becomes of one that is tampered with.

The rule: as for all scenes. Copies that are tampered with stay beside the demo's other files, so that they can be looked at.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ringfence.demo.place import Place
from ringfence.demo.planting import Sight
from ringfence.demo.screen import Screen
from ringfence.demo.stage import Stage
from ringfence.demo.tampering import change_a_count, copy_of, cut_the_tail
from ringfence.ledger import Entry, JsonValue, Reader, Report, canonical, read_public_key, read_signing_key, verify

NEWEST = 8  # entries in the table
CUT = 3  # entries cut off a copy's tail


def show_entries(stage: Stage, screen: Screen) -> bool:
    """Show the newest entries, and have a crossing explained; see that no planted value stands in any entry."""
    with Reader(stage.place.ledger) as reader:
        entries = list(reader.since(0))
    screen.table(
        ("entry", "what", "crossing", "found, how often, in which form it crossed"),
        [entry_row(one) for one in entries[-NEWEST:]],
    )
    crossing = _one_of_stderr(entries)
    screen.command(f"ringfence explain {crossing}")
    done = stage.place.call("explain", crossing)
    screen.output(done.out + done.err)
    sight = Sight(b"\n".join(canonical(one.body) for one in entries if one.body is not None))
    quoted = sum(map(sight.shows, set(stage.planted)))
    return screen.held(
        holds=bool(entries) and done.code == 0 and quoted == 0,
        text=f"{len(entries)} entries; of the {len(set(stage.planted))} planted values {quoted} stand in them",
    )


def show_verification(stage: Stage, screen: Screen) -> bool:
    """Verify the ledger; keep a checkpoint elsewhere; tamper with copies in two ways and have them verified."""
    place = stage.place
    checkpoint = place.elsewhere / "checkpoint"
    sound = [_typed(place, screen, "ledger", "verify")]
    if checkpoint.exists():
        screen.say("An earlier run has left a checkpoint. The ledger must be its continuation:")
        sound.append(_typed(place, screen, "ledger", "verify", "--checkpoint", "elsewhere/checkpoint"))
    done = place.call("ledger", "checkpoint")
    screen.say("A checkpoint is kept where whoever owns this machine cannot reach it:")
    screen.command("ringfence ledger checkpoint > elsewhere/checkpoint")
    screen.output(done.out + done.err)
    if done.code:
        return screen.held(holds=False, text="no checkpoint could be made")
    checkpoint.write_text(done.out, encoding="utf-8")
    with Reader(place.ledger) as reader:
        size = reader.size
    changed = copy_of(place.ledger, place.tampered / "changed.db")
    entry = change_a_count(changed)
    cut = copy_of(place.ledger, place.tampered / "cut.db")
    cut_the_tail(cut, size - CUT, read_signing_key(place.signing_key))
    rows, verdicts = [], []
    for title, file in (
        ("the ledger", place.ledger),
        (f"a copy: one count changed in entry {entry}", changed),
        (f"a copy: the last {CUT} entries cut, signed anew with the ledger's own key", cut),
    ):
        alone, against = (_verified(place, file, note) for note in (None, done.out))
        verdicts.append((alone.holds, against.holds))
        rows.append((title, _verdict(alone), _verdict(against)))
    screen.table(("", "verified by itself", "against the checkpoint kept elsewhere"), rows)
    screen.say(
        "Against whoever owns machine and key a ledger proves nothing by itself: for that the checkpoint is kept elsewhere."
    )
    return screen.held(
        holds=all(sound) and verdicts == [(True, True), (False, False), (True, False)],
        text="the ledger verifies, and both copies are caught",
    )


def _typed(place: Place, screen: Screen, *arguments: str) -> bool:
    """Run a command as typed, show what it says, and tell whether it ended well."""
    screen.command(" ".join(("ringfence", *arguments)))
    done = place.call(*arguments)
    screen.output(done.out + done.err)
    return done.code == 0


def _verified(place: Place, file: Path, checkpoint: str | None) -> Report:
    return verify(file, read_public_key(place.public_key), checkpoint)


def _verdict(report: Report) -> str:
    return "holds" if report.holds else f"CAUGHT: {report.problems[0].what}"


def entry_row(entry: Entry) -> tuple[str, ...]:
    """Give an entry as a table's row: its number, what it is, its crossing, and what was found in which form."""
    body: Mapping[str, JsonValue] = entry.body or {"kind": "expired"}
    client = body.get("client")
    stream = client.get("stream", "") if isinstance(client, Mapping) else ""
    return str(entry.index), f"{body.get('kind')} {stream}", str(body.get("crossing", "")), ", ".join(_facts(body))


def _facts(body: Mapping[str, JsonValue]) -> Sequence[str]:
    found = body.get("found")
    facts = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
    return [
        f"{str(fact.get('category')).rpartition('.')[2]} {fact.get('count')}x {fact.get('form')}"
        for fact in facts
        if isinstance(fact, Mapping)
    ]


def _one_of_stderr(entries: Sequence[Entry]) -> str:
    """Choose the newest crossing of a stack trace; where there is none, of anything."""
    named = [one.body for one in entries if one.body is not None and one.body.get("kind") == "crossed"]
    traces = [body for body in named if body.get("client") == {"stream": "stderr"}]
    return str((traces or named)[-1].get("crossing")) if named else ""
