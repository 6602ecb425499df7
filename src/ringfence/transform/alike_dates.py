"""Made-up birth dates in the spelling of real ones: the first of January of a year that is near.

The rule: of a date nothing is kept but its year, within two. The first of January is what records
write where only the year is known.
"""

from collections.abc import Mapping
from typing import Final

import re2

from ringfence.transform.alike_numbers import Draw

_RUN: Final = re2.compile(r"\d+")
_WORD: Final = re2.compile(r"\pL{3,}")
_FIRST_YEAR, _LAST_YEAR = 1880, 2100
_SHIFTS: Final = (-2, -1, 1, 2)
_YEAR: Final = 4
_WHOLE: Final = 8
_SHORT: Final = 6

_LANGUAGES: Final = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner februar mrz april mai jun jul aug sept okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv févr mars avr mai juin juil aout sept oct nov déc",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago set oct nov dic",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
)
_JANUARY: Final[Mapping[str, str]] = {month: line.split()[0] for line in reversed(_LANGUAGES) for month in line.split()}
"""Each month's name, and the first month's in the same language: the first that has it."""

_JANUARIES: Final = frozenset(_JANUARY.values())


def day(value: str, draw: Draw) -> str | None:
    """Make the first of January of a year that is near; None where it is no date that is understood.

    >>> day("17.03.1985", Draw(b"k" * 16, b"n"))[:6]
    '01.01.'
    """
    runs = [(run.start(), run.end()) for run in _RUN.finditer(value)]
    month = next((word for word in _WORD.finditer(value) if word[0].casefold() in _JANUARY), None)
    parts = _parts(value, runs, month is not None)
    if parts is None:
        return None
    year, ones = parts
    edits = [(start, end, f"{1:0{end - start}}" if end - start <= 2 else "0" * (end - start)) for start, end in ones]
    edits += [(start, end, "0" * (end - start)) for start, end in runs[3 if month is None else 2 :]]
    edits.append((*year, _near(value[slice(*year)], draw)))
    if month is not None:
        edits.append((month.start(), month.end(), _alike(month[0])))
    if len(runs) == 1 and month is None:  # all in one
        year_first = year[0] == runs[0][0]
        other = "0101"
        near = _near(value[slice(*year)], draw)
        edits = [(*runs[0], near + other if year_first else other + near)]
    made = value
    for start, end, text in sorted(edits, reverse=True):
        made = made[:start] + text + made[end:]
    return made


def is_first_of_year(value: str) -> bool:
    """Tell the first of January.

    >>> [is_first_of_year(one) for one in ("1985-01-01", "1. Januar 1985", "1/1/85", "1985-01-10", "19850101")]
    [True, True, True, False, True]
    """
    runs = [(run.start(), run.end()) for run in _RUN.finditer(value)]
    words = [word[0].casefold() for word in _WORD.finditer(value)]
    month = next((word for word in words if word in _JANUARY), "")
    parts = _parts(value, runs, bool(month))
    if parts is None or (month and month not in _JANUARIES):
        return False
    return all(int(value[start:end]) in {1, 101} for start, end in parts[1])


def _parts(
    value: str, runs: list[tuple[int, int]], has_month: bool
) -> tuple[tuple[int, int], list[tuple[int, int]]] | None:
    """Find the year, and what is to be one."""
    if len(runs) == 1 and not has_month:
        start, end = runs[0]
        if end - start == _WHOLE:
            if _is_year(value[start : start + _YEAR]):
                return (start, start + _YEAR), [(start + _YEAR, end)]
            return ((end - _YEAR, end), [(start, end - _YEAR)]) if _is_year(value[end - _YEAR : end]) else None
        return ((start, start + 2), [(start + 2, end)]) if end - start == _SHORT else None
    wanted = 2 if has_month else 3
    first = runs[:wanted]
    if len(first) < wanted:
        return None
    years = [run for run in first if run[1] - run[0] == _YEAR and _is_year(value[slice(*run)])]
    others = [run for run in first if run[1] - run[0] <= 2]
    if len(years) == 1 and len(others) == wanted - 1:
        return years[0], others
    return (others[-1], others[:-1]) if len(others) == wanted else None


def _is_year(text: str) -> bool:
    return _FIRST_YEAR <= int(text) <= _LAST_YEAR


def _near(year: str, draw: Draw) -> str:
    shifted = int(year) + draw.of(_SHIFTS)
    least, most = (_FIRST_YEAR, _LAST_YEAR) if len(year) == _YEAR else (0, 99)
    return f"{shifted if least <= shifted <= most else int(year):0{len(year)}}"


def _alike(month: str) -> str:
    january = _JANUARY[month.casefold()]
    return january.upper() if month.isupper() else january.capitalize() if month[:1].isupper() else january
