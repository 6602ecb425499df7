"""No value in what detection says of itself: a canary through every way in, and then looked for in whatever comes out.

A canary is sought as it is, and in the codes in which a `repr` or a traceback may show it.
"""

import io
import logging
import traceback
from collections.abc import Callable, Iterator

import pytest

from ringfence.detect import Detector, Finding
from ringfence.detect.detector import UnknownEntity

EMAIL, CARD = "canary.kanari@mail.example", "4539 5787 6362 1486"
CANARIES = (EMAIL, CARD)
DETECTOR = Detector()


def spellings(canary: str) -> Iterator[str]:
    for text in (canary, canary.replace(" ", ""), canary.upper(), canary.lower()):
        yield text
        yield text.encode().hex()
        yield "".join(f"\\u{ord(sign):04x}" for sign in text)


def assert_silent(said: str) -> None:
    assert said
    for canary in CANARIES:
        for spelling in spellings(canary):
            assert spelling not in said


def streamed(text: str) -> list[Finding]:
    stream = DETECTOR.stream()
    found = stream.feed(encoded(text))
    assert_silent(repr(stream))
    return found + stream.end()


def encoded(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


WAYS: dict[str, Callable[[str], object]] = {
    "find": DETECTOR.find,
    "find, bytes": lambda text: DETECTOR.find(encoded(text)),
    "find, in a field": lambda text: DETECTOR.find(text, field="customer.email"),
    "find_many": lambda text: DETECTOR.find_many([text, encoded(text)]),
    "find_fields": lambda text: DETECTOR.find_fields([("email", encoded(text)), ("", encoded(text))]),
    "find_in": lambda text: DETECTOR.find_in(["", "card"], [encoded(text), encoded(text)]),
    "stream": streamed,
}
TEXTS = {
    "plain": f"{EMAIL} pays by {CARD}",
    "beside words": f"e-mail: {EMAIL}, card number: {CARD}",
    "percent": "".join(f"%{byte:02X}" for byte in f"{EMAIL} {CARD}".encode()),
    "over two lines": "she pays by 4539 5787\n6362 1486 from now on, " + EMAIL,
    "broken": f"{EMAIL}\ud800 {CARD}",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", TEXTS)
def test_what_a_way_in_gives_logs_or_prints_holds_no_value(
    way: str, text: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    given = WAYS[way](TEXTS[text])
    assert_silent(repr(given) + str(given))
    if way not in ("find_in", "find_fields", "find_many"):
        assert given
    assert_silent(caplog.text + "".join(capfd.readouterr()) + ".")


def misuse(text: str) -> Iterator[Callable[[], object]]:
    """Give what a caller may get wrong with a value in hand."""
    yield lambda: Detector(entities=[text])
    yield lambda: Detector(thresholds={text: 0.5})
    yield lambda: DETECTOR.find(object(), field=text)  # type: ignore[arg-type]
    yield lambda: DETECTOR.find_many([text, None])  # type: ignore[list-item]
    yield lambda: DETECTOR.find_fields([(text, None)])  # type: ignore[list-item]
    yield lambda: DETECTOR.stream().feed(text)  # type: ignore[arg-type]
    stream = DETECTOR.stream()
    stream.end()
    yield lambda: stream.feed(text.encode())


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("canary", CANARIES)
def test_an_error_holds_no_value(number: int, canary: str) -> None:
    wrong = list(misuse(canary))[number]
    with pytest.raises((UnknownEntity, TypeError, ValueError, AttributeError)) as caught:
        wrong()
    told = io.StringIO()
    traceback.print_exception(caught.value, file=told)
    assert_silent(str(caught.value) + repr(caught.value) + told.getvalue())


def test_a_detector_that_allows_a_value_does_not_show_it() -> None:
    detector = Detector(allow=CANARIES)
    assert detector.find(f"write to {EMAIL}") == []
    assert_silent(repr(detector) + str(detector) + repr(detector.work))
