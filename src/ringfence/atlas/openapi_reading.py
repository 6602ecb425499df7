"""Reading the file of an OpenAPI description: JSON or YAML, bounded, and an error that says where.

The rule: what is wrong with a file is told in two lines, with its line where there is one; nothing of its content is quoted.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ringfence.atlas.faults import Unmappable, Unreachable

MOST_BYTES: Final = 32 << 20


def read_description(file: Path) -> Mapping[str, Any]:
    """Read a description. Raises `Unreachable` and `Unmappable`."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise Unreachable(f"{file}: there is no such file", "name the service's OpenAPI description") from None
    except IsADirectoryError:
        raise Unreachable(f"{file}: a folder", "name the file in it") from None
    if len(raw) > MOST_BYTES:
        raise Unmappable(f"{file}: it has more than {MOST_BYTES >> 20} MiB", "split it by its paths")
    read = _parsed(file, raw)
    if not isinstance(read, Mapping):
        raise Unmappable(f"{file}: not an OpenAPI description", "name one that has `paths`, in JSON or YAML")
    return read


def line_of(file: Path, *words: object) -> str:
    """Give the first line in which all these words stand, as ``:17``; "" where they stand in none."""
    wanted = [str(word) for word in words]
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return ""
    return next((f":{number}" for number, line in enumerate(lines, 1) if all(word in line for word in wanted)), "")


def _parsed(file: Path, raw: bytes) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = raw.decode("utf-8-sig")
        if text.lstrip()[:1] == "{":
            return json.loads(text)
        return YAML(typ="safe").load(text)
    except UnicodeDecodeError:
        raise Unmappable(f"{file}: not UTF-8", "save it as UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise Unmappable(
            f"{file}:{error.lineno}:{error.colno}: not valid JSON", "mend it there, or export it anew"
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        raise Unmappable(f"{where}: neither JSON nor YAML", "mend it there, or export it anew") from None
    except (YAMLError, ValueError, RecursionError, LookupError, TypeError, AttributeError, AssertionError):
        raise Unmappable(f"{file}: neither JSON nor YAML", "name the service's OpenAPI description") from None
