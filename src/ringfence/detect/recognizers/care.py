"""Dates of care: admission, discharge, death, and what is told of a patient in prose.

The rule: a date by itself says nothing. It stands behind the word of a form or, where prose tells one, in a line that speaks of
care. A year by itself is left alone, as HIPAA leaves it.
"""

from collections.abc import Sequence

from ringfence.detect._bytes import BREAKS, is_digit, is_word_after, is_word_before, line_start
from ringfence.detect._checks import stands_free
from ringfence.detect._engine import searcher
from ringfence.detect.recognizer import Certainty, Hit, Pattern, Recognizer, row

_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_CLOCK = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_MONTHS = (
    "january|february|march|april|june|july|august|september|october|november|december|enero|febrero|marzo|abril|mayo|junio|julio|"
    "agosto|septiembre|setiembre|octubre|noviembre|diciembre|januar|februar|märz|juni|juli|oktober|dezember|janvier|février|avril|"
    "juin|juillet|août|septembre|octobre|novembre|décembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    "janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro"
)
_CARE = searcher(
    r"(?i)\b(?:pa[ct]ien|paziente|diagn[oó]s|hospital|ospedal|krankenhaus|klinik|cl[ií]nic|cirug|quir[uú]rg|chirurg|surg(?:ery|ical)|"
    r"tratamiento|treatment|behandl|traitement|trattamento|tratamento|tumor|carcinom|c[aá]ncer|qui?mioter|chemother|terap|therap|"
    r"intervenid|operad[oa]|operiert|op[ée]r[ée]e?|trasplant|transplant|biops|s[ií]ntoma|symptom|ingres[oóa]|fallec|lesi[oó]n|"
    r"enfermedad|disease|krankheit|malad|malatt|antecedentes|dolor|urolog|nefro|nephr|episod)"
)
_FAR = 240  # bytes on either side


def _in_care(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take a date in a line that speaks of care nearby."""
    if is_word_before(data, start) or is_word_after(data, end) or not stands_free(data, start, end):
        return ()
    low = line_start(data, start, _FAR)
    high = min(len(data), end + _FAR, *(at for at in (data.find(mark, end, end + _FAR) for mark in BREAKS) if at >= 0))
    speaks = _CARE(data, low, start)[0] >= 0 or _CARE(data, end, high)[0] >= 0
    return (Hit(start, end, ("prose:care",)),) if speaks else ()


def _on_in_care(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take such a date behind its preposition."""
    goes_on = data[end : end + 1] in (b"/", b"-", b".", b":") and is_digit(data, end + 1)
    return () if is_word_before(data, start) or goes_on else _in_care(data, data.index(b" ", start) + 1, end)


def _date(data: bytes, start: int, end: int) -> Sequence[Hit]:
    if not stands_free(data, start, end) or data[start - 1 : start] == b"/" or data[end : end + 1] == b"/":
        return ()
    joined = data[end : end + 1] == b":" and is_digit(data, end + 1)
    return () if joined else (Hit(start, end),)


CARE: tuple[Recognizer, ...] = (
    row(
        "DATE_TIME",
        "HIPAA 45 CFR 164.514(b)(2)(i)(C): dates of a person's admission, discharge, death; ISO 8601",
        (
            Pattern(
                "time-iso", r"[12][0-9]{3}-[01][0-9]-[0-3][0-9](?:" + _CLOCK + ")?", 0.3, 0.7, after=40, check=_date
            ),
            Pattern(
                "time-numeric",
                r"[0-9]{1,2}(?:/[0-9]{1,2}/|-[0-9]{1,2}-|\.[0-9]{1,2}\.)(?:[0-9]{4}|[0-9]{2})",
                0.2,
                0.7,
                after=12,
                check=_date,
            ),
            Pattern("time-named", r"[0-9]{1,2}[ -]" + _MONTH + r"[ -][0-9]{2,4}", 0.3, 0.7, after=24, check=_date),
            Pattern(
                "time-spelt",
                r"(?:[0-9]{1,2}(?:\.|º|er)?(?: de)? )?(?i:" + _MONTHS + ")(?: del?| of|,)? (?:19|20)[0-9]{2}",
                *(0.6, 0.7),
                trigger=r"(?i:" + _MONTHS + ")(?: del?| of|,)? (?:19|20)[0-9]",
                before=12,
                after=8,
                check=_in_care,
            ),
            Pattern(
                "time-told",
                r"(?i:el|del|al|on|am|le|il|em|op) (?:[0-9]{1,2}(?:/[0-9]{1,2}/|-[0-9]{1,2}-|\.[0-9]{1,2}\.)(?:[0-9]{4}|[0-9]{2})|"
                r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9])",
                *(0.6, 0.7),
                trigger=r"\b(?i:el|del|al|on|am|le|il|em|op) [0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]",
                before=1,
                after=8,
                check=_on_in_care,
            ),
            Pattern("time-month", r"[0-9]{1,2}/(?:[0-9]{4}|[0-9]{1,2})", 0.1, 0.55, after=8, check=_date),
        ),
        "admission, admitted, admission date, discharge, discharged, discharge date, date of death, "
        "deceased, died, date of service, "
        "appointment, aufnahme, entlassung, aufnahmedatum, entlassungsdatum, verstorben, ingreso, fecha de ingreso, "
        "fecha de ingreso/consulta, alta, fecha de alta, fallecido, admis, sortie, décès, date d'entrée, ricovero, dimissione, "
        "data di ricovero, internação, opname, ontslag, fallece, ingresa, acude, intervenido, intervenida, operado, operada",
        "Admitted: [2024-03-15]",
        "Fecha de ingreso: [12/03/2021]",
        "En [marzo de 2013] el paciente ingresó con fiebre",
        "diagnosed in [March 2013], surgery on [4 April 2014]",
        "El [27/02/02] se realiza una biopsia",
        "Die Patientin wurde [Oktober 2011] operiert",
        "built 2024-03-15 at 12/03/2021, released in March 2013 on 2014-03-02",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
)
