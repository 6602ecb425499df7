"""Detection of any bytes: nothing raises, findings lie in order and apart, and a stream, text and bytes all agree."""

import base64
import gzip
import quopri
import random
from collections.abc import Callable

from ringfence.detect import RECOGNIZERS, Detector, Finding
from ringfence.detect._neighbours import FEWEST

_DETECTOR = Detector()
_LONG = 4096
_FIELDS = ("", "customer.name", "phone", "ssn", "dob", "card_number")

SEEDS: list[bytes] = [
    *(example.text.encode() for one in RECOGNIZERS for example in one.examples),
    b"\n".join(example.text.encode() for one in RECOGNIZERS for example in one.examples),
    b"born \xff\xfe 12.03.1980\x1e4111 1111 1111 1111\x1e",
    b"key: -----BEGIN PRIVATE KEY-----\nQUJD\nQUJD\n" * 3,
    b"anna@mail.example " * 200 + b"tel +49 30 23125 000" * 50,
    b"pays with 4111 1111\n1111 1111 now, or DE89 3704 0044\n 0532 0130 00",
    base64.encodebytes(b"the customer anna@mail.example pays with 4111 1111 1111 1111 from now on. " * 9),
    quopri.encodestring(
        "die Kundin anna@mail.example zahlt für sich mit 4111 1111 1111 1111, und zwar sofort ".encode() * 9
    ),
]

PIECES: list[bytes] = [
    *(
        b"%34",
        b"%2540",
        b"&#52;",
        b"&#x40;",
        b"&commat;",
        b"\\u0040",
        b"\\\\u0034",
        b"\\x34",
        b"=34",
        b"=3D",
        b"=\n",
        b"=\r\n",
    ),
    *(
        b"NDExMSAxMTEx",
        b"NDEx\n",
        b"H4sIAAAAAAAA",
        b"616e6e61",
        b"Q" * 76 + b"\n",
        b"\n ",
        b"\x1e",
        b"\r",
        b"-\n",
        b" (at) ",
        b" dot ",
    ),
    *(sign.encode() for sign in "４٤\u200b\u00ad\u200e\ufeffаС\u2011\u00a0。\U0001d7d2"),
]

_Disguise = Callable[[bytes], bytes]
_TENS = (0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE)


def _each_byte(form: str) -> _Disguise:
    return lambda data: "".join(form.format(byte) for byte in data).encode()


def _in_digits(first: int) -> _Disguise:
    table = {byte: chr(first + byte - 0x30) for byte in range(0x30, 0x3A)}
    return lambda data: data.decode("latin-1").translate(table).encode(errors="surrogatepass")


def _with(mark: bytes) -> _Disguise:
    return lambda data: mark.join(data[at : at + 1] for at in range(len(data)))


def _wrapped(data: bytes, columns: int) -> bytes:
    return b"\n".join(data[at : at + columns] for at in range(0, len(data), columns))


_DISGUISES: list[_Disguise] = [
    *(
        _each_byte(form)
        for form in ("%{:02X}", "%25{:02x}", "&#{};", "&#x{:x};", "\\u{:04x}", "\\\\u{:04X}", "\\x{:02x}", "={:02X}")
    ),
    *(_in_digits(first) for first in _TENS),
    *(_with(mark.encode()) for mark in ("\u200b", "\u00ad", "\u200e", "\ufeff", " ", "-", ".")),
    base64.b64encode,
    base64.urlsafe_b64encode,
    base64.encodebytes,
    quopri.encodestring,
    lambda data: base64.b64encode(data).rstrip(b"="),
    lambda data: base64.encodebytes(data).replace(b"\n", b"\\n"),
    lambda data: base64.b64encode(gzip.compress(data, mtime=0)),
    lambda data: data.hex().encode(),
    lambda data: data.hex().upper().encode(),
    lambda data: _wrapped(data.hex().encode(), 60),
    lambda data: _wrapped(base64.b64encode(data), 64),
    lambda data: data.replace(b" ", b"\n", 1),
    lambda data: data.replace(b"@", b" (at) ").replace(b".", b" dot "),
    lambda data: (
        data.decode("latin-1")
        .translate(str.maketrans("aeopcxABEKMHOPCTX", "аеорсхАВЕКМНОРСТХ"))
        .encode(errors="surrogatepass")
    ),
]


def disguise(data: bytes, rng: random.Random) -> bytes:
    """Write a third of all inputs, or a part of them, in one to three disguises."""
    if rng.random() > 1 / 3:
        return data
    for _ in range(rng.choice((1, 1, 2, 3))):
        begin = rng.randrange(len(data) + 1) if rng.random() < 0.5 else 0
        end = min(len(data), begin + rng.randrange(1, 2000))
        data = data[:begin] + rng.choice(_DISGUISES)(data[begin:end]) + data[end:]
    return data


def target(data: bytes) -> None:
    found = _DETECTOR.find(data)
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(data)
        assert 0.0 <= one.score <= 1.0
        assert one.evidence
        at = one.end
    assert _DETECTOR.find(data) == found
    _streams_agree(data, len(data) // 7 + 1, found)
    if len(data) < _LONG:
        _streams_agree(data, data[-1] % 64 + 1 if data else 1, found)
    field = _FIELDS[len(data) % len(_FIELDS)]
    parts = data.split(b"\x00")
    together = _DETECTOR.find_fields([(field, part) for part in parts])
    for each, part in zip(together, parts, strict=True):
        alone = _DETECTOR.find(part, field=field)
        if len(parts) < FEWEST:
            assert each == alone
        else:  # a column may speak for its values, but never hides one
            assert {one[:3] for one in alone} <= {one[:3] for one in each}
    text = data.decode(errors="surrogateescape")
    as_bytes = text.encode(errors="surrogatepass")
    of_text, of_bytes = _DETECTOR.find(text), found if as_bytes == data else _DETECTOR.find(as_bytes)
    assert [(one.entity, one.score, one.evidence) for one in of_text] == [
        (one.entity, one.score, one.evidence) for one in of_bytes
    ]
    assert [text[one.start : one.end].encode(errors="surrogatepass") for one in of_text] == [
        as_bytes[one.start : one.end] for one in of_bytes
    ]


def _streams_agree(data: bytes, step: int, found: list[Finding]) -> None:
    stream = _DETECTOR.stream()
    streamed: list[Finding] = []
    for begin in range(0, len(data), step):
        streamed += stream.feed(data[begin : begin + step])
        assert all(one.end <= stream.safe for one in streamed)
    assert streamed + stream.end() == found
