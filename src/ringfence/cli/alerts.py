"""`ringfence alerts`: send alerts without `ringfence up`, list them, acknowledge them, try their receivers."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from ringfence.alert import (
    ACKNOWLEDGED,
    FILE,
    KIND,
    Sender,
    Spool,
    Surroundings,
    Undelivered,
    deliver,
    trial_message,
)
from ringfence.cli._entries import show_all
from ringfence.cli._errors import Problem
from ringfence.cli._formats import Format, FormatOption
from ringfence.cli._home import Home, HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._session import open_ledger, open_policy, principal
from ringfence.cli._table import show_table
from ringfence.crossing.entries import VERSION
from ringfence.ledger import BlockingClient, Entry, Query, Reader
from ringfence.ledger.following import Follower
from ringfence.policy import Policy
from ringfence.policy.alerts import Receiver
from ringfence.serve import LogFormat
from ringfence.serve.log import Log
from ringfence.stamps import stamp

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Send alerts, list them, acknowledge them, try their receivers.\n\nExample: ringfence alerts test",
)

FOUND = 1
MOST_ALERTS = 100_000


@app.command(
    help="Send alerts until a signal ends it. `ringfence up` does so by itself where the policy has rules: this is for "
    "gates that run without it.\n\nExample: ringfence alerts run"
)
def run(
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
    log_format: Annotated[
        LogFormat | None, typer.Option("--log-format", help="How to log.", show_default="text on a terminal, else json")
    ] = None,
) -> int:
    """Send until a signal comes."""
    place = home(policy, folder).made()
    made = open_policy(place, overlay)
    if not made.alerts:
        raise Problem(f"{place.policy}: the policy has no alert", _FIRST_RULE)
    log = Log(log_format or (LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON))
    with Spool(place.folder / FILE) as spool:
        asyncio.run(_send(made, place, spool, log))
    return 0


_FIRST_RULE = "write one: `alert: {on: [refused], to: [out]}` and `receivers: {out: {stdout: true}}`"


async def _send(policy: Policy, place: Home, spool: Spool, log: Log) -> None:
    async with open_ledger(place) as client:
        surroundings = Surroundings(os.environ, place.policy.absolute().parent)
        sender = Sender(policy, surroundings, place.ledger, client, spool, log)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, sender.end)
        await sender.run(lambda: log.info("alerts-ready", rules=len(policy.alerts)))


@app.command(
    help="Show the newest alerts (json: one document a line).\n\nExample: ringfence alerts tail -n 20 -f",
)
def tail(
    count: Annotated[int, typer.Option("-n", "--lines", min=0, max=MOST_ALERTS, help="How many.")] = 10,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is raised from now on.")] = False,
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Show the newest alerts; with `follow`, until interrupted."""
    place = home(policy, folder).made()
    with Follower(place.ledger, Query(kind=KIND)) as follower, Reader(place.ledger) as reader:
        _show(reader.find(Query(kind=KIND), count), _acknowledged(reader), output, heads=True)
        if follow:
            show_all(follower, lambda entry: _show([entry], set(), output, heads=False), follow=True)
    return 0


def _acknowledged(reader: Reader) -> set[str]:
    entries = reader.find(Query(kind=ACKNOWLEDGED), MOST_ALERTS)
    return {str(each.body["alert"]) for each in entries if each.body is not None}


_COLUMNS = ("at", "id", "alert", "count", "flow", "category", "principal", "crossing")


def _show(entries: Sequence[Entry], acknowledged: set[str], output: Format, *, heads: bool) -> None:
    bodies = [each.body for each in entries if each.body is not None]
    if output is Format.JSON:
        for body in bodies:
            print(json.dumps({**body, "acknowledged": str(body.get("id")) in acknowledged}))
        return
    rows = [
        [*(str(body.get(name, "")) for name in _COLUMNS), "yes" if str(body.get("id")) in acknowledged else ""]
        for body in bodies
    ]
    if heads:
        show_table([*_COLUMNS, "acknowledged"], rows)
    else:
        for row in rows:
            print("  ".join(row).rstrip())


@app.command(
    help="Acknowledge an alert: that somebody has seen to it is an entry of the ledger.\n\n"
    "Example: ringfence alerts ack 01kb3v9p6r7y2m4n8q0s1t5w9x"
)
def ack(
    alert: Annotated[str, typer.Argument(metavar="ID", help="The alert's id: from `ringfence alerts tail`.")],
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Write the entry."""
    place = home(policy, folder).made()
    with Reader(place.ledger) as reader:
        found = next(
            (
                each.body
                for each in reader.find(Query(kind=KIND), MOST_ALERTS)
                if each.body is not None and each.body.get("id") == alert
            ),
            None,
        )
        if found is None:
            raise Problem("the ledger has no alert of that id", "`ringfence alerts tail` shows the newest ones")
        if alert in _acknowledged(reader):
            print(f"{alert}: acknowledged before")
            return 0
    entry = {
        "v": VERSION,
        "id": f"{ACKNOWLEDGED}.{alert}",
        "kind": ACKNOWLEDGED,
        "at": stamp(datetime.now(UTC)),
        "principal": principal(),
        "alert": alert,
        **({"crossing": found["crossing"]} if "crossing" in found else {}),
    }
    with BlockingClient(place.ledger, place.signing_key) as client:
        receipt = client.append([entry])[0]
    print(f"{alert}: acknowledged, entry {receipt.index}")
    return 0


@app.command(
    name="test",
    help="Send a test to receivers, and say what came back. It says that nothing has happened; it is no entry of the "
    "ledger.\n\nExit code: 0 where all took it, 1 where one did not.\n\nExample: ringfence alerts test ops",
)
def try_out(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RECEIVER]...", help="The receivers. Without: all.", show_default=False),
    ] = None,
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Try the receivers, all at once."""
    place = home(policy, folder)
    made = open_policy(place, overlay)
    chosen = [_named(made, name) for name in names or made.receivers]
    if not chosen:
        raise Problem(f"{place.policy}: the policy has no receivers", _FIRST_RULE)
    results = asyncio.run(_try(chosen, Surroundings(os.environ, place.policy.absolute().parent)))
    if output is Format.JSON:
        for receiver, taken, said, seconds in results:
            print(json.dumps({"receiver": receiver.name, "taken": taken, "said": said, "seconds": round(seconds, 3)}))
    else:
        rows = [
            [receiver.name, receiver.kind, "taken" if taken else "FAILED", said, f"{seconds:.2f} s"]
            for receiver, taken, said, seconds in results
        ]
        failed = [number for number, result in enumerate(results) if not result[1]]
        show_table(["receiver", "kind", "", "said", "in"], rows, warned=failed)
    return 0 if all(taken for _, taken, _, _ in results) else FOUND


def _named(policy: Policy, name: str) -> Receiver:
    receiver = policy.receivers.get(name)
    if receiver is None:
        raise Problem("the policy has no receiver of that name", f"it has: {', '.join(policy.receivers) or 'none'}")
    return receiver


_Result = tuple[Receiver, bool, str, float]


async def _try(receivers: Sequence[Receiver], place: Surroundings) -> list[_Result]:
    async def one(receiver: Receiver) -> _Result:
        began = time.monotonic()
        try:
            said, taken = await deliver(receiver, trial_message(datetime.now(UTC)), place), True
        except Undelivered as error:
            said, taken = error.why, False
        return receiver, taken, said, time.monotonic() - began

    return list(await asyncio.gather(*map(one, receivers)))
