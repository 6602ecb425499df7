"""The drawing of a map: zones as columns, assets in them, flows between them as numbered lines.

The rule: what is drawn also stands in tables on the page, so the drawing has a title and a description and nothing that only it
says. Lines run in the gutters between zones and in lanes below them, so that none crosses a box; each has a place of its own there.
Each text is escaped and shortened to its box; the same map is the same drawing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.pages import Markup, drawn, escape

ZONE_WIDTH: Final = 212
ASSET_HEIGHT: Final = 66
ASSET_GAP: Final = 14
HEAD: Final = 60
EDGE: Final = 12
GUTTER: Final = 34  # with no line in it
STEP: Final = 24  # between two lines in a gutter, or two lanes
SLOT: Final = 11  # between two lines that meet one box
LEGEND: Final = 22  # a line of it
_LETTER: Final = 7.4  # pixels of one, in the mean
_BADGE: Final = 9  # the radius of a line's number


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


@dataclass(slots=True)
class _Anchor:
    """Where lines meet a box or a zone: its column, its edges within that, its middle, and how many have met it so far."""

    column: int
    inset: float
    middle: float
    room: float
    met: int = 0

    def slot(self) -> float:
        """Give the height at which the next line meets it: the middle, then below and above in turn."""
        number, self.met = self.met, self.met + 1
        shift = (number + 1) // 2 * SLOT * (1 if number % 2 else -1)
        return self.middle + max(-self.room, min(self.room, shift))


def draw(columns: Sequence[Column], arrows: Sequence[Arrow]) -> Markup:
    """Draw zones, assets and flows."""
    anchors = dict(_anchors(columns))
    known = [each for each in arrows if each.source in anchors and each.sink in anchors]
    lefts, gutters = _across(columns, known, anchors)
    most = max((len(each.boxes) for each in columns), default=1)
    inner = HEAD + max(1, most) * (ASSET_HEIGHT + ASSET_GAP)
    lanes = sum(not _is_direct(each, anchors) for each in known)
    legend = EDGE * 2 + inner + lanes * STEP + (EDGE if lanes else 0)
    width, height = gutters[-1][1], legend + len(known) * LEGEND
    shapes = [_column(each, left, inner) for each, left in zip(columns, lefts, strict=True)]
    shapes += _lines(known, anchors, lefts, [begin for begin, _ in gutters], EDGE + inner)
    for number, each in enumerate(known, 1):
        observed = ", observed" if each.observed else ""
        words = f"{number}  {each.name}: from {each.source} to {each.sink}{observed}"
        shapes.append(_text(EDGE, legend + number * LEGEND - 4, words, "plain", width - 2 * EDGE))
    said = f"Zones {', '.join(each.name for each in columns)}. " + " ".join(
        f"{each.name}: from {each.source} to {each.sink}." for each in known
    )
    return drawn(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="map-title map-words" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}"><title id="map-title">Zones, assets and flows</title>'
        f'<desc id="map-words">{escape(said)}</desc><defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" '
        f'markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>'
        + "".join(shapes)
        + "</svg>"
    )


def _anchors(columns: Sequence[Column]) -> Iterator[tuple[str, _Anchor]]:
    for number, column in enumerate(columns):
        for place, box in enumerate(column.boxes):
            middle = EDGE + HEAD + place * (ASSET_HEIGHT + ASSET_GAP) + ASSET_HEIGHT / 2
            yield box.name, _Anchor(number, EDGE, middle, ASSET_HEIGHT / 2 - 6)
    for number, column in enumerate(columns):
        yield column.name, _Anchor(number, 0, EDGE + HEAD / 2, HEAD / 2 - 8)


def _is_direct(each: Arrow, anchors: Mapping[str, _Anchor]) -> bool:
    """Whether one gutter lies between the two: a line needs no lane then."""
    return anchors[each.sink].column == anchors[each.source].column + 1


def _across(
    columns: Sequence[Column], arrows: Sequence[Arrow], anchors: Mapping[str, _Anchor]
) -> tuple[list[float], list[tuple[float, float]]]:
    """Give where each column begins, and where each gutter does and ends: as wide as its lines need."""
    uses = [0] * (len(columns) + 1)
    for each in arrows:
        uses[anchors[each.source].column + 1] += 1
        if not _is_direct(each, anchors):
            uses[anchors[each.sink].column] += 1
    lefts: list[float] = []
    gutters: list[tuple[float, float]] = []
    at = 0.0
    for number, used in enumerate(uses):
        edge = number in (0, len(columns))
        wide = GUTTER + used * STEP if used else (EDGE if edge else GUTTER)
        gutters.append((at, at + wide))
        at += wide
        if number < len(columns):
            lefts.append(at)
            at += ZONE_WIDTH
    return lefts, gutters


def _column(column: Column, left: float, height: float) -> str:
    outside = " outside" if column.outside else ""
    parts = [
        f'<rect class="zone{outside}" x="{left:g}" y="{EDGE}" width="{ZONE_WIDTH}" height="{height:g}" rx="10"/>',
        _text(left + 14, EDGE + 24, column.name, "head", ZONE_WIDTH - 28),
        _text(left + 14, EDGE + 43, column.label, "soft", ZONE_WIDTH - 28),
    ]
    for place, box in enumerate(column.boxes):
        top = EDGE + HEAD + place * (ASSET_HEIGHT + ASSET_GAP)
        x, wide = left + EDGE, ZONE_WIDTH - 2 * EDGE
        parts.append(f'<rect class="asset" x="{x:g}" y="{top}" width="{wide}" height="{ASSET_HEIGHT}" rx="6"/>')
        parts.append(_text(x + 10, top + 20, box.name, "head", wide - 20))
        parts.append(_text(x + 10, top + 38, box.kind, "soft", wide - 20))
        parts.append(_text(x + 10, top + 55, box.holds, "soft", wide - 20))
    return "".join(parts)


def _lines(
    arrows: Sequence[Arrow],
    anchors: Mapping[str, _Anchor],
    lefts: Sequence[float],
    gutters: Sequence[float],
    bottom: float,
) -> Iterator[str]:
    """Draw each flow: out of its source to the right, along a gutter, by a lane below where it is far, and in from the left."""
    used = [0] * len(gutters)

    def place(gutter: int) -> float:
        used[gutter] += 1
        return gutters[gutter] + GUTTER / 2 + (used[gutter] - 0.5) * STEP

    lane = 0
    for number, each in enumerate(arrows, 1):
        source, sink = anchors[each.source], anchors[each.sink]
        start, end = lefts[source.column] + ZONE_WIDTH - source.inset, lefts[sink.column] + sink.inset
        from_y, to_y = source.slot(), sink.slot()
        out = place(source.column + 1)
        if _is_direct(each, anchors):
            path = f"M{start:g} {from_y:g}H{out:g}V{to_y:g}H{end - 1:g}"
        else:
            lane += 1
            y = bottom + lane * STEP - STEP / 4
            path = f"M{start:g} {from_y:g}H{out:g}V{y:g}H{place(sink.column):g}V{to_y:g}H{end - 1:g}"
        observed = " observed" if each.observed else ""
        yield f'<path class="flow{observed}" d="{path}" marker-end="url(#tip)"/>'
        yield f'<circle class="mark" cx="{out:g}" cy="{from_y:g}" r="{_BADGE}"/>'
        yield f'<text class="number" x="{out:g}" y="{from_y + 4:g}" text-anchor="middle">{number}</text>'


def _text(x: float, y: float, words: str, style: str, room: float) -> str:
    most = max(3, int(room / (_LETTER * 0.86 if style == "soft" else _LETTER)))
    shown = words if len(words) <= most else words[: most - 1] + "…"
    return f'<text class="{style}" x="{x:g}" y="{y:g}">{escape(shown)}</text>'
