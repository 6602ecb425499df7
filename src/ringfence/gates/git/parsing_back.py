"""Whether a changed file is still what it was: read by the strict parser of its format, before and after.

The rule: a file that its parser refuses is not touched, for nobody could say whether it was broken. What is compared is its shape:
all that it says but its values.
"""

import ast
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Final

_LENIENT: Final = (".jsonc", ".json5")  # whose comments no parser here knows
_TSCONFIG: Final = ("tsconfig", "jsconfig", ".babelrc", ".eslintrc")


class NotParsed(Exception):
    """A file that its parser refuses. Holds nothing of it."""


def shape_of_file(reader: str, name: str, data: bytes) -> bytes:
    """Give a digest of a file's shape; b"" where the format has no strict parser. Raises `NotParsed`."""
    base = name.rpartition("/")[2].lower()
    if reader == "code":
        reader = "python" if base.endswith((".py", ".pyi")) else ""
    if reader == "json" and (base.endswith(_LENIENT) or base.startswith(_TSCONFIG)):
        return b""
    parse = _PARSERS.get(reader)
    if parse is None:
        return b""
    digest = sha256()
    try:
        for part in parse(data):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\x00")
    except (ValueError, SyntaxError, RecursionError, MemoryError, LookupError):
        raise NotParsed from None
    return digest.digest()


def _python(data: bytes) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(data)
    for node in ast.walk(tree):
        yield type(node).__name__
        if isinstance(node, ast.Constant):
            yield type(node.value).__name__
        elif isinstance(node, ast.Name):
            yield node.id


def _json(data: bytes) -> Iterator[str]:
    text = data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    return _members(json.loads(text, object_pairs_hook=_Pairs))


class _Pairs(list[tuple[str, object]]):
    """An object's members."""


def _members(value: object) -> Iterator[str]:
    match value:
        case _Pairs():
            yield f"object of {len(value)}, {len({key for key, _ in value})}"
            for _, member in value:
                yield from _members(member)
        case list():
            yield f"array of {len(value)}"
            for item in value:
                yield from _members(item)
        case _:
            yield type(value).__name__


def _ndjson(data: bytes) -> Iterator[str]:
    for line in data.removeprefix(b"\xef\xbb\xbf").splitlines():
        if line.strip():
            yield from _json(line)


def _toml(data: bytes) -> Iterator[str]:
    import tomllib

    return _tables(tomllib.loads(data.decode("utf-8-sig")))


def _tables(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield f"table of {len(value)}"
        for member in value.values():
            yield from _tables(member)
    elif isinstance(value, list):
        yield f"array of {len(value)}"
        for item in value:
            yield from _tables(item)
    else:
        yield type(value).__name__


def _yaml(data: bytes) -> Iterator[str]:
    """Give the events of a stream: aliases are not followed, tags not understood."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        for event in YAML(typ="safe", pure=True).parse(data):
            yield f"{type(event).__name__} {getattr(event, 'anchor', '')} {getattr(event, 'tag', '')}"
    except YAMLError:
        raise NotParsed from None


def _xml(data: bytes) -> Iterator[str]:
    from xml.parsers.expat import ExpatError, ParserCreate

    parts: list[str] = []
    parser = ParserCreate()
    parser.StartElementHandler = lambda name, attributes: parts.append(f"<{name} {' '.join(attributes)}")
    parser.EndElementHandler = lambda name: parts.append(f"</{name}")
    parser.ProcessingInstructionHandler = lambda target, _: parts.append(f"<?{target}")
    parser.CommentHandler = lambda _: parts.append("<!--")
    try:
        parser.Parse(data, True)
    except ExpatError:
        raise NotParsed from None
    return iter(parts)


_PARSERS: Final[Mapping[str, Callable[[bytes], Iterator[str]]]] = {
    "python": _python,
    "json": _json,
    "notebook": _json,
    "ndjson": _ndjson,
    "toml": _toml,
    "yaml": _yaml,
    "xml": _xml,
}
