"""Gates at which credentials come over a line that others can listen to.

The rule: a token or an API key is whoever has it. Where TLS ends before the gate, that is said by listening on this machine only.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Literal

from ringfence.policy.model import Policy
from ringfence.policy.tree import Step


def overheard(policy: Policy) -> Iterator[tuple[tuple[Step, ...], Literal["warning"], str, str, str]]:
    """Find the HTTP gates that take tokens or API keys without TLS from other machines."""
    for gate in policy.gates.values():
        kinds = {policy.principals[name].kind for name in gate.principals}
        if gate.kind != "http" or gate.tls is not None or not kinds & {"jwks", "api_key"} or _is_here(gate.listen):
            continue
        what = f"gate {gate.name} takes tokens or API keys from other machines, without TLS: who listens has them"
        mend = "give it `tls: {certificate: FILE, key: FILE}`, or let it listen on 127.0.0.1 behind what ends TLS"
        yield ("gates", gate.name, "listen"), "warning", "overheard", what, mend


def _is_here(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or not listen or ip_address(host).is_loopback
    except ValueError:
        return False
