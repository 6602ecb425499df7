"""Who is asked at a gate, resolved: its principals, and the header fields in which a client says who it is and what for.

The rule: a gate asks only for credentials that its protocol can bring, and a field that HTTP or the gate itself needs for
something else is none in which a client says who it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ringfence.policy.document import GateDocument
from ringfence.policy.document_asking import AskingDocument, PrincipalsDocument
from ringfence.policy.model import AskingFields
from ringfence.policy.resolving_alerts import Known
from ringfence.policy.tree import Step

_BRINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "postgres": ("scram", "jwks", "certificates"),
    "http": ("jwks", "certificates", "api_keys"),
}
_TAKEN: Final = frozenset(
    {
        *(
            "accept",
            "accept-encoding",
            "authorization",
            "connection",
            "content-encoding",
            "content-length",
            "content-type",
        ),
        *(
            "cookie",
            "date",
            "expect",
            "forwarded",
            "host",
            "if-range",
            "keep-alive",
            "origin",
            "proxy-authorization",
            "range",
        ),
        *("te", "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "via"),
        *("x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-proto", "x-request-id"),
    }
)


@dataclass(frozen=True, slots=True)
class AskingResolver:
    """Resolves what a gate says of who asks; what is wrong goes to `known` and `wrong`."""

    known: Known
    wrong: Callable[[tuple[Step, ...], str, str], None]
    declared: Mapping[str, PrincipalsDocument]

    def principals(self, gate: GateDocument, path: tuple[Step, ...]) -> tuple[str, ...]:
        """Give the principals of a gate, each once."""
        kinds = _BRINGS.get(gate.kind, ())
        for number, name in enumerate(gate.principals):
            at = (*path, "principals", number)
            self.known(name, self.declared, "principals", at)
            each = self.declared.get(name)
            if each is not None and kinds and not any(getattr(each, kind) is not None for kind in kinds):
                what = f"principals {name} cannot be asked at a gate of kind {gate.kind}"
                self.wrong(at, what, f"name some with {', '.join(kinds[:-1])} or {kinds[-1]}")
        return tuple(dict.fromkeys(gate.principals))

    def fields(self, gate: GateDocument, path: tuple[Step, ...]) -> AskingFields | None:
        """Give the header fields of a gate; None where a client says nothing of itself."""
        if gate.kind != "http" or (gate.headers is None and not gate.principals):
            return None
        named = {key: value.lower() for key, value in (gate.headers or AskingDocument()).model_dump().items()}
        seen: dict[str, str] = {}
        for key, value in named.items():
            if value in _TAKEN:
                what, mend = (
                    f"the header field {value} is for something else",
                    "name one of your own, such as x-api-key",
                )
                self.wrong((*path, "headers", key), what, mend)
            elif value in seen:
                what, mend = f"{key} and {seen[value]} are in the same header field", "give each a field of its own"
                self.wrong((*path, "headers", key), what, mend)
            seen.setdefault(value, key)
        return AskingFields(**named)
