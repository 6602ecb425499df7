"""What passes between a gate and its parser's child: a request, and what was taken apart, as bytes.

The rule: JSON and numbers, nothing that could run code when it is read; a field that has its default is left out. Whoever decodes
trusts nothing: what is not of the form raises `Malformed`.
"""

import json
from dataclasses import fields
from typing import Any, cast

from ringfence.sql.model import CopyOptions, Given, GivenKind, ParsedText, RawStatement, Refusal, StatementKind

READY = b"+"  # what a child sends before anything else
HEADER = 8  # a number for the request, and how many bytes follow; four bytes each, the highest first


class Malformed(Exception):
    """Bytes that no encoder of this file wrote."""


def header(number: int, length: int) -> bytes:
    """Begin a frame."""
    return number.to_bytes(4, "big") + length.to_bytes(4, "big")


def read_header(data: bytes) -> tuple[int, int]:
    """Give a frame's number, and how many bytes follow its header."""
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:HEADER], "big")


def encode(parsed: ParsedText) -> bytes:
    """Encode what was taken apart."""
    if parsed.refused is not None:
        return json.dumps({"refused": _plain(parsed.refused)}).encode()
    return json.dumps({"statements": [_plain(each) for each in parsed.statements]}).encode()


def _plain(value: RawStatement | Refusal | CopyOptions | Given) -> dict[str, object]:
    plain: dict[str, object] = {}
    for each in fields(value):
        found = getattr(value, each.name)
        if found == each.default:
            continue
        if each.name == "literals":
            found = [offset for span in found for offset in span]
        elif isinstance(found, CopyOptions):
            found = _plain(found)
        elif isinstance(found, tuple) and found and isinstance(found[0], Refusal | Given):
            found = [_plain(one) for one in found]
        plain[each.name] = found
    return plain


def decode(data: bytes) -> ParsedText:
    """Decode what was taken apart. Raises `Malformed`."""
    try:
        plain = cast("dict[str, Any]", json.loads(data))
        if "refused" in plain:
            return ParsedText(refused=Refusal(**plain["refused"]))
        return ParsedText([_statement(each) for each in plain["statements"]])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed from error


def _statement(plain: dict[str, Any]) -> RawStatement:
    plain["kind"] = StatementKind(plain["kind"])
    if "copy" in plain:
        plain["copy"] = CopyOptions(**plain["copy"])
    if "literals" in plain:
        offsets = plain["literals"]
        plain["literals"] = tuple(zip(offsets[::2], offsets[1::2], strict=True))
    if "columns" in plain:
        plain["columns"] = tuple(plain["columns"])
    if "refused" in plain:
        plain["refused"] = tuple([Refusal(**each) for each in plain["refused"]])
    if "arguments" in plain:
        plain["arguments"] = tuple([_given(each) for each in plain["arguments"]])
    return RawStatement(**plain)


def _given(plain: dict[str, Any]) -> Given:
    return Given(GivenKind(plain["kind"]), plain["start"], plain.get("end", 0))
