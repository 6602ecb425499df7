"""Saying a schema's errors in words: one table from pydantic's kinds of error to what is wrong and how it is mended.

The rule: pydantic's own messages are never passed on, for they quote what was written.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from ringfence.policy import document
from ringfence.policy.document_forms import FormDocument
from ringfence.policy.document_words import ContradictionError
from ringfence.policy.problems import Problem, nearest, quoted
from ringfence.policy.tree import Node, Row, Step, Table, place
from ringfence.policy.variables import fits

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_TYPES: Mapping[str, tuple[str, str]] = {
    "string_type": ("should be text", "put it in quotes if it is meant as text"),
    "int_type": ("should be a whole number", "write digits only, without quotes"),
    "float_type": ("should be a number", "write digits, without quotes"),
    "bool_type": ("should be true or false", "write true or false, without quotes"),
    "list_type": ("should be a list", "write [one, two]"),
    "dict_type": ("should be a mapping", "write {key: value}"),
    "model_type": ("should be a mapping", "write {key: value}"),
    "model_attributes_type": ("should be a mapping", "write {key: value}"),
    "finite_number": ("should be a finite number", "write digits, without quotes"),
    "string_too_short": ("is empty", "write something, or remove the key"),
}
_NAME = "a name begins with a letter and goes on with letters, digits, `_`, `.` and `-`, at most 63 in all"
_NAMES_OF_RECOGNIZERS = {
    True: "write it in capitals, digits and `_`: CUSTOMER_NUMBER",
    False: "write it in small letters, digits and `-`: with-prefix",
}
_DURATIONS = {
    "within": "write a number with s, m, h or d: 5m",
    "per": "write a number with s, m, h or d: 1h",
    "most": "write how many in which time: 60 per 1h",
    "keep": "write a number with s, m, h or d: 24h",
}
_FORMS: Mapping[str, type[BaseModel]] = {
    str(get_args(model.model_fields["transform"].annotation)[0]): model for model in get_args(get_args(FormDocument)[0])
}


def in_words(detail: "ErrorDetails", root: Table) -> Problem:
    """Say one of pydantic's errors, at its place in the tree."""
    kind, context = detail["type"], detail.get("ctx", {})
    path = tuple(step for step in detail["loc"] if step != "[key]")
    of_key = kind == "extra_forbidden" or "[key]" in detail["loc"]
    at = place(root, path, of_key=of_key)
    name = quoted(_last(path, root))
    what, mend = _said(kind, context, path, detail.get("input"), name, of_key=of_key)
    return Problem(at.file, at.line, at.column, what, mend)


def _said(
    kind: str,
    context: Mapping[str, Any],
    path: tuple[Step, ...],
    given: object,
    name: str,
    *,
    of_key: bool,
) -> tuple[str, str]:
    match kind:
        case "value_error" if isinstance(context.get("error"), ContradictionError):
            return context["error"].what, context["error"].mend
        case "extra_forbidden":
            return f"unknown key{name}", nearest(path[-1], _keys(path[:-1]))
        case "missing":
            return f"the key{quoted(path[-1])} is missing", "write `version: 1`" if path == (
                "version",
            ) else f"add `{path[-1]}:` here"
        case "literal_error":
            return _not_a_word(path, given, name, context)
        case "union_tag_invalid":
            return f"there is no transform{quoted(_input_tag(given))}", nearest(_input_tag(given), _FORMS)
        case "union_tag_not_found":
            return 'the key "transform" is missing', nearest(None, _FORMS)
        case "string_type" if fits(path[:4], ("flows", "*", "carry", "*")) and path[-1] == "(form)":
            return (
                "neither a form nor a list of forms",
                "write `CATEGORY: FORM` or `CATEGORY: [{role: ROLE, form: FORM}]`",
            )
        case "string_pattern_mismatch":
            if path and path[-1] == "retention":
                return "a retention that is not a number and a unit", "write 400d, 7y, 6m (months) or 12w"
            if path and path[-1] in _DURATIONS:
                return f"the value of{name} is not a time" if path[-1] != "most" else "most is not a rate", _DURATIONS[
                    str(path[-1])
                ]
            if fits(path[:3], ("gates", "*", "headers")):
                return (
                    f"the value of{name} is not the name of a header field",
                    "letters, digits and `-`, such as x-role",
                )
            if fits(path[:3], ("gates", "*", "hosts")):
                return (
                    f"the value of{name} is not a host",
                    "write it as in an address, in small letters: api.internal:9100",
                )
            if path[:2] == ("detect", "recognizers"):
                return f"the value of{name} is not a name of that kind", _NAMES_OF_RECOGNIZERS[path[-1] == "entity"]
            return f"the key{name} is not a name" if of_key else f"the value of{name} is not a name", _NAME
        case "too_short":
            return f"the list of{name} is empty", "name at least one"
        case "string_too_long":
            return f"the value of{name} is longer than {context.get('max_length', 'allowed')} characters", "shorten it"
        case "greater_than_equal" | "less_than_equal":
            most = "at least" if kind == "greater_than_equal" else "at most"
            return f"the value of{name} is out of range", f"{most} {context.get('ge', context.get('le', 0)):g}"
    what, mend = _TYPES.get(kind, ("is not what belongs here", "`ringfence policy schema` says what does"))
    return f"the value of{name or ' this key'} {what}", mend


def _not_a_word(path: tuple[Step, ...], given: object, name: str, context: Mapping[str, Any]) -> tuple[str, str]:
    if path and path[-1] == "version":
        return "a version that this ringfence does not read", "write `version: 1`"
    valid = [
        word for word in str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ") if word
    ]
    what = f"{quoted(given).strip()} is not a value" if quoted(given) else "a value that is not one"
    return f"{what} of{name or ' this key'}", nearest(given, valid)


def _input_tag(given: object) -> object:
    return given.get("transform") if isinstance(given, dict) else None


def _last(path: tuple[Step, ...], root: Table) -> object:
    """Give the last word of a path that stands in the tree: the key whose value is wrong."""
    word: object = None
    node: Node = root
    for step in path:
        match node:
            case Table(entries=entries) if isinstance(step, str) and step in entries:
                word, node = step, entries[step].node
            case Row(items=items) if isinstance(step, int) and step < len(items):
                node = items[step]
            case _:
                continue
    return word


def _keys(path: tuple[Step, ...]) -> Iterable[str]:
    """Say which keys the mapping at a path has: by walking the models as pydantic did."""
    if path and path[0] == "forms":
        model = _FORMS.get(str(path[-1]))
        return model.model_fields if model else ()
    model = document.Document
    for step in path:
        if not isinstance(step, str):
            continue
        field = next((each for name, each in model.model_fields.items() if step in (name, each.alias)), None)
        below = _model_in(field.annotation) if field is not None else None
        model = below or model
    return [each.alias or name for name, each in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None
