"""Write the parts of the documentation that tables in the code already say: commands, policy keys, categories, entities, forms.

The rule: a generated part stands between two marks in a page, ``<!-- begin NAME -->`` and ``<!-- end NAME -->``; everything else on
the page belongs to people. A part depends on the code alone, so writing it twice gives the same bytes.

    python tools/write_docs.py            write every part anew
    python tools/write_docs.py --check    write nothing; exit 1 where a part is not what the code says

The pictures are drawn by `tools/draw_demo.py`.
"""

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Draw a table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Set a text as code."""
    return f"`{text}`" if text else ""


def entities() -> str:
    """Every entity, with what it is judged by and an example of its own."""
    from ringfence.detect import RECOGNIZERS
    from ringfence.taxonomy import ENTITIES

    known = {one.entity: one for one in RECOGNIZERS}
    rows = []
    for one in ENTITIES.values():
        found = known[one.name]
        example = next(item for item in found.examples if item.found and "\n" not in item.text and "`" not in item.text)
        where = f" in the field `{example.field}`" if example.field else ""
        rows.append(
            (
                code(one.name),
                one.title,
                code(one.category),
                found.certainty.name.lower(),
                f"{found.threshold:.2f}",
                f"`{example.text}`{where}",
            )
        )
    return table(("entity", "what it is", "category", "rests on", "threshold", "an example in which it is found"), rows)


def entity_sources() -> str:
    """Where each entity's definition is published, and the words and field names that vouch for it."""
    from ringfence.detect import RECOGNIZERS

    parts = []
    for one in sorted(RECOGNIZERS, key=lambda each: each.entity):
        spellings = (
            ", ".join(code(f"pattern:{pattern.code}") for pattern in one.patterns) or "none: the name of the field"
        )
        lines = [f"### {one.entity}", "", f"- Source: {one.source}", f"- Patterns: {spellings}"]
        if one.words:
            lines.append(f"- Words within {one.near} bytes before it: {', '.join(one.words)}")
        if one.fields:
            lines.append(f"- Names of fields: {', '.join(one.fields)}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def categories() -> str:
    """Every category with its sensitivity, the size of its domain, and the laws that name it."""
    from ringfence.taxonomy import CATEGORIES, EXTENSIONS

    rows = [
        (
            code(one.path) + (" (*)" if one.path in EXTENSIONS else ""),
            one.title,
            one.sensitivity.value,
            one.domain.value,
            "; ".join(map(str, one.regulations)),
        )
        for one in CATEGORIES.values()
    ]
    return table(("category", "what it is", "sensitivity", "values", "named by"), rows)


def regulations() -> str:
    """Where each cited law is published."""
    from ringfence.taxonomy.regulations import Regulation

    return table(("name", "title", "text"), [(each.name, each.title, f"<{each.source}>") for each in Regulation])


TRANSFORMS = {  # kind -> the function whose docstring says what it hides, and policies' forms that are tried out on a value
    "redact": ("redact.redact", ({"transform": "redact"},)),
    "mask": (
        "mask.mask",
        ({"transform": "mask"}, {"transform": "mask", "keep_last": 4}, {"transform": "mask", "keep_domain": True}),
    ),
    "truncate": ("truncate.truncate", ({"transform": "truncate"}, {"transform": "truncate", "keep_first": 3})),
    "bucket": ("bucket.bucket", ({"transform": "bucket", "unit": "decade"}, {"transform": "bucket", "width": 10})),
    "hash": ("keyed_hash.keyed_hash", ({"transform": "hash", "key": "k-example"},)),
    "token": ("token.token", ({"transform": "token", "key": "k-example"},)),
    "placeholder": ("placeholder.placeholder", ({"transform": "placeholder", "key": "k-example"},)),
    "surrogate": ("surrogate.surrogate", ({"transform": "surrogate", "key": "k-example"},)),
    "null": ("null.null", ({"transform": "null"},)),
}
TRIED = (
    ("user.contact.email", "ada@example.org"),
    ("user.financial.credit_card", "4111 1111 1111 1111"),
    ("user.device.ip_address", "203.0.113.7"),
    ("user.demographic.date_of_birth", "1980-05-17"),
    ("user.demographic.age_range", "34"),
)


def transforms() -> str:
    """What each transform hides and what it does not, in its docstring's own words, with what it makes of some values."""
    parts = []
    for kind, (where, tried) in TRANSFORMS.items():
        module, _, name = where.rpartition(".")
        said = inspect.getdoc(getattr(import_module(f"ringfence.transform.{module}"), name)) or ""
        head, _, rest = said.partition("\n")
        parts.append(f"## {kind}\n\n**{head}**\n\n{rest.strip()}".replace("``", "`"))
        if tried:
            parts.append(table(("form", "value", "what crosses"), _tried(tried)))
    return "\n\n".join(parts)


def _tried(forms: Sequence[Mapping[str, object]]) -> Iterator[tuple[str, str, str]]:
    from ringfence.policy import Form, FormKind
    from ringfence.transform import About, Ask, KeyHandle, Keyring, apply, stand_in

    keys = Keyring([KeyHandle("k-example", 1, bytes(range(32)))])
    for written in forms:
        parameters = {key: value for key, value in written.items() if key != "transform"}
        form = Form("example", FormKind(str(written["transform"])), **parameters)  # type: ignore[arg-type]
        shown = "{" + ", ".join(f"{key}: {_plain(value)}" for key, value in written.items()) + "}"
        for category, value in TRIED:
            made = apply(form, value, About("", category, "zone:outside", keys))
            made = stand_in(made, 1) if isinstance(made, Ask) else made  # the first of a conversation
            if made is not None or form.kind is FormKind.NULL:
                yield code(shown), code(value), code(str(made)) if made is not None else "null"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if value in ("", "null") else str(value)


def policy_keys() -> str:
    """Every key of a policy, from its JSON Schema."""
    from ringfence.policy import schema

    made: Any = schema()
    parts: list[str] = []
    waiting = [("", "#")]
    while waiting:
        path, reference = waiting.pop(0)
        part = made if reference == "#" else made["$defs"][reference.rpartition("/")[2]]
        title = f"### `{path}`" if path else "### The file"
        rows = []
        for key, value in part["properties"].items():
            required = " (required)" if key in part.get("required", ()) else ""
            rows.append((code(key) + required, _value(value), code(_default(value)), value.get("description", "")))
            below = {name: kind for kind, name in _references(value)}  # what may stand alone or in a list, once
            waiting += [(_below(path, key, kind, name), name) for name, kind in below.items()]
        parts.append(f"{title}\n\n{part['description']}\n\n{table(('key', 'value', 'default', 'meaning'), rows)}")
    return "\n\n".join(parts)


def _references(value: Any, kind: str = "") -> Iterator[tuple[str, str]]:
    """Give the definitions that a key's value may be, with how it is reached: by a name, in a list, or directly."""
    if "$ref" in value:
        yield kind, value["$ref"]
    for each in (*value.get("oneOf", ()), *value.get("anyOf", ())):
        yield from _references(each, kind)
    for each in value.get("patternProperties", {}).values():
        yield from _references(each, f"{kind}.NAME")
    if isinstance(value.get("additionalProperties"), dict):
        yield from _references(value["additionalProperties"], f"{kind}.CATEGORY")
    if isinstance(value.get("items"), dict):
        yield from _references(value["items"], f"{kind}[]")


def _below(path: str, key: str, kind: str, reference: str) -> str:
    if key == "endpoints":
        kind = kind.replace(".CATEGORY", ".ENDPOINT")
    written = f"{path}.{key}{kind}" if path else f"{key}{kind}"
    transform = reference.rpartition("/")[2].removesuffix("Document").lower()
    return f"{written} ({transform})" if written == "forms.NAME" else written


def _value(value: Any) -> str:
    """Say what a key takes."""
    if "const" in value:
        return code(str(value["const"]))
    if "enum" in value:
        return _words(value["enum"])
    choices = [each for each in (*value.get("anyOf", ()), *value.get("oneOf", ())) if each.get("type") != "null"]
    if choices:
        return " or ".join(dict.fromkeys(map(_value, choices)))
    match value.get("type"):
        case "array":
            return f"list of {_value(value['items'])}" if value.get("items") else "list"
        case "object":
            names = value.get("propertyNames", {})
            keys = _value(names) if "enum" in names or "anyOf" in names else "name"
            below = next(iter(value.get("patternProperties", {}).values()), value.get("additionalProperties"))
            return f"{keys} → {_value(below)}" if isinstance(below, dict) else "mapping"
        case "boolean":
            return "`true`, `false`"
        case "integer" | "number":
            least, most = value.get("minimum", value.get("exclusiveMinimum")), value.get("maximum")
            return f"number, from {least}" if most is None else f"number, {least} to {most}"
        case "string":
            return "text"
        case None if "pattern" in value:  # one of several spellings of a text
            return "text"
        case _:
            return "mapping"


def _words(words: Sequence[str]) -> str:
    """List the words of a closed set; the taxonomy's, which have pages of their own, by their kind."""
    from ringfence.taxonomy import CATEGORIES, ENTITIES

    kinds = {"category": set(words) & set(CATEGORIES), "entity": set(words) & set(ENTITIES)}
    own = [code(word) for word in words if word and word not in CATEGORIES and word not in ENTITIES]
    return ", ".join([*(kind for kind, found in kinds.items() if found), *own])


def _default(value: Any) -> str:
    default = value.get("default")
    return "" if default in (None, "", [], {}) or isinstance(default, dict) else _plain(default)


def commands() -> str:
    """Every command with its help, arguments and options, from the commands themselves."""
    import typer.main

    from ringfence.cli._program import COMMANDS, module_of

    parts = []
    for name, what in COMMANDS.items():
        app = import_module(module_of(name)).app
        made: Any = typer.main.get_command(app)
        callbacks = [info.callback for info in app.registered_commands]
        if hasattr(made, "commands"):
            own = app.registered_callback
            if own is not None and made.invoke_without_command:
                parts.append(_command(f"ringfence {name}", made, own.callback, 2))
            else:
                parts.append(f"## ringfence {name}\n\n{what}")
            pairs = list(zip(made.commands.values(), callbacks, strict=True))
            parts += [_command(f"ringfence {name} {one.name}", one, callback, 3) for one, callback in pairs]
        else:
            parts.append(_command(f"ringfence {name}", made, callbacks[0], 2))
    return "\n\n".join(parts)


def _command(name: str, command: Any, callback: Callable[..., object], level: int) -> str:
    types_of = {key: value.annotation for key, value in inspect.signature(callback, eval_str=True).parameters.items()}
    body = [f"{'#' * level} {name}"]
    for paragraph in inspect.cleandoc(command.help).split("\n\n"):
        example = paragraph.removeprefix("Example: ")
        body.append(paragraph if example == paragraph else f"Example: `{example}`")
    rows = []
    for one in command.params:
        is_option = one.param_type_name == "option"
        spelt = ", ".join(map(code, one.opts)) if is_option else code(one.metavar or one.name.upper())
        takes = _takes(types_of[one.name], one.metavar if is_option else None)
        default = one.show_default if isinstance(one.show_default, str) else _plain_default(one.default)
        facts = ["required" if one.required else "", f"default: {default}" if default else ""]
        facts.append(f"environment: `{one.envvar}`" if one.envvar else "")
        rows.append((spelt, takes, one.help or "", "; ".join(filter(None, facts))))
    if rows:
        body.append(table(("option or argument", "takes", "meaning", ""), rows))
    return "\n\n".join(body)


def _plain_default(default: object) -> str:
    if default is None or default is False or default == "":
        return ""
    return str(default.value if isinstance(default, Enum) else default)


def _takes(annotation: Any, metavar: str | None) -> str:
    """Say what an option takes: its words where they are few, else its kind."""
    if metavar:
        return code(metavar)
    if typing.get_origin(annotation) is typing.Annotated:
        return _takes(typing.get_args(annotation)[0], None)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return _takes(next(each for each in typing.get_args(annotation) if each is not type(None)), None)
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(map(code, typing.get_args(annotation)))
    if typing.get_origin(annotation) is list:
        return "one or more"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(code(str(each.value)) for each in annotation)
    return {bool: "", int: "a number", float: "a number", Path: "a path"}.get(annotation, "text")


def ledger_problems() -> str:
    """What verifying can find."""
    from ringfence.ledger.verifying import MENDS

    return table(("code", "what to do"), [(code(problem.value), mend) for problem, mend in MENDS.items()])


def ledger_faults() -> str:
    """Why a ledger does not take an entry."""
    from ringfence.ledger.faults import MENDS

    return table(("fault", "what to do"), [(code(fault.value), mend) for fault, mend in MENDS.items()])


PARTS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "entities": ("entities.md", entities),
    "entity sources": ("entities.md", entity_sources),
    "categories": ("categories.md", categories),
    "regulations": ("categories.md", regulations),
    "transforms": ("transforms.md", transforms),
    "policy keys": ("policy.md", policy_keys),
    "commands": ("cli.md", commands),
    "ledger problems": ("ledger.md", ledger_problems),
    "ledger faults": ("ledger.md", ledger_faults),
}
"""Every generated part: the page that it stands in, and what makes it."""


def renewed(page: str, name: str, content: str) -> str:
    """Give a page with one part written anew. Raises `SystemExit` where the page has no place for it."""
    begin, end = f"<!-- begin {name} -->\n", f"\n<!-- end {name} -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        sys.exit(
            f"the marks of the part `{name}` are missing, or stand there twice\n  write {begin.strip()} and {end.strip()}"
        )
    before, _, rest = page.partition(begin)
    after = rest.partition(end)[2]
    return f"{before}{begin}{content}{end}{after}"


def stale(*, write: bool) -> list[str]:
    """Name the parts that are not what the code says; write them anew where `write` says so."""
    found = []
    for name, (file, make) in PARTS.items():
        path = DOCS / file
        page = path.read_text(encoding="utf-8")
        fresh = renewed(page, name, make())
        if fresh != page:
            found.append(f"docs/{file}: {name}")
            if write:
                path.write_text(fresh, encoding="utf-8")
    return found


def main(arguments: Sequence[str]) -> int:
    """Write, or check."""
    check = arguments == ["--check"]
    for name in stale(write=not check):
        print(f"{name}: {'not what the code says' if check else 'written anew'}")
        if check:
            print("  run `make docs`")
    return int(check and bool(stale(write=False)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
