"""Where everything stands in the text of a map file, so that a part can be changed and the rest stays as it is.

The rule: the text is only spliced: comments, order and spelling of whatever is not changed are kept, whoever wrote them. The
parser's events say where each part begins and ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from json import dumps
from typing import Final

import re2
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ringfence.atlas.faults import BadMapFile
from ringfence.policy.tree import resolve

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A value: where its key begins, and where it begins and ends, in characters. `flow`: in brackets, or within some."""

    key_start: int
    start: int
    end: int
    column: int  # of the key
    flow: bool
    scalar: str | None


@dataclass(slots=True)
class _Frame:
    path: Path
    is_list: bool
    flow: bool
    start: int
    key_start: int
    column: int
    key: str | None = None
    count: int = 0
    last: int = field(default=0)


def places(name: str, text: str) -> dict[Path, Place]:
    """Give the place of every value, by its path. Raises `BadMapFile`."""
    found: dict[Path, Place] = {}
    try:
        _read(text, found)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise BadMapFile(f"{where}: not valid YAML", "mend it by hand, or move the file away and map again") from None
    except (YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError, AssertionError):
        raise BadMapFile(f"{name}: not valid YAML", "mend it by hand, or move the file away and map again") from None
    return found


def _read(text: str, found: dict[Path, Place]) -> None:
    frames: list[_Frame] = []
    pending: tuple[int, int] | None = None  # where the key of the value that comes next begins, and its column
    for event in _events(text):
        frame = frames[-1] if frames else None
        if isinstance(event, ScalarEvent) and frame is not None and not frame.is_list and frame.key is None:
            frame.key = event.value
            pending = (event.start_mark.index, event.start_mark.column)
            continue
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            closed = frames.pop()
            end = event.end_mark.index if closed.flow else closed.last
            found[closed.path] = Place(closed.key_start, closed.start, end, closed.column, closed.flow, None)
            if frames:
                frames[-1].last = max(frames[-1].last, end)
            continue
        if not isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            continue
        path, (key_start, column) = _next(frame, pending, event)
        pending = None
        if isinstance(event, ScalarEvent):
            plain = bool(event.implicit and event.implicit[0])
            value = resolve(event.value) if plain else event.value
            scalar = value if isinstance(value, str) else None
            flow = frame is not None and frame.flow
            found[path] = Place(key_start, event.start_mark.index, event.end_mark.index, column, flow, scalar)
            if frame is not None:
                frame.last = event.end_mark.index
        else:
            flow = bool(event.flow_style)
            is_list = isinstance(event, SequenceStartEvent)
            start = event.start_mark.index
            frames.append(_Frame(path, is_list, flow, start, key_start, column, last=start))


def _next(frame: _Frame | None, pending: tuple[int, int] | None, event: Event) -> tuple[Path, tuple[int, int]]:
    """Give the path of the value that an event begins, and where its key stands."""
    own = (event.start_mark.index, event.start_mark.column)
    if frame is None:
        return (), own
    if frame.is_list:
        path: Path = (*frame.path, frame.count)
        frame.count += 1
        return path, own
    path = (*frame.path, frame.key or "")
    frame.key = None
    return path, pending or own


def _events(text: str) -> Iterator[Event]:
    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
    return events


_PLAIN: Final = re2.compile(r'[A-Za-z_$][A-Za-z0-9_.$"/@-]*(?:(?:\[\])[A-Za-z0-9_.$"/@-]*)*')


def spelt(word: str, *, flow: bool = False) -> str:
    """Spell a text in YAML: plain where that is safe.

    >>> spelt("public.customer.email"), spelt("true"), spelt("a: b"), spelt("tags[].x"), spelt("tags[].x", flow=True)
    ('public.customer.email', '"true"', '"a: b"', 'tags[].x', '"tags[].x"')
    """
    plain = _PLAIN.fullmatch(word) is not None and isinstance(resolve(word), str) and not (flow and "[" in word)
    if plain:
        return word
    if '"' in word and "'" not in word and "\\" not in word and word.isprintable():
        return f"'{word}'"
    return dumps(word, ensure_ascii=False)


def line_start(text: str, at: int) -> int:
    """Give where the line of an offset begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Give where the line of an offset ends, its line break included."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
