"""`ringfence ledger`: read, verify, sign and save the record of what crossed.

The rule: whatever is shown comes from entries, which hold no value; even so it is printed without control characters, for a
ledger may come from elsewhere. Only `expire` changes anything, and it asks the ledger's writer to.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli._entries import (
    LedgerOption,
    as_json,
    clean,
    facts,
    print_json,
    show_all,
)
from ringfence.cli._errors import Problem
from ringfence.cli._files import write_new
from ringfence.cli._formats import Format, FormatOption
from ringfence.cli._home import HomeOption, PolicyOption, home
from ringfence.cli._span import TIME_HELP, time_of
from ringfence.ledger import (
    BlockingClient,
    Entry,
    JsonValue,
    LedgerError,
    PublicKey,
    Query,
    Reader,
    Report,
    open_checkpoint,
    read_public_key,
    verify,
)
from ringfence.ledger.following import Follower

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Read, verify, sign and save the ledger.\n\nExample: ringfence ledger tail",
)

FOUND = 1
MOST_CHECKPOINT_BYTES = 100_000
MOST_DIGITS = 18  # of an index
MOST_FOUND = 1_000_000  # entries: they are held, to be shown oldest first


@app.command(
    name="tail",
    help="Show the newest entries (json: one document a line).\n\nExample: ringfence ledger tail -n 20 -f",
)
def tail(
    count: Annotated[int, typer.Option("-n", "--lines", min=0, help="How many.")] = 10,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is written from now on.")] = False,
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
    file: LedgerOption = None,
) -> int:
    """Show the newest entries; with `follow`, until interrupted."""
    place = file or home(policy, folder).made().ledger
    with Follower(place, Query()) as follower:
        follower.at = max(0, follower.at - count)
        show_all(follower, lambda entry: _print_entry(entry, output), follow=follow)
    return 0


@app.command(
    help="Show one entry, or all entries of a crossing, with all that they hold (json: one document a line).\n\n"
    "Example: ringfence ledger show 42"
)
def show(
    which: Annotated[str, typer.Argument(metavar="INDEX_OR_CROSSING", help="An entry's index or a crossing's id.")],
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
    file: LedgerOption = None,
) -> int:
    """Show entries whole, with the proof that each is in the tree (json)."""
    with Reader(file or home(policy, folder).made().ledger) as reader:
        size = reader.size
        entries = reader.find(Query(crossing=which), size)
        if not entries and which.isascii() and which.isdigit() and len(which) <= MOST_DIGITS:
            one = reader.entry(int(which)) if int(which) < size else None
            entries = [one] if one is not None else []
        if not entries:
            raise Problem(
                "the ledger has no entry of that index or crossing", "`ringfence ledger tail` shows the newest ones"
            )
        for entry in entries:
            if output is Format.JSON:
                proof = [node.hex() for node in reader.inclusion(entry.index, size)]
                print(json.dumps({**as_json(entry), "inclusion": {"size": size, "proof": proof}}, ensure_ascii=False))
            else:
                print(f"entry {entry.index}  commitment {entry.commitment.hex()}")
                print(_indented(entry.body) if entry.body is not None else "  its body has expired")
    return 0


@app.command(
    help="Find entries, the newest first cut off at the limit (json: one document a line).\n\n"
    "Example: ringfence ledger query --flow app-logs --kind refused --since 2031-01-01"
)
def query(
    flow: Annotated[str | None, typer.Option(help="Of this flow.")] = None,
    kind: Annotated[str | None, typer.Option(help="Of this kind: crossed, refused, alert ...")] = None,
    principal: Annotated[str | None, typer.Option(help="Of this principal.")] = None,
    category: Annotated[str | None, typer.Option(help="With this category, or one under it.")] = None,
    since: Annotated[str | None, typer.Option(help=f"From then on: {TIME_HELP}.")] = None,
    until: Annotated[str | None, typer.Option(help=f"Before then: {TIME_HELP}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_FOUND, help="At most so many.")] = 100,
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
    file: LedgerOption = None,
) -> int:
    """Show the entries that fit every condition."""
    asked = Query(
        flow=flow,
        kind=kind,
        principal=principal,
        category=category,
        since=time_of(since, "--since") if since is not None else None,
        until=time_of(until, "--until") if until is not None else None,
    )
    with Reader(file or home(policy, folder).made().ledger) as reader:
        for entry in reader.find(asked, limit):
            _print_entry(entry, output)
    return 0


@app.command(
    name="verify",
    help="Check that the ledger is what was written: needs only its public key. With a checkpoint that was kept elsewhere it also "
    "finds a removed tail, an older copy put back, and a history rewritten with the ledger's own key (json: one document). "
    "Exit code 1: it is not; 2: it cannot be read.\n\nExample: ringfence ledger verify --checkpoint kept-elsewhere.txt",
)
def verify_(
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint kept elsewhere.")] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="The public key.", show_default="ledger.pub in --home")
    ] = None,
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
    file: LedgerOption = None,
) -> int:
    """Verify, and tell every problem with its mend."""
    place = home(policy, folder)
    if file is None or public_key is None:
        place.made()
    key = _read_key(public_key or place.public_key)
    kept = _read_checkpoint(checkpoint, key) if checkpoint is not None else None
    report = verify(file or place.ledger, key, kept, _tell_progress)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if output is Format.JSON:
        print(json.dumps(_report_as_json(report), indent=2))
    else:
        _print_report(report)
    return 0 if report.holds else FOUND


@app.command(
    help="Give the newest checkpoint: a signed line for the whole history. Keep it on another machine; later, `ringfence ledger "
    "verify --checkpoint` shows whether anything before it was changed.\n\nExample: ringfence ledger checkpoint --out today.txt"
)
def checkpoint(
    out: Annotated[Path | None, typer.Option(help="Write it to this new file.", show_default="standard output")] = None,
    policy: PolicyOption = None,
    folder: HomeOption = None,
    file: LedgerOption = None,
) -> int:
    """Give the newest checkpoint."""
    with Reader(file or home(policy, folder).made().ledger) as reader:
        note = reader.head
    if out is None:
        print(note, end="")
        return 0
    try:
        write_new(out, note)
    except FileExistsError:
        raise Problem(f"{out}: is there already", "name a new file: an older checkpoint is worth keeping") from None
    return 0


@app.command(help="Copy the ledger to a new file while it is in use.\n\nExample: ringfence ledger backup copy.db")
def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
    policy: PolicyOption = None,
    folder: HomeOption = None,
    file: LedgerOption = None,
) -> int:
    """Copy the ledger as it is at this moment."""
    with Reader(file or home(policy, folder).made().ledger) as reader:
        try:
            reader.copy_to(target)
        except FileExistsError:
            raise Problem(f"{target}: is there already", "name a new file") from None
    with Reader(target) as copy:
        print(f"{copy.size} entries in {clean(str(target))}")
    return 0


@app.command(
    help="Drop the bodies of entries before a date. Their commitments stay, so the ledger still verifies; the expiry is an entry "
    "itself.\n\nExample: ringfence ledger expire --before 2031-01-01"
)
def expire(
    before: Annotated[str, typer.Option(metavar="DATE", help=f"Entries that are older than this: {TIME_HELP}.")],
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Ask the ledger's writer to drop bodies."""
    place = home(policy, folder).made()
    moment = time_of(before, "--before")
    with Reader(place.ledger) as reader:
        through = reader.first_kept(moment)
    with BlockingClient(place.ledger, place.signing_key) as client:
        receipt = client.expire(moment, through)
    print(f"the bodies of {through} entries are gone; entry {receipt.index} says so")
    return 0


def _print_entry(entry: Entry, output: Format) -> None:
    if output is Format.JSON:
        print_json(entry)
    else:
        print(_line(entry))


def _line(entry: Entry) -> str:
    if entry.body is None:
        return f"{entry.index:>8}  expired"
    at, kind, *others = (
        clean(str(entry.body.get(name) or "-")) for name in ("at", "kind", "flow", "crossing", "principal")
    )
    cells = [f"{entry.index:>8}", f"{at:<27}", f"{kind:<8}", *others, ", ".join(facts(entry.body.get("found")))]
    return "  ".join(cells).rstrip()


def _indented(body: JsonValue) -> str:
    return "\n".join(f"  {clean(line)}" for line in json.dumps(body, indent=2, ensure_ascii=False).split("\n"))


def _report_as_json(report: Report) -> dict[str, JsonValue]:
    return {
        "holds": report.holds,
        "entries": report.size,
        "expired": report.dropped,
        "against": report.against.size if report.against is not None else None,
        "found": report.count,
        "problems": [
            {"code": one.code.value, "what": one.what, "index": one.index, "mend": one.mend} for one in report.problems
        ],
    }


def _print_report(report: Report) -> None:
    if report.holds:
        expired = f", {report.dropped} of them without their expired bodies" if report.dropped else ""
        print(f"the ledger holds: {report.size} entries{expired}")
        if report.against is None:
            print(
                "verified against its own key only: a checkpoint kept elsewhere (--checkpoint) shows a cut history, too"
            )
        else:
            print(f"its first {report.against.size} entries are those of the checkpoint kept elsewhere")
        return
    for problem in report.problems:
        print(problem)
    if report.count > len(report.problems):
        print(f"and {report.count - len(report.problems)} more")
    print(f"the ledger does not hold: {report.count} problems in {report.size} entries")


def _tell_progress(entries: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{entries:,} entries", end="", file=sys.stderr, flush=True)


def _read_key(file: Path) -> PublicKey:
    try:
        return read_public_key(file)
    except LedgerError as error:
        raise Problem(
            f"{file}: not a ledger's public key ({error.what})", "give the ledger.pub that `ringfence init` made"
        ) from None


def _read_checkpoint(file: Path, key: PublicKey) -> str:
    mend = "give a file that `ringfence ledger checkpoint` wrote, and the key of the same ledger"
    with file.open("rb") as source:
        raw = source.read(MOST_CHECKPOINT_BYTES)
    try:
        kept = raw.decode()
        open_checkpoint(kept, key)
    except UnicodeDecodeError:
        raise Problem(f"{file}: not a checkpoint", mend) from None
    except LedgerError as error:
        raise Problem(f"{file}: not a checkpoint of this ledger ({error.what})", mend) from None
    return kept
