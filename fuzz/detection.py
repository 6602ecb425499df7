"""Detection of any bytes: nothing raises, findings lie in order and apart, and a stream, text and bytes all agree."""

from ringfence.detect import RECOGNIZERS, Detector
from ringfence.detect._neighbours import FEWEST

_DETECTOR = Detector()
_FIELDS = ("", "customer.name", "phone", "ssn", "dob", "card_number")

SEEDS: list[bytes] = [
    *(example.text.encode() for one in RECOGNIZERS for example in one.examples),
    b"\n".join(example.text.encode() for one in RECOGNIZERS for example in one.examples),
    b"born \xff\xfe 12.03.1980\x1e4111 1111 1111 1111\x1e",
    b"key: -----BEGIN PRIVATE KEY-----\nQUJD\nQUJD\n" * 3,
    b"anna@mail.example " * 200 + b"tel +49 30 23125 000" * 50,
]


def target(data: bytes) -> None:
    found = _DETECTOR.find(data)
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(data)
        assert 0.0 <= one.score <= 1.0
        assert one.evidence
        at = one.end
    step = len(data) // 7 + 1
    stream = _DETECTOR.stream()
    streamed = []
    for begin in range(0, len(data), step):
        streamed += stream.feed(data[begin : begin + step])
        assert all(one.end <= stream.safe for one in streamed)
    assert streamed + stream.end() == found
    field = _FIELDS[len(data) % len(_FIELDS)]
    parts = data.split(b"\x00")
    together = _DETECTOR.find_fields([(field, part) for part in parts])
    for each, part in zip(together, parts, strict=True):
        alone = _DETECTOR.find(part, field=field)
        if len(parts) < FEWEST:
            assert each == alone
        else:  # a column may speak for its values, but never hides one
            assert {one[:3] for one in alone} <= {one[:3] for one in each}
    try:
        text = data.decode()
    except UnicodeDecodeError:
        _DETECTOR.find(data.decode(errors="surrogateescape"))
        return
    of_text = _DETECTOR.find(text)
    assert [text[one.start : one.end].encode() for one in of_text] == [data[one.start : one.end] for one in found]
