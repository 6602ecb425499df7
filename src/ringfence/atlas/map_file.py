"""The map file: what was found, as a part of the policy that a team reviews, commits and includes.

The rule: each field stands on its own line with its judgement, and behind it, for the reader, how sure that is and why. What a
person judged (`reviewed`) is never changed by a run. Files are replaced whole, in one step; a map that is too long for one file
of a policy goes on in others, which the first includes.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from secrets import token_hex
from typing import Final

from ringfence.atlas import map_text
from ringfence.atlas.faults import BadMapFile
from ringfence.atlas.map_text import Place, line_end, line_start, spelt
from ringfence.atlas.model import ENDPOINT, AssetMap, Mapped, MappedTable, endpoint_field, parts_of_field
from ringfence.atlas.words import reasons
from ringfence.policy.tree import MAX_CHARACTERS

MAP_FILE: Final = "ringfence.map.yaml"
MOST_FIELDS: Final = 10_000  # of one file
MOST_CHARACTERS: Final = MAX_CHARACTERS * 9 // 10
_MOST_SAID: Final = 12  # fields of a log
MOST_BYTES: Final = 4 * MAX_CHARACTERS

_HEAD: Final = """\
# Where personal data is: written by `ringfence map`, and a part of the policy that says `include: [{name}]`.
# A line is a field and what it holds: a category, none, scan (free text: content decides) or unknown (denied). Mapping again writes
# the fields anew, but for those under `reviewed`: `ringfence map accept FIELD` and `reject FIELD` put them there.
version: 1
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a map file says of one asset."""

    zone: str
    kind: str
    fields: Mapping[str, str]  # by path; those of endpoints by their whole names
    reviewed: tuple[str, ...]
    endpoints: tuple[str, ...] = ()

    @property
    def judged(self) -> Mapping[str, str]:
        """What persons judged, by path."""
        return {path: self.fields[path] for path in self.reviewed if path in self.fields}


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str
    places: Mapping[map_text.Path, Place]


def read_map(file: Path) -> Mapping[str, Accepted]:
    """Read a map file and those that it includes; an empty mapping where there is none. Raises `BadMapFile`."""
    found: dict[str, Accepted] = {}
    for name in _assets(files := _read_all(file)):
        fields: dict[str, str] = {}
        words = {"zone": "", "kind": ""}
        reviewed: list[str] = []
        endpoints: list[str] = []
        for one in files:
            for path, place in one.places.items():
                match path:
                    case ("assets", asset, "fields", str(field)) if asset == name and place.scalar is not None:
                        fields[field] = place.scalar
                    case ("assets", asset, "endpoints", str(endpoint)) if asset == name:
                        endpoints.append(endpoint)
                    case ("assets", asset, "endpoints", str(endpoint), str(way), str(field)) if asset == name:
                        fields[endpoint_field(endpoint, way, field)] = place.scalar or ""
                    case ("assets", asset, "reviewed", int()) if asset == name and place.scalar is not None:
                        reviewed.append(place.scalar)
                    case ("assets", asset, ("zone" | "kind") as key) if asset == name:
                        words[key] = place.scalar or ""
                    case _:
                        pass
        found[name] = Accepted(words["zone"], words["kind"], fields, tuple(dict.fromkeys(reviewed)), tuple(endpoints))
    return found


def _assets(files: Sequence[_File]) -> list[str]:
    names = [path[1] for one in files for path in one.places if len(path) == 2 and path[0] == "assets"]
    return [name for name in dict.fromkeys(names) if isinstance(name, str)]


def write_map(file: Path, found: AssetMap, *, rezoned: bool = False) -> list[Path]:
    """Write an asset into a map file, in the place of what it said of that asset's fields; give the files that were written.

    Zone, kind and address of an asset that is there already stay a person's, unless `rezoned`.
    """
    files = _read_all(file)
    chunks = _chunks(found.tables) if found.kind != "log" else [_log_lines(found)]
    main = files[0] if files else _File(file, "", {})
    text = _with_asset(main, found, chunks[0], rezoned=rezoned)
    others = [file.with_name(f"{file.stem}.{found.asset}.{number}.yaml") for number in range(2, len(chunks) + 1)]
    stale = [one.path for one in files[1:] if _belongs(one.path, file, found.asset) and one.path not in others]
    text = _with_includes(text, file, [one.name for one in others], [one.name for one in stale])
    for other, lines in zip(others, chunks[1:], strict=True):
        _replace(other, _more(file, found, lines))
    _replace(file, text)
    for one in stale:
        with suppress(OSError):
            one.unlink()
    return [file, *others]


def _belongs(path: Path, file: Path, asset: str) -> bool:
    return path.name.startswith(f"{file.stem}.{asset}.")


def _chunks(tables: Iterable[MappedTable]) -> list[list[str]]:
    """Give the lines of all fields, without their indentation, in parts that fit a file each."""
    parts: list[list[str]] = [[]]
    fields = characters = 0
    for table in tables:
        lines = _table_lines(table)
        size = sum(len(line) + 8 for line in lines)
        if parts[-1] and (fields + len(lines) > MOST_FIELDS or characters + size > MOST_CHARACTERS):
            parts.append([])
            fields = characters = 0
        parts[-1] += lines
        fields += len(lines)
        characters += size
    return parts


def _table_lines(table: MappedTable) -> list[str]:
    if table.kind == ENDPOINT:
        return _endpoint_lines(table)
    about = f"{table.path} ({table.kind})" if table.path else table.kind
    lines = [f"# {_one_line(about)}"] if table.fields else []
    return [*lines, *(_line(one.path, one) for one in table.fields)]


def _line(path: str, one: Mapped) -> str:
    why = _one_line(f"{one.confidence:.2f}: {reasons(one)}" if not one.reviewed else reasons(one))
    return f"{spelt(path)}: {one.judgement}  # {why}"


def _endpoint_lines(table: MappedTable) -> list[str]:
    """Give an endpoint as the policy declares it: its request's fields, then its response's."""
    if not table.fields:
        return [f"{spelt(table.path)}: {{}}"]
    lines = [f"{spelt(table.path)}:"]
    for way in ("request", "response"):
        parts = ((parts_of_field(one.path), one) for one in table.fields)
        own = [_line(part[2], one) for part, one in parts if part is not None and part[1] == way]
        lines += [f"  {way}:", *(f"    {line}" for line in own)] if own else []
    return lines


def _log_lines(found: AssetMap) -> list[str]:
    """Say what stands in a log, for the reader alone: with a field declared, every other would be unknown."""
    said = [f"{one.path}: {reasons(one)}" for one in found.fields if one.evidence]
    more = f" | and {len(said) - _MOST_SAID} more" if len(said) > _MOST_SAID else ""
    return [f"# {_one_line(' | '.join(said[:_MOST_SAID]))}{more}"] if said else []


def _one_line(words: str) -> str:
    return "".join(c if c.isprintable() else " " for c in words)


def _with_asset(main: _File, found: AssetMap, lines: Sequence[str], *, rezoned: bool) -> str:
    text, places = main.text, main.places
    if not text.strip():
        return f"{_HEAD.format(name=main.path.name)}\nassets:\n" + "".join(_asset_lines(found, lines))
    there = places.get(("assets", found.asset))
    if there is None:
        assets = places.get(("assets",))
        if assets is None:
            return _ended(text) + "\nassets:\n" + "".join(_asset_lines(found, lines))
        if assets.flow or assets.scalar is not None:
            raise BadMapFile(
                f"{main.path}: `assets` is not written one below the other", "write each asset on lines of its own"
            )
        indent = min(place.column for path, place in places.items() if len(path) == 2 and path[0] == "assets")
        at = line_end(text, assets.end)
        return _ended(text[:at]) + "".join(_asset_lines(found, lines, indent)) + text[at:]
    if there.flow:
        raise BadMapFile(f"{main.path}: asset {found.asset} is written in brackets", "write each key on its own line")
    return _with_fields(main, found, lines, rezoned=rezoned)


def _with_fields(main: _File, found: AssetMap, lines: Sequence[str], *, rezoned: bool) -> str:
    text, places = main.text, main.places
    below = ("assets", found.asset)
    keys = {path[2]: place for path, place in places.items() if len(path) == 3 and path[:2] == below}
    indent = next(iter(keys.values())).column if keys else 4
    block = _field_lines(lines, indent, _key(found))
    if _key(found) in keys:
        old = keys[_key(found)]
        text = text[: line_start(text, old.key_start)] + block + text[line_end(text, max(old.end - 1, old.key_start)) :]
    else:
        at = line_end(text, places[below].end)
        text = _ended(text[:at]) + block + text[at:]
    if (
        rezoned
        and "zone" in keys
        and keys["zone"].end <= (keys[_key(found)].start if _key(found) in keys else len(text))
    ):
        text = text[: keys["zone"].start] + found.zone + text[keys["zone"].end :]
    return text


def _asset_lines(found: AssetMap, lines: Sequence[str], indent: int = 2) -> Iterator[str]:
    yield f"{' ' * indent}{spelt(found.asset)}:\n"
    inner = indent + 2
    yield f"{' ' * inner}zone: {spelt(found.zone)}\n"
    yield f"{' ' * inner}kind: {found.kind}\n"
    if found.at:
        yield f"{' ' * inner}at: {spelt_quoted(found.at)}\n"
    reviewed = [one.path for one in found.fields if one.reviewed]
    if reviewed:
        yield f"{' ' * inner}reviewed:\n"
        yield from (f"{' ' * inner}  - {spelt(path)}\n" for path in reviewed)
    yield _field_lines(lines, inner, _key(found))


def _key(found: AssetMap) -> str:
    """Name what of an asset's the map writes."""
    return "endpoints" if found.kind == "http" else "fields"


def spelt_quoted(word: str) -> str:
    """Spell a text in double quotes, as addresses are written."""
    from json import dumps

    return dumps(word, ensure_ascii=False)


def _field_lines(lines: Sequence[str], indent: int, key: str) -> str:
    if all(line.startswith("#") for line in lines):
        return f"{' ' * indent}{key}: {{}}" + "".join(f"  {line}" for line in lines) + "\n"
    return f"{' ' * indent}{key}:\n" + "".join(f"{' ' * (indent + 2)}{line}\n" for line in lines)


def _more(file: Path, found: AssetMap, lines: Sequence[str]) -> str:
    head = f"# Goes on from {file.name}, which includes it.\nversion: 1\n\nassets:\n  {spelt(found.asset)}:\n"
    return head + _field_lines(lines, 4, _key(found))


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _with_includes(text: str, file: Path, wanted: Sequence[str], stale: Sequence[str]) -> str:
    """Have the file include what it goes on in, and no longer what it went on in before."""
    places = map_text.places(file.name, text)
    at = places.get(("include",))
    named = [place.scalar or "" for path, place in places.items() if len(path) == 2 and path[0] == "include"]
    names = [*(name for name in named if name not in stale and name not in wanted), *wanted]
    if names == named:
        return text
    line = f"include: [{', '.join(spelt(name, flow=True) for name in names)}]\n" if names else ""
    if at is not None:
        return text[: line_start(text, at.key_start)] + line + text[line_end(text, max(at.end - 1, at.start)) :]
    version = places.get(("version",))
    start = line_end(text, version.end) if version is not None else 0
    return text[:start] + line + text[start:]


def _read_all(file: Path) -> list[_File]:
    """Read the map file and what it includes beside it; nothing where it is not there."""
    text = _text(file)
    if text is None:
        return []
    main = _File(file, text, map_text.places(file.name, text))
    files = [main]
    for path, place in main.places.items():
        if len(path) == 2 and path[0] == "include" and place.scalar:
            other = file.parent / place.scalar
            included = _text(other)
            if included is None:
                raise BadMapFile(
                    f"{file.name}: it includes {place.scalar}, which is not there", "put it back, or map again"
                )
            files.append(_File(other, included, map_text.places(other.name, included)))
    return files


def _text(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(raw) > MOST_BYTES:
        raise BadMapFile(f"{file.name}: it has more than {MAX_CHARACTERS} characters", "split it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadMapFile(f"{file.name}: not UTF-8", "save it as UTF-8 text") from None


def _replace(file: Path, text: str) -> None:
    """Replace a file in one step, or leave it as it was."""
    fresh = file.with_name(f".{file.name}.{token_hex(4)}")
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as written:
            written.write(text.encode(errors="replace"))
            written.flush()
            os.fsync(written.fileno())
        fresh.replace(file)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        error.filename = os.fspath(file)
        raise


# --- a person's judgement -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """What a person's judgement changed."""

    asset: str
    path: str
    before: str
    after: str


def record_judgement(file: Path, columns: Sequence[str], judgement: str | None, asset: str = "") -> list[Judged]:
    """Record a person's judgement of fields; None confirms what stands there. Raises `BadMapFile`, and changes nothing then.

    A field is named by its path, or by its end where only one field ends so: `customer.email`.
    """
    accepted = read_map(file)
    if not accepted:
        raise BadMapFile(f"{file.name}: there is no such map file", "write it first: `ringfence map --pg DSN`")
    if asset and asset not in accepted:
        raise BadMapFile(f"{file.name}: it has no asset of that name", f"it has: {', '.join(accepted)}")
    done = [_judged(accepted, column, judgement, asset) for column in columns]
    for one in done:
        for part in _read_all(file):
            place = part.places.get(("assets", one.asset, *_place_of(one.path)))
            if place is not None and one.after != one.before:
                _replace(part.path, part.text[: place.start] + one.after + part.text[place.end :])
        if one.path not in accepted[one.asset].reviewed:
            _replace(file, _with_reviewed(_read_all(file)[0], one))
    return done


def _place_of(path: str) -> map_text.Path:
    """Say where in its asset a field's judgement stands."""
    parts = parts_of_field(path)
    return ("endpoints", *parts) if parts is not None else ("fields", path)


def _judged(accepted: Mapping[str, Accepted], column: str, judgement: str | None, asset: str) -> Judged:
    chosen = {name: one for name, one in accepted.items() if not asset or name == asset}
    exact = [(name, column) for name, one in chosen.items() if column in one.fields]
    quoted = '."' + column.replace('"', '""') + '"'  # as a path spells a name that needs it
    ends = [
        (name, path)
        for name, one in chosen.items()
        for path in one.fields
        if path.endswith((f".{column}", f" {column}", quoted))
    ]
    named = exact or ends
    if not named:
        paths = [path for one in chosen.values() for path in one.fields]
        near = get_close_matches(column, paths, n=1)
        raise BadMapFile(
            "the map has no such field", f"did you mean {near[0]}?" if near else "`ringfence map --all` lists them"
        )
    if len(named) > 1:
        said = ", ".join(f"{path} of {name}" if exact else path for name, path in named[:3])
        raise BadMapFile("several fields are named so", f"name one whole, and its --asset: {said}")
    name, path = named[0]
    before = accepted[name].fields[path]
    if judgement is None and before == "unknown":
        raise BadMapFile(
            f"{path} is unknown: there is nothing to confirm", "say what it holds: --as CATEGORY, none or scan"
        )
    return Judged(name, path, before, judgement or before)


def _with_reviewed(main: _File, one: Judged) -> str:
    text, places = main.text, main.places
    below = ("assets", one.asset, "reviewed")
    items = [place for path, place in places.items() if path[:3] == below and len(path) == 4]
    listed = places.get(below)
    if listed is not None and listed.flow:
        at = listed.end - 1
        return text[:at] + (", " if items else "") + spelt(one.path, flow=True) + text[at:]
    if items:
        last = max(items, key=lambda place: place.start)
        start = line_start(text, last.start)
        at = line_end(text, last.end)
        return _ended(text[:at]) + text[start : last.start] + spelt(one.path) + "\n" + text[at:]
    asset = ("assets", one.asset)
    fields = places.get((*asset, _place_of(one.path)[0])) or places.get((*asset, "fields")) or places[asset]
    if fields.flow and places[asset].flow:
        return text[: fields.key_start] + f"reviewed: [{spelt(one.path, flow=True)}], " + text[fields.key_start :]
    at, indent = line_start(text, fields.key_start), " " * fields.column
    return text[:at] + f"{indent}reviewed:\n{indent}  - {spelt(one.path)}\n" + text[at:]
