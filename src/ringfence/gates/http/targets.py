"""The path of a request in the one spelling that flows are matched with and the service gets.

The rule: what Envoy does to a path before the gate sees it (`normalize_path`, `merge_slashes`, escaped slashes refused) is done
here where there is no Envoy, to the same end: a path that two readers read in two ways reaches neither of them. That goes further
than Envoy in two cases: an escape that is made by undoing another (`%%32f`), and dots with a parameter (`/..;x/`), which some
services follow and others do not. Those Envoy follows where they came so, and leaves where they came escaped (`/%2e%2e;x/`): what
it leaves is refused by the gate (`has_dotted_parameters`).
`tests/gates/http/test_http_targets.py` holds the two beside each other.
"""

from typing import Final

_PLAIN: Final = frozenset(b"-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~")  # RFC 3986, unreserved
_ESCAPED: Final = frozenset(b'"<>^`{|} \x7f')  # what no URL has in it, as browsers write it
_TWO_WAYS: Final = ("%00", "%2f", "%5c")
_HEX: Final = frozenset(b"0123456789ABCDEFabcdef")
_SPECIAL: Final = frozenset('%\\"<>^`{|} ')
_DOTTED: Final = (".;", "..;")


class BadTarget(Exception):
    """A path that cannot be asked for. `what` says why not, in words without a value."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


def normalised(path: str) -> str:
    """Give a path without its query in its one spelling. Raises `BadTarget`.

    >>> normalised("/a/./%62//c/../d"), normalised("/a/b/..")
    ('/a/b/d', '/a/')
    """
    if not path.startswith("/"):
        raise BadTarget("a request's path begins with a slash")
    if "#" in path:
        raise BadTarget("a request's path has no `#` in it: write %23")
    if not path.isascii() or not _SPECIAL.isdisjoint(path):
        path = _respelt(path)
    if "//" in path or "/." in path:
        path = _walked(path)
    return path


def has_dotted_parameters(path: str) -> bool:
    """Whether a segment of a path is dots with a parameter: one service takes it for a name, another goes up by it.

    >>> has_dotted_parameters("/orders/..;x=1/admin"), has_dotted_parameters("/orders/..x;y")
    (True, False)
    """
    return "/." in path and any(segment.startswith(_DOTTED) for segment in path.split("/"))


def _respelt(path: str) -> str:
    """Undo the escapes of what needs none, escape what must be, and refuse an escaped slash, backslash or NUL."""
    raw = path.encode("utf-8", "surrogateescape").replace(b"\\", b"/")
    out = bytearray()
    at = 0
    while at < len(raw):
        octet = raw[at]
        if octet == ord("%") and at + 2 < len(raw) and _HEX.issuperset(raw[at + 1 : at + 3]):
            value = int(raw[at + 1 : at + 3], 16)
            out += bytes([value]) if value in _PLAIN else raw[at : at + 3]
            at += 3
            continue
        out += b"%%%02X" % octet if octet in _ESCAPED or octet >= 0x80 else bytes([octet])
        at += 1
    spelt = out.decode("ascii")
    if any(each in spelt.lower() for each in _TWO_WAYS):
        raise BadTarget("a slash, a backslash or a NUL stands escaped in the request's path")
    return spelt


def _walked(path: str) -> str:
    """Follow `.` and `..`, and make repeated slashes one."""
    segments = path.split("/")[1:]
    walked: list[str] = []
    for number, segment in enumerate(segments):
        is_last = number == len(segments) - 1
        if segment.startswith(_DOTTED):
            raise BadTarget("a segment of the request's path is dots with a parameter")
        match segment:
            case ".":
                walked += [""] if is_last else []
            case "..":
                if walked:
                    walked.pop()
                walked += [""] if is_last else []
            case _:
                walked.append(segment)
    kept = [segment for segment in walked[:-1] if segment] + walked[-1:]
    return "/" + "/".join(kept)
