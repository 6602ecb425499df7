"""What `ringfence enforce` and `ringfence observe` do: check, record, write, have what runs follow.

The rule: what could not be written is not recorded, so that everything but the last step is done before the ledger is told.
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from ringfence.cli._errors import Problem
from ringfence.cli._home import Home, home
from ringfence.cli._overlay import Switch, one_at_a_time, prepare_switch, staged
from ringfence.cli._session import principal
from ringfence.ledger import BlockingClient, JsonValue
from ringfence.policy import Mode
from ringfence.serve import NotRunning, ask_reload
from ringfence.stamps import stamp

VERSION = 1  # of entries

_SAID = {
    Mode.ENFORCE: "enforces: its verdicts bind",
    Mode.OBSERVE: "observes: everything passes, and the ledger says what would not have; it protects nothing",
    Mode.CLOSED: "is closed: nothing passes until it enforces again",
}


def switch(flow: str, mode: Mode, policy: Path | None, overlay: Path | None, folder: Path | None) -> int:
    """Switch a flow, and say what came of it."""
    place = home(policy, folder).made()
    if not place.ledger.is_file():
        raise Problem(f"{place.ledger}: no such ledger", "make it with `ringfence init`")
    with one_at_a_time(place.folder):
        ready = prepare_switch(place.policy, overlay, flow, mode)
        if ready is None:
            print(f"{flow} {_SAID[mode]}. It did so before.")
            return 0
        with staged(ready) as put:
            with BlockingClient(place.ledger, place.signing_key) as ledger:
                receipt = ledger.append([_entry(ready, mode)])[0]
            put()
        print(f"{flow} {_SAID[mode]}.")
        print(f"  written  {ready.file}")
        print(f"  recorded {receipt}")
        _follow(place, ready)
    return 0


def _entry(ready: Switch, mode: Mode) -> dict[str, JsonValue]:
    return {
        "v": VERSION,
        "id": f"mode.{secrets.token_hex(13)}",
        "kind": "mode",
        "at": stamp(datetime.now(UTC)),
        "flow": ready.flow,
        "mode": mode.value,
        "was": ready.before.flows[ready.flow].mode.value,
        "before": ready.before.hash,
        "policy": ready.after.hash,
        "principal": principal(),
    }


def _follow(place: Home, ready: Switch) -> None:
    """Have what runs read the policy again, and see that it reads this one."""
    try:
        done = ask_reload(place.folder)
    except NotRunning:
        print("  running  nothing: `ringfence up` will begin with it")
        return
    if not done.taken:
        raise Problem(f"written and recorded, and what runs did not take it: {done.what}", done.mend)
    if done.policy != ready.after.hash:
        raise Problem(
            "written and recorded, and what runs reads another policy or overlay",
            f"restart `ringfence up` with this policy, and with --overlay {ready.file} or without --overlay",
        )
    print("  running  it is in force; sessions stay")
