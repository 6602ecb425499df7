"""The values of a Bind: read as text, and put back where they changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ringfence.carriers import Undecodable
from ringfence.sql.model import Given, GivenKind
from ringfence.wire.postgres.faults import RemoteError
from ringfence.wire.postgres.messages import read, write
from ringfence.wire.postgres.requests import Bind
from ringfence.wire.postgres.values import Codec

_TEXT, _BINARY = 0, 1


class Bound:
    """A Bind whose values can be read; `types` are its statement's parameters, `codecs` those of binary values by their types."""

    __slots__ = ("_bind", "_codecs", "_formats", "_types")

    def __init__(self, bind: Bind, types: Sequence[int], codecs: Mapping[int, Codec]) -> None:
        self._bind = bind
        self._types = types
        self._codecs = codecs
        given = bind.formats
        self._formats = given if len(given) > 1 else (given or (_TEXT,)) * len(bind.values)

    @classmethod
    def read(cls, frame: bytes, types: Sequence[int], codecs: Mapping[int, Codec]) -> "Bound | None":
        """Read a Bind; None where it is not whole."""
        try:
            bound = cls(read(Bind, frame), types, codecs)
        except RemoteError:
            return None
        fits = len(bound._formats) == len(bound._bind.values)
        return bound if fits else None

    def get(self, given: Given) -> str | None:
        """Read a parameter."""
        raw = self._raw(given)
        if raw is None:
            return None
        if self._formats[given.start - 1] == _BINARY:
            codec = self._codecs.get(self._type(given))
            if codec is None:
                return None
            try:
                [raw] = codec.decode_all([raw])
            except Undecodable:
                return None
        return raw.decode("utf-8", "replace") if raw is not None else None

    def unreadable(self, given: Given) -> bool:
        """Whether a value is there that has no text."""
        return self._raw(given) is not None and self.get(given) is None

    def changed(self, changes: Mapping[Given, str | None]) -> bytes:
        """Give the Bind with other values, each in the format of the one that it replaces."""
        values = list(self._bind.values)
        for given, value in changes.items():
            if given.kind is not GivenKind.PARAMETER:
                continue
            number = given.start - 1
            raw = value.encode() if value is not None else None
            if raw is not None and self._formats[number] == _BINARY:
                codec = self._codecs.get(self._type(given))
                raw = codec.encode(raw) if codec is not None else None
            values[number] = raw
        return write(replace(self._bind, values=tuple(values)))

    def _raw(self, given: Given) -> bytes | None:
        number = given.start - 1
        return self._bind.values[number] if number < len(self._bind.values) else None

    def _type(self, given: Given) -> int:
        number = given.start - 1
        return self._types[number] if number < len(self._types) else 0
