"""What clients are told when something goes wrong, by the server or by the gate.

The rule: a server's words are payload. Where a statement touches a column that the asker does not see in clear, its errors and
notices keep their code, severity, position and the names of what they are about, and lose every text in which a value could stand:
``duplicate key value ... (email)=(ada@example.com)`` becomes ``unique violation``. Elsewhere their texts pass the detector.
"""

from collections.abc import Mapping

from ringfence.crossing import Reason, Refusal, scrub
from ringfence.detect import Detector
from ringfence.gates.postgres.conditions import condition
from ringfence.policy import Plan

LONGEST_TEXT = 4_000  # characters of one field of an error that is passed on
WITHHELD = "withheld: it may quote personal data"

INSUFFICIENT_PRIVILEGE = "42501"
PROTOCOL_VIOLATION = "08P01"
CONNECTION_FAILURE = "08006"
NOT_SUPPORTED = "0A000"
TOO_LARGE = "54000"
IO_ERROR = "58030"  # of a class that drivers take for passing: nothing is wrong with what was asked

_CODES = {Reason.LEDGER: IO_ERROR, Reason.TOO_LARGE: TOO_LARGE}  # of refusals that are about no right of the asker's

_NO_GRANT = (INSUFFICIENT_PRIVILEGE, "aclcheck_error")  # the routine cannot be forged by SQL

_KEPT = frozenset(
    "SVCPpFLRsdt"
)  # severity, code, positions, file, line, routine, schema, data type, table: names and numbers
_NAMES = frozenset("cn")  # column, constraint: names too
_TEXTS = frozenset("MDHWq")  # message, detail, hint, context, internal query: anything may stand in them


def fields_of(body: bytes) -> dict[str, str]:
    """Read the fields of an ErrorResponse's or NoticeResponse's body."""
    fields: dict[str, str] = {}
    for part in body.split(b"\0"):
        if part:
            fields[chr(part[0])] = part[1:].decode("utf-8", "replace")
    return fields


def write(letter: bytes, fields: Mapping[str, str]) -> bytes:
    """Write an error (``E``) or a notice (``N``)."""
    body = b"".join(
        key.encode("latin-1") + text.replace("\0", "").encode("utf-8", "replace") + b"\0"
        for key, text in fields.items()
    )
    return letter + (len(body) + 5).to_bytes(4, "big") + body + b"\0"


def error(
    code: str, message: str, *, hint: str = "", detail: str = "", routine: str = "", fatal: bool = False
) -> bytes:
    """Write an error of the gate's own. `routine`: of the server's code, where drivers tell the server's own error by it."""
    severity = "FATAL" if fatal else "ERROR"
    fields = {"S": severity, "V": severity, "C": code, "M": message}
    if detail:
        fields["D"] = detail
    if hint:
        fields["H"] = hint
    if routine:
        fields["R"] = routine
    return write(b"E", fields)


def refusal(refused: Refusal, what: str, code: str = INSUFFICIENT_PRIVILEGE) -> bytes:
    """Write what a refused client is told: what, the mend, and the crossing's id to ask about. The reason's own code goes first."""
    about = f" ({refused.category})" if refused.category else ""
    message, detail = f"refused by ringfence: {what}{about}", f"crossing {refused.crossing}"
    return error(_CODES.get(refused.reason, code), message, hint=refused.mend, detail=detail)


def withhold(frame: bytes) -> bytes:
    """Give an error or notice without its texts: its message is the standard name of its condition."""
    fields = fields_of(frame[5:])
    kept = {key: text for key, text in fields.items() if key in _KEPT or key in _NAMES}
    if (fields.get("C"), fields.get("R")) == _NO_GRANT:  # its message names an object, and nothing else
        return write(frame[:1], kept | {"M": fields.get("M", "")})
    kept["M"] = condition(fields.get("C", ""))
    if "D" in fields or fields.get("M", "") != kept["M"]:
        kept["D"] = WITHHELD
    return write(frame[:1], kept)


def scrubbed(frame: bytes, detector: Detector, plan: Plan) -> bytes:
    """Give an error or notice whose texts hold nothing that the asker may not see; the same bytes where they hold none."""
    if plan.carries_all_clear:
        return frame
    fields = fields_of(frame[5:])
    changed = False
    for key in _TEXTS & fields.keys():
        text = fields[key]
        if len(text) > LONGEST_TEXT or _hides(plan, detector, text):
            fields[key] = scrub(text, detector, LONGEST_TEXT)
            changed = True
    return write(frame[:1], fields) if changed else frame


def _hides(plan: Plan, detector: Detector, text: str) -> bool:
    return any(not plan.decide(finding.category).form.passes_clear for finding in detector.find(text))


def moved(frame: bytes, characters: int) -> bytes:
    """Give an error about a part of a text as one about the whole: its position moved by what stands before the part."""
    fields = fields_of(frame[5:])
    if not characters or not fields.get("P", "").isdigit():
        return frame
    fields["P"] = str(int(fields["P"]) + characters)
    return write(frame[:1], fields)


def is_fatal(frame: bytes) -> bool:
    """Whether the server closes the connection after this error."""
    fields = fields_of(frame[5:])
    return fields.get("V", fields.get("S", "")) in ("FATAL", "PANIC")


def is_tree(fields: Mapping[str, str]) -> bool:
    """Whether a notice is a rewritten tree that the server itself sent: its routine field cannot be forged by SQL."""
    return fields.get("R") == "elog_node_display" and fields.get("V", fields.get("S")) == "LOG"


def scrubbed_notification(frame: bytes, detector: Detector, plan: Plan) -> bytes:
    """Give a NotificationResponse whose payload holds nothing that the asker may not see: another session chose it."""
    process, (channel, _, payload) = frame[5:9], frame[9:-1].partition(b"\0")
    text = payload.decode("utf-8", "replace")
    if not payload or not _hides(plan, detector, text):
        return frame
    body = process + channel + b"\0" + scrub(text, detector, LONGEST_TEXT).encode() + b"\0"
    return b"A" + (len(body) + 4).to_bytes(4, "big") + body
