"""A reliability diagram as SVG: the share of right hits over the score, before and after the fit, and how many hits there are.

It has a ground of its own, so that it is read on a light page and on a dark one.
"""

from collections.abc import Mapping
from math import log10
from typing import Protocol


class Band(Protocol):
    """Hits whose scores lie in one tenth."""

    @property
    def count(self) -> int: ...
    @property
    def score(self) -> float: ...
    @property
    def right(self) -> float: ...


_LEFT, _TOP, _SIDE = 70, 56, 360
_BARS_TOP, _BARS_HIGH = 462, 80
_DECADES = 6
_BEFORE, _AFTER = "#b45309", "#0369a1"


def _x(score: float) -> float:
    return _LEFT + score * _SIDE


def _y(share: float) -> float:
    return _TOP + (1 - share) * _SIDE


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{text}</text>'


def _ground() -> list[str]:
    parts = ['<g stroke="#e2e8f0">']
    for number in range(11):
        at = number / 10
        parts.append(f'<path d="M{_x(at):.0f} {_TOP} V{_TOP + _SIDE} M{_LEFT} {_y(at):.0f} H{_LEFT + _SIDE}"/>')
    parts.append('</g><g fill="#475569" font-size="12">')
    for number in range(0, 11, 2):
        parts.append(_text(_x(number / 10), _TOP + _SIDE + 18, f"{number / 10:.1f}", 'text-anchor="middle"'))
        parts.append(_text(_LEFT - 8, _y(number / 10) + 4, f"{number * 10} %", 'text-anchor="end"'))
    parts.append("</g>")
    upper = f"M{_x(0):.0f} {_y(0.1):.0f} L{_x(0.9):.0f} {_y(1):.0f} H{_x(1):.0f} V{_y(0.9):.0f}"
    corner = f"{upper} L{_x(0.1):.0f} {_y(0):.0f} H{_x(0):.0f} Z"
    parts.append(f'<path d="{corner}" fill="#f1f5f9"/>')
    parts.append(
        f'<path d="M{_x(0):.0f} {_y(0):.0f} L{_x(1):.0f} {_y(1):.0f}" stroke="#64748b" stroke-dasharray="6 4"/>'
    )
    return parts


def _line(bands: Mapping[int, Band], enough: int, colour: str) -> list[str]:
    points = [(_x(band.score), _y(band.right)) for band in bands.values() if band.count >= enough]
    path = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return [
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>' for x, y in points),
    ]


def _bars(before: Mapping[int, Band], after: Mapping[int, Band]) -> list[str]:
    parts = []
    width = _SIDE / 10 / 2 - 4
    for bands, colour, shift in ((before, _BEFORE, 3), (after, _AFTER, _SIDE / 20 + 1)):
        for number, band in bands.items():
            high = max(1.5, _BARS_HIGH * log10(max(1, band.count)) / _DECADES)
            x = _x(number / 10) + shift
            parts.append(
                f'<rect x="{x:.1f}" y="{_BARS_TOP + _BARS_HIGH - high:.1f}" width="{width:.1f}" height="{high:.1f}" '
                f'fill="{colour}"/>'
            )
    for decade in range(0, _DECADES + 1, 2):
        y = _BARS_TOP + _BARS_HIGH - _BARS_HIGH * decade / _DECADES
        parts.append(_text(_LEFT - 8, y + 4, f"{10**decade:,}", 'text-anchor="end" font-size="12" fill="#475569"'))
    parts.append(f'<path d="M{_LEFT} {_BARS_TOP + _BARS_HIGH} H{_LEFT + _SIDE}" stroke="#64748b"/>')
    return parts


def drawn(before: Mapping[int, Band], after: Mapping[int, Band], enough: int) -> str:
    """Draw both; points stand for tenths with `enough` hits, bars for all of them."""
    high = _BARS_TOP + _BARS_HIGH + 50
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 {high}" '
            'font-family="Helvetica, Arial, sans-serif" font-size="14">'
        ),
        "<title>Reliability of scores</title>",
        (
            "<desc>The share of right hits over the score, in tenths: declared scores lie off the diagonal, "
            "fitted scores near it.</desc>"
        ),
        f'<rect width="460" height="{high}" rx="10" fill="#ffffff"/>',
        f'<circle cx="{_LEFT + 6}" cy="30" r="4.5" fill="{_BEFORE}"/>',
        _text(_LEFT + 18, 35, "declared", 'fill="#0f172a"'),
        f'<circle cx="{_LEFT + 106}" cy="30" r="4.5" fill="{_AFTER}"/>',
        _text(_LEFT + 118, 35, "fitted", 'fill="#0f172a"'),
        _text(_LEFT + _SIDE, 35, "share that is right, by score", 'text-anchor="end" fill="#475569" font-size="12"'),
        *_ground(),
        *_line(before, enough, _BEFORE),
        *_line(after, enough, _AFTER),
        *_bars(before, after),
        _text(
            _LEFT + _SIDE / 2,
            high - 18,
            "score; below: hits in each tenth",
            'text-anchor="middle" fill="#475569" font-size="12"',
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
