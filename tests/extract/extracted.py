"""What a file gives, in a form that a test can compare."""

from io import BytesIO

from ringfence.extract import Bounds, Budget, LeftOut, Source, Text, Unreadable, extract


def steps(name: str, file: bytes, bounds: Bounds | None = None) -> list[object]:
    """Give each step of taking a file apart, texts as lists."""
    given = extract(Source(name, len(file), lambda: BytesIO(file)), Budget(bounds or Bounds()))
    return [step if isinstance(step, LeftOut | Unreadable) else list(step) for step in given]


def texts(name: str, file: bytes) -> list[Text]:
    """Give the texts of a file in which everything can be read."""
    found: list[Text] = []
    for step in steps(name, file):
        assert isinstance(step, list), step
        found += step
    return found


def values(name: str, file: bytes) -> list[tuple[str, bytes]]:
    """Give paths and values of what stands in fields."""
    return [(text.path, text.value) for text in texts(name, file) if text.path]


def placed(name: str, file: bytes, value: bytes) -> tuple[int, int, int]:
    """Give line, column and start of the only text that is a value."""
    [text] = [text for text in texts(name, file) if text.value == value]
    return text.line, text.column, text.start
