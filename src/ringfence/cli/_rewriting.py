"""What `git filter-repo` calls while it writes history anew by a plan: each blob and message, mended as it comes.

The rule: values pass through here and are written down nowhere. What a blob is called, and so how it is read, is found in the
repository that is being rewritten; which ones are meant, and by which rules, stands in the plan.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Final

from ringfence.cli._errors import Problem
from ringfence.cli._scan_options import Asking, scan_of
from ringfence.extract.skipping import LIKE_MINIFIED
from ringfence.gates.git.elsewhere import LeftOut, elsewhere
from ringfence.gates.git.history import Extent, history
from ringfence.gates.git.history_plan import named
from ringfence.gates.git.mending import Mender
from ringfence.gates.git.model import Item, Origin
from ringfence.gates.git.repository import find
from ringfence.gates.git.scan_key import key_or_passing
from ringfence.gates.git.scanning import Scanner
from ringfence.gates.git.standing_in import StandIns, drawing_by
from ringfence.home import Home
from ringfence.transform import KeyHandle

PLAN: Final = "plan.json"


def asked_of(asking: Asking) -> dict[str, object]:
    """Give what a plan has to remember of the options: by which rules things are refused."""
    return {
        "policy": os.fspath(asking.place.policy.absolute()),
        "home": os.fspath(asking.place.folder.absolute()),
        "overlay": os.fspath(asking.overlay.absolute()) if asking.overlay is not None else "",
        "by_policy": asking.by_policy,
        "flow": asking.flow,
        "role": asking.role or "",
        "purpose": asking.purpose or "",
        "ignore_file": os.fspath(asking.ignore_file.absolute()) if asking.ignore_file is not None else "",
        "everything": asking.everything,
    }


def asking_of(told: dict[str, object]) -> Asking:
    """Make the options again."""

    def text(name: str) -> str:
        value = told.get(name, "")
        return value if isinstance(value, str) else ""

    def path(name: str) -> Path | None:
        return Path(text(name)) if text(name) else None

    return Asking(
        history=True,
        everything=told.get("everything") is True,
        flow=text("flow"),
        role=text("role") or None,
        purpose=text("purpose") or None,
        ignore_file=path("ignore_file"),
        processes=1,
        by_policy=told.get("by_policy") is True,
        place=Home(Path(text("policy")), Path(text("home"))),
        overlay=path("overlay"),
    )


def mender_of(scanner: Scanner, handle: KeyHandle) -> Mender:
    """Make what mends versions of files; stand-ins are drawn by this key."""
    from ringfence.detect import detector_for

    detector = detector_for(scanner.rules.policy.detect)
    return Mender(scanner, StandIns(drawing_by(handle), detector), broken=True)


class Rewriting:
    """One run of `git filter-repo` in the current repository."""

    def __init__(self, folder: Path) -> None:
        try:
            plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
            asked, objects = plan["asked"], plan["objects"]
            wanted = frozenset(str(one["object"]) for one in objects if one["mend"] == "replace")
        except (OSError, ValueError, KeyError, TypeError):
            raise Problem("the plan cannot be read", "make it anew: ringfence history plan") from None
        asking = asking_of(asked)
        repository = find()
        scanner = scan_of(asking, (), None).scan.scanner
        self._mender = mender_of(scanner, key_or_passing(asking.place, os.environ))
        self._items = dict(named(history(repository), wanted))
        left_out = LeftOut(scanner.leaves_out)
        for name, item in self._items.items():
            left_out.add(name, b"" if scanner.leaves_out(item.name) else LIKE_MINIFIED)
        self._others = dict(named(elsewhere(repository, Extent(), left_out), wanted))

    def blob(self, name: bytes, data: bytes) -> bytes:
        """Give a blob as it is to be."""
        met = [each.get(name.decode("ascii", "replace")) for each in (self._items, self._others)] if name else []
        made = (self._mended(item, data) for item in met if item is not None)
        return next((each for each in made if each != data), data)

    def message(self, said: bytes) -> bytes:
        """Give a message as it is to be."""
        return self._mended(Item("message", Origin.COMMIT, len(said)), said)

    def _mended(self, item: Item, data: bytes) -> bytes:
        mended = self._mender.mend(item, data)
        return data if mended.data is None else mended.data


@cache
def rewriting(folder: str) -> Rewriting:
    """Give the run by a plan's folder; it is begun with the first blob."""
    return Rewriting(Path(folder))
