"""Which part of the policy keeps a gate of PostgreSQL from starting, so that whoever wrote it is told the line.

The rule: what can be seen without the server (address, secrets, users files) is looked at first, each under its own key; what only
the server can say is asked again, login by login, once the start has failed. Nothing here lets anything through: it only words.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from ringfence.access import AccessFault
from ringfence.gates.postgres.upstream import connect
from ringfence.gates.postgres.upstream_address import parse_address, secret_of
from ringfence.gates.postgres.upstream_login import UnsafeLogin, check_login
from ringfence.policy import Gate, Policy
from ringfence.serve.faults import ServeFault
from ringfence.serve.principals import check_principals

ASKING = 10.0  # seconds for one login
_MARK = "cannot be reached"  # of `Unreachable`, where the system said no
_WORDS: Mapping[str, str] = {
    "ConnectionRefusedError": "nothing listens there",
    "FileNotFoundError": "there is no such socket",
    "PermissionError": "this account may not open the socket",
    "gaierror": "its name is not known here",
    "ConnectionResetError": "it closed the connection",
    "TimeoutError": "no answer",
    "OSError": "no way there",
}


def check_policy(policy: Policy, gate: Gate, folder: Path) -> None:
    """See that users files, address and secrets can be used. Raises `ServeFault` with the key's path."""
    check_principals(policy, gate, folder)
    if gate.upstream is None:
        raise ServeFault(
            f"gate {gate.name} has no upstream", "name the asset before which it stands", ("gates", gate.name)
        )
    try:
        parse_address(policy.assets[gate.upstream].at, folder)
    except AccessFault as fault:
        raise ServeFault(fault.what, fault.mend, ("assets", gate.upstream, "at")) from None
    for role, login in gate.logins.items():
        try:
            secret_of(login, os.environ, folder)
        except AccessFault as fault:
            at = ("gates", gate.name, "logins", role, "secret")
            raise ServeFault(f"login of role {role}: {fault.what}", fault.mend, at) from None


async def blamed(policy: Policy, gate: Gate, folder: Path, fault: AccessFault) -> ServeFault:
    """Say what is wrong once the server did not take the gate: the first login that it does not take, else the whole gate."""
    assert gate.upstream is not None  # noqa: S101 (`check_policy` has seen it)
    address = parse_address(policy.assets[gate.upstream].at, folder)
    for role, login in gate.logins.items():
        try:
            upstream = await connect(
                address, login.user, secret_of(login, os.environ, folder), parameters={}, deadline=ASKING
            )
            try:
                await check_login(upstream.fetch, login.user)
            finally:
                await upstream.close()
        except AccessFault as found:
            what = found.what if isinstance(found, UnsafeLogin) else f"login of role {role}: {found.what}"
            return ServeFault(what, found.mend, ("gates", gate.name, "logins", role))
    return ServeFault(fault.what, fault.mend, ("gates", gate.name))


def awaited(fault: AccessFault) -> tuple[str, str]:
    """Say in words why a server is waited for, and the mend.

    >>> from ringfence.gates.postgres.upstream_login import Unreachable
    >>> awaited(Unreachable("127.0.0.1:5432 cannot be reached (ConnectionRefusedError)", "check that it runs"))
    ('127.0.0.1:5432 cannot be reached: nothing listens there', 'check that it runs; the gate begins when it does')
    """
    return in_words(fault.what), f"{fault.mend}; the gate begins when it does"


def in_words(what: str) -> str:
    """Put the name of a system's error into words, where one stands at the end."""
    before, mark, rest = what.partition(f"{_MARK} (")
    return f"{before}{_MARK}: {_WORDS.get(rest.removesuffix(')'), rest.removesuffix(')'))}" if mark else what
