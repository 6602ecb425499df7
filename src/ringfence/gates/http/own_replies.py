"""What Envoy answers by itself: in the gate's words instead of its own, as `local_reply_config` of its connection manager.

The rule: nothing of a request or of an answer stands in them, and nothing of what Envoy says of the failure either: it names paths
of sockets and addresses. Which failure it is, is told by Envoy's own code for what happened (`response.code_details`), by a
condition in CEL. What the gate's processor refused keeps the processor's words.
"""

from collections.abc import Sequence
from typing import Final

from ringfence.crossing import Json
from ringfence.gates.http.failing import (
    ANSWER_STALLED,
    GATE_FAILED,
    GATE_OVERLOADED,
    NOT_HTTP,
    OTHER,
    REQUEST_STALLED,
    SERVICE_BROKE_OFF,
    SERVICE_UNREACHABLE,
    STATUS,
    TOO_LARGE,
    Failure,
)
from ringfence.gates.http.refusing import CONTENT_TYPE

REFUSED: Final = "ringfence"
"""What the processor's refusals are called among Envoy's codes."""

_CEL: Final = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
_CODE: Final = "response.code_details"


def _begins(*words: str) -> str:
    return " || ".join(f"{_CODE}.startsWith('{each}')" for each in words)


def _reset(*reasons: str) -> str:
    """Match what Envoy calls a reset of the service, with one of these reasons."""
    return f"{_CODE}.startsWith('upstream_reset') && {_CODE}.matches('[{{](" + "|".join(reasons) + ")')"


_WHEN: Final[Sequence[tuple[str, Failure]]] = (
    (f"{_begins('ext_proc_error')} && {_CODE}.contains('overflow')", GATE_OVERLOADED),
    (_begins("ext_proc_error"), GATE_FAILED),
    (_reset("overflow"), GATE_OVERLOADED),
    (_begins("overload"), GATE_OVERLOADED),
    (_begins("no_healthy_upstream", "cluster_not_found", "maintenance_mode"), SERVICE_UNREACHABLE),
    (_reset("connection_failure", "remote_connection_failure", "local_connection_failure"), SERVICE_UNREACHABLE),
    (_reset("connection_timeout"), SERVICE_UNREACHABLE),
    (_begins("upstream_reset"), SERVICE_BROKE_OFF),
    ("response.code == 408", REQUEST_STALLED),
    (_begins("stream_idle_timeout", "response_timeout", "upstream_per_try_timeout"), ANSWER_STALLED),
    (_begins("request_payload_too_large", "response_payload_too_large", "request_headers_too_large"), TOO_LARGE),
    (
        _begins(
            *("path_normalization_failed", "upgrade_failed", "missing_host", "missing_path", "invalid_path"),
            *(
                "absolute_path_rejected",
                "low_version",
                "http1.",
                "http2.",
            ),
        ),
        NOT_HTTP,
    ),
)
"""The first that fits."""


def own_replies() -> dict[str, Json]:
    """Make the part of the connection manager's configuration that words Envoy's own replies."""
    refused: dict[str, Json] = {
        "filter": _cel(f"{_CODE} == '{REFUSED}'"),
        "body_format_override": _text("%LOCAL_REPLY_BODY%"),
    }
    return {
        "mappers": [refused, *(_mapper(condition, failure) for condition, failure in _WHEN), _mapper("true", OTHER)],
    }


def _mapper(condition: str, failure: Failure) -> Json:
    fields: list[Json] = [_field("cache-control", "no-store")]
    if failure.again:
        fields.append(_field("retry-after", str(failure.again)))
    words = failure.words.replace(STATUS, "%RESPONSE_CODE%")
    return {"filter": _cel(condition), "body_format_override": _text(words), "headers_to_add": fields}


def _cel(expression: str) -> Json:
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {"@type": _CEL, "expression": expression},
        }
    }


def _text(words: str) -> Json:
    return {"text_format_source": {"inline_string": words}, "content_type": CONTENT_TYPE}


def _field(name: str, value: str) -> Json:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
