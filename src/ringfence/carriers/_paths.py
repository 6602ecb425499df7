"""How the path of a field is spelt: ``customer.emails[].value``.

The rule: a path says where a value stands and never which of many it is: an array's items share one path (``emails[]``), so
that a policy can name it. Names are joined by dots. A name that is empty or holds ``.``, ``[`` or ``"`` stands in the path as a
JSON string (``headers."content.type"``), so that two different places never have one path.
"""

from json import dumps

MAX_PATH = 2048
"""Characters. Paths come from payloads, and each name of an object carries the path of all objects around it."""

_MARKS = frozenset('."[')


def spell(name: str) -> str:
    """Spell one name as a part of a path."""
    return name if name and _MARKS.isdisjoint(name) else dumps(name, ensure_ascii=False)


def decode_name(name: bytes) -> str:
    r"""Give a name as text: what is not UTF-8 byte by byte, so that every name has a path.

    >>> decode_name(b"caf\xc3\xa9"), decode_name(b"caf\xe9")
    ('café', 'café')
    """
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("latin-1")


def join(container: str, name: str) -> str:
    """Give the path of a member from the path of its object, "" being the payload itself."""
    return f"{container}.{spell(name)}" if container else spell(name)


def below(container: str, path: str) -> str:
    """Give the path of a place in a document that itself stands at a path.

    >>> below("data", "user.mail"), below("data", "[].id"), below("data", ""), below("", "id")
    ('data.user.mail', 'data[].id', 'data', 'id')
    """
    return container + path if not container or path[:1] in ("", "[") else f"{container}.{path}"


class Paths:
    """The paths of the plain keys met so far, by the path of their object. Bounded, for keys come from payloads."""

    _ENTRIES = 4096
    _KEY_BYTES = 128

    def __init__(self) -> None:
        self._of: dict[str, dict[bytes, str]] = {}
        self._room = self._ENTRIES

    def below(self, container: str) -> dict[bytes, str]:
        """Give what is known below a path; only `learn` adds to it."""
        return self._of.get(container) or {}

    def learn(self, container: str, key: bytes, path: str) -> None:
        """Remember a plain key's path, while there is room."""
        if self._room and len(key) <= self._KEY_BYTES and len(path) <= 4 * self._KEY_BYTES:
            self._room -= 1
            self._of.setdefault(container, {})[key] = path
