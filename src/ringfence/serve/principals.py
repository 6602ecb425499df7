"""Whether those can be asked whom a gate has to ask: their files are there, and can be read as what they are.

The rule: what is wrong is said before anybody is served, with the policy's key and the mend.
"""

from collections.abc import Callable
from pathlib import Path

from ringfence.access import AccessFault, asked_of, open_identities, users_file
from ringfence.policy import Gate, Policy
from ringfence.serve.faults import ServeFault

_ADDING = {
    "scram": "ringfence user add NAME --group GROUP",
    "certificate": "ringfence user add NAME --certificate --group GROUP",
    "api_key": "ringfence user add NAME --api-key --group GROUP",
}

_EVERY = 60.0  # seconds
_MOST = 100  # faults that are remembered


def check_principals(policy: Policy, gate: Gate, folder: Path) -> None:
    """See that the files of a gate's principals can be used. Raises `ServeFault` with the key's path."""
    heard: list[AccessFault] = []
    for each in asked_of(policy, gate):
        if each.kind in _ADDING and not (file := users_file(each, folder)).exists():
            what = f"principals {each.name}: there is no users file {file.name} yet"
            raise ServeFault(what, f"make it: `{_ADDING[each.kind]}`", ("principals", each.name))
    try:
        open_identities(policy, gate, folder, heard.append).check()
    except AccessFault as fault:
        said = heard[-1] if heard else fault
        raise ServeFault(said.what, said.mend, ("principals",)) from None


class Seldom:
    """Tells a fault once in `_EVERY` seconds: over HTTP a broken file is met with each request."""

    def __init__(self, tell: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._tell = tell
        self._clock = clock
        self._told: dict[str, float] = {}

    def hear(self, fault: AccessFault) -> None:
        """Tell a fault, unless it was told a moment ago."""
        text, now = f"{fault.what}; {fault.mend}", self._clock()
        if now - self._told.get(text, float("-inf")) < _EVERY:
            return
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[text] = now
        self._tell(text)
