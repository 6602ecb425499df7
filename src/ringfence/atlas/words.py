"""Evidence in words: what a code says, for people.

The rule: a code that is not known here is shown as it is; a code holds no value, and neither do its words.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ringfence.atlas.model import Mapped


def _values(rest: str, what: str = "values") -> str:
    entity, _, share = rest.rpartition(":")
    percent = f"{float(share) * 100:.0f} %" if share.replace(".", "", 1).isdigit() else share
    if entity in ("some", ""):
        return f"something personal stands in {percent} of the {what}"
    return f"{percent} of the {what} {'have' if what == 'lines' else 'are'} {entity}"


_SAYS: Final[Mapping[str, Callable[[str], str]]] = {
    "field": lambda rest: f"its name says {rest}",
    "comment": lambda rest: f"its comment says {rest}",
    "values": _values,
    "lines": lambda rest: _values(rest, "lines"),
    "type": lambda rest: f"its type is {rest}",
    "shape": lambda rest: f"its values {'are' if rest.startswith('no ') else 'look like'} {rest}",
    "key": lambda rest: f"it is the key {rest}",
    "table": lambda rest: f"its table is one {rest}",
    "lineage": lambda rest: f"as {rest}",
    "format": lambda rest: f"its format is {rest}",
    "mark": lambda rest: f"it is marked {rest}",
    "below": lambda rest: f"below it is {rest}",
    "failed": lambda rest: f"reading it failed ({rest})",
}

_WHOLE: Final[Mapping[str, str]] = {
    "sample:empty": "there were no values to look at",
    "sample:of people": "it tells people apart or sorts them, and its name does not say by what",
    "sample:says nothing": "neither its name nor its values say what it is",
    "shape:few values": "a few values come again and again",
    "shape:document": "a document, judged by its parts; content decides of the rest",
    "shape:names are data": "the names in this object are data themselves",
    "shape:recursive": "it holds itself: how deep, nobody can say",
    "shape:described elsewhere": "it is described in another file, which was not read",
    "shape:nested too deep": "it is nested deeper than was read",
    "shape:too long to be read": "some documents were too long to be read",
    "locked": "its table was locked",
    "timeout": "reading its table took too long",
    "denied": "the login may not read it",
    "foreign": "it is another server's, and was not asked",
    "computed": "computed by a view that is made from personal columns",
    "copy": "a copy, judged as its source",
    "reviewed": "a person judged it",
}


def in_words(code: str) -> str:
    """Say one code.

    >>> in_words("values:EMAIL_ADDRESS:0.97"), in_words("field:email"), in_words("locked")
    ('97 % of the values are EMAIL_ADDRESS', 'its name says email', 'its table was locked')
    """
    if code in _WHOLE:
        return _WHOLE[code]
    kind, _, rest = code.partition(":")
    say = _SAYS.get(kind)
    return say(rest) if say is not None and rest else code


def reasons(one: Mapped) -> str:
    """Say why a field is judged as it is, and where its values come from."""
    said = [in_words(code) for code in one.evidence if not (code.startswith("lineage:") and one.lineage)]
    return "; ".join([*said, *map(str, one.lineage)])
