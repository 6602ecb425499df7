"""Any bytes, in any format, cut anywhere: nothing but `Undecodable` comes of them, and what passes is what came.

The first byte of an input chooses the carrier, the second the cut, the rest is the payload. Some fields are changed, and the
changed payload must be carried too, with as many values.
"""

from ringfence.carriers import FORMATS, Change, Edit, Field, Undecodable, Unit, make_carrier, released
from ringfence.carriers._spans import ScatteredField
from ringfence.transform.types import ValueType

NAMES = tuple(FORMATS)
WIDTHS = (1 << 20, 1, 2, 3, 5, 13, 64, 1000)  # of the pieces

PAYLOADS = {
    "csv": [b'id,"na""me",e.mail\r\n1,"A ""B""",x@y.example\r\n\n2,"two\nlines",,4\n', b"\xef\xbb\xbfa\n\xe9\n"],
    "form": [b"id=1&user%5Bmail%5D=x%40y.example&n+m=%C3%A9+%zz&&flag&=x;y"],
    "json": [
        b'{"a": [1, -2.5e3, true, null, {"b.c": "\\u00e9\\ud83d\\ude39\\\\"}], "": "x", "a": "y"}',
        b'"x"',
        b"[[[]]]",
        b"-0",
    ],
    "log": [b'text\n{"a": "x", "n": 1}\n{no}\nTraceback (most recent call last):\n  x\nE: y\n{"a": "\\n", "n": 2}\n'],
    "ndjson": [b'{"a":"x","n":1,"o":{"b":true}}\n{"a":"y","n":-1.5,"o":{"b":null}}\r\n\n{"a":"\\"","n":0}\n7'],
    "sse": [b': c\n\ndata: {"a": "x\\u00e9"}\r\nid: 1\n\ndata: a\ndata: {\rx: y\r\r\ndata: {"a":\ndata: 1}\n\n'],
    "html": [
        b"<!DOCTYPE html><p id=a title='b&amp;c'>ada<b>@x.example</b> &lt; 1 < 2<!-- c --><script>a</b</script><br/>&copy",
        b"<a href=x/y?z=1&b=2 x>t</a><textarea> &amp; </textarea>",
    ],
    "xml": [
        b'<?xml version="1.0"?><!-- c --><a:o id="1" n=\'x&#233;"\'>ada@<!-- - -->exa<![CDATA[mple<]]]>.com<?pi some?><e/></a:o>',
        b"<a>]]<b/>&gt;x]]&gt;</a>",
    ],
    "text": [b"one\ntwo\n-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n\tat x\n\xff\n"],
}
SEEDS: list[bytes] = [
    bytes((NAMES.index(name), width)) + payload
    for name, payloads in PAYLOADS.items()
    for payload in payloads
    for width in range(3)
]


def target(data: bytes) -> None:
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    width = WIDTHS[data[1] % len(WIDTHS)] if len(data) > 1 else 1
    payload = data[2:]
    units = carried(name, payload, width)
    if units is None:
        return
    assert b"".join(unit.raw for unit in units) == payload, "what passes is not what came"
    for unit in units:
        at = 0
        for start, end in sorted(place for field in unit.fields for place in places_of(field)):
            assert at <= start <= end <= len(unit.raw), "fields overlap or lie outside of their unit"
            at = end
        for field in unit.fields:
            if field.raw_offsets is None:
                assert unit.raw[field.start : field.end] == field.value, "a value is not its bytes"
            else:
                assert len(field.raw_offsets()) == len(field.value) + 1, (
                    "the map of a value is not as long as the value"
                )
    changed = b"".join(released(make_carrier(name), unit, edits(name, unit)) for unit in units)
    again = carried(name, changed, width)
    assert again is not None, "a changed payload is no longer of its format"
    if name in ("json", "ndjson"):
        places = [(field.path, field.is_key) for unit in units for field in unit.fields if not field.is_key]
        assert len(places) == sum(not field.is_key for unit in again for field in unit.fields), (
            "fields were lost or made"
        )


def places_of(field: Field) -> list[tuple[int, int]]:
    if isinstance(field, ScatteredField):
        if field.path != "data":  # joined text of a page, whose stretches are fields too
            return []
        return [(start, end) for _, start, end in field.places]
    return [(field.start, field.end)]


def carried(name: str, payload: bytes, width: int) -> list[Unit] | None:
    """Feed a payload in pieces; None where it is refused."""
    carrier = make_carrier(name)
    units: list[Unit] = []
    try:
        for at in range(0, len(payload), width):
            units += carrier.feed(payload[at : at + width])
            assert carrier.held <= len(payload), "more is held than came"
        units += carrier.end()
    except Undecodable as error:
        fault = error
    else:
        return units
    assert 0 <= fault.offset <= len(payload), "an error lies outside of the payload"
    return None


def edits(name: str, unit: Unit) -> list[Edit]:
    """Change every third value in one of three ways. Text stays: what a change makes of a line may be another kind of line."""
    carrier = make_carrier(name)
    made: list[Edit] = []
    for number, field in enumerate(unit.fields):
        if number % 3 or field.is_key or (field.type is ValueType.TEXT and name in ("text", "log")):
            continue
        size = len(field.value)
        change = (Change(0, size, None), Change(size // 2, size, '"\n,é'), Change(0, size // 2, "1"))[number // 3 % 3]
        made += carrier.write(unit, field, [change])
    return made
