"""The drawing of a map: zones as columns, assets in them, flows between them.

The rule: what is drawn also stands in tables on the page, so the drawing has a title and a description and nothing that only it
says. Each text is escaped and shortened to its box; the same map is the same drawing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.pages import Markup, drawn, escape

ZONE_WIDTH: Final = 230
GAP: Final = 170
ASSET_HEIGHT: Final = 66
ASSET_GAP: Final = 14
HEAD: Final = 60
EDGE: Final = 12
LANE: Final = 26  # between two flows that take the same way
_LETTER: Final = 7.2  # pixels of one, in the mean
_STEPS: Final = 4  # labels of flows that cross one gap are set one below the other


@dataclass(frozen=True, slots=True)
class Box:
    """An asset: its name, what it is, and what it holds, each one line."""

    name: str
    kind: str
    holds: str


@dataclass(frozen=True, slots=True)
class Column:
    """A zone with its assets; `outside`: not one's own."""

    name: str
    label: str
    outside: bool
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A flow between two assets or zones, by their names."""

    name: str
    source: str
    sink: str
    observed: bool


@dataclass(frozen=True, slots=True)
class _Anchor:
    column: int
    left: float
    right: float
    middle: float


def draw(columns: Sequence[Column], arrows: Sequence[Arrow]) -> Markup:
    """Draw zones, assets and flows."""
    anchors = _anchors(columns)
    most = max((len(each.boxes) for each in columns), default=1)
    inner = HEAD + max(1, most) * (ASSET_HEIGHT + ASSET_GAP) + EDGE
    known = [each for each in arrows if each.source in anchors and each.sink in anchors]
    lanes = [each for each in known if not _is_forward(anchors[each.source], anchors[each.sink])]
    height = inner + EDGE * 2 + len(lanes) * LANE
    width = EDGE * 2 + len(columns) * ZONE_WIDTH + max(0, len(columns) - 1) * GAP
    shapes = [_column(each, number, inner) for number, each in enumerate(columns)]
    shapes += _flows(known, anchors, inner)
    names = ", ".join(each.name for each in columns)
    said = f"Zones {names}. " + " ".join(f"{each.name}: from {each.source} to {each.sink}." for each in known)
    return drawn(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="map-title map-words" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}"><title id="map-title">Zones, assets and flows</title>'
        f'<desc id="map-words">{escape(said)}</desc><defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" '
        f'markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>'
        + "".join(shapes)
        + "</svg>"
    )


def _left(number: int) -> float:
    return EDGE + number * (ZONE_WIDTH + GAP)


def _anchors(columns: Sequence[Column]) -> Mapping[str, _Anchor]:
    found: dict[str, _Anchor] = {}
    for number, column in enumerate(columns):
        left = _left(number)
        found[column.name] = _Anchor(number, left, left + ZONE_WIDTH, EDGE + HEAD / 2)
        for place, box in enumerate(column.boxes):
            middle = EDGE + HEAD + place * (ASSET_HEIGHT + ASSET_GAP) + ASSET_HEIGHT / 2
            found.setdefault(box.name, _Anchor(number, left + EDGE, left + ZONE_WIDTH - EDGE, middle))
    return found


def _column(column: Column, number: int, height: float) -> str:
    left = _left(number)
    outside = " outside" if column.outside else ""
    parts = [
        f'<rect class="zone{outside}" x="{left}" y="{EDGE}" width="{ZONE_WIDTH}" height="{height}" rx="10"/>',
        _text(left + 14, EDGE + 24, column.name, "head", ZONE_WIDTH - 28),
        _text(left + 14, EDGE + 43, column.label, "soft", ZONE_WIDTH - 28),
    ]
    for place, box in enumerate(column.boxes):
        top = EDGE + HEAD + place * (ASSET_HEIGHT + ASSET_GAP)
        x, wide = left + EDGE, ZONE_WIDTH - 2 * EDGE
        parts.append(f'<rect class="asset" x="{x}" y="{top}" width="{wide}" height="{ASSET_HEIGHT}" rx="6"/>')
        parts.append(_text(x + 10, top + 20, box.name, "head", wide - 20))
        parts.append(_text(x + 10, top + 38, box.kind, "soft", wide - 20))
        parts.append(_text(x + 10, top + 55, box.holds, "soft", wide - 20))
    return "".join(parts)


def _is_forward(source: _Anchor, sink: _Anchor) -> bool:
    return sink.column > source.column


def _flows(arrows: Sequence[Arrow], anchors: Mapping[str, _Anchor], inner: float) -> list[str]:
    """Draw flows to the right as curves through the gap, others as lanes below the zones."""
    shapes: list[str] = []
    lane = 0
    crossing: dict[int, int] = {}
    for each in arrows:
        source, sink = anchors[each.source], anchors[each.sink]
        if _is_forward(source, sink):
            number = crossing.get(source.column, 0)
            crossing[source.column] = number + 1
            shapes.append(_forward(each, source, sink, number))
        else:
            shapes.append(_backward(each, source, sink, EDGE + inner + 14 + lane * LANE))
            lane += 1
    return shapes


def _forward(each: Arrow, source: _Anchor, sink: _Anchor, number: int) -> str:
    start, end = source.right, sink.left
    gap = source.right + GAP / 2 if source.column + 1 == sink.column else _left(source.column) + ZONE_WIDTH + GAP / 2
    shift = (number % _STEPS) * 5.0
    y1, y2 = source.middle + shift, sink.middle + shift
    middle = (start + end) / 2
    path = f"M{start} {y1}C{middle} {y1} {middle} {y2} {end - 2} {y2}"
    along = y1 + (y2 - y1) * (0.5 if source.column + 1 == sink.column else 0.2)
    y = along - 7 + 17 * (number % _STEPS if abs(y2 - y1) < ASSET_HEIGHT / 2 and number else 0)
    return _line(each, path) + _text(gap, y, each.name, "soft", GAP - 14, centred=True)


def _backward(each: Arrow, source: _Anchor, sink: _Anchor, y: float) -> str:
    path = f"M{source.right - 18} {source.middle + 8}V{y}H{sink.left + 18}V{sink.middle + 10}"
    return _line(each, path) + _text(
        (source.right + sink.left) / 2, y - 5, each.name, "soft", GAP + ZONE_WIDTH, centred=True
    )


def _line(each: Arrow, path: str) -> str:
    observed = " observed" if each.observed else ""
    return f'<path class="flow{observed}" d="{path}" marker-end="url(#tip)"/>'


def _text(x: float, y: float, words: str, style: str, room: float, *, centred: bool = False) -> str:
    most = max(3, int(room / (_LETTER if style == "head" else _LETTER * 0.86)))
    shown = words if len(words) <= most else words[: most - 1] + "…"
    anchor = ' text-anchor="middle"' if centred else ""
    return f'<text class="{style}" x="{x:g}" y="{y:g}"{anchor}>{escape(shown)}</text>'
