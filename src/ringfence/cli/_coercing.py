"""Options made of what was typed, without the library that typer has for it, where nothing has to be made.

The rule: what is a text, a switch or a word of a list already is taken as it is; typer makes all else, as ever, and only when it is
given. Its own way loads pydantic for every option, be it given or not: a tenth of a second, which a hook has at each commit.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Protocol, cast

_NAME = "build_runtime_param"


class _Described(Protocol):
    """What typer knows of an option."""

    annotation: object
    file_annotation: object

    @property
    def is_path(self) -> bool: ...

    @property
    def parameter_info(self) -> object: ...


class _Making(Protocol):
    """What makes an option's value."""

    def coerce(self, value: object, param: "_Option", ctx: object) -> object: ...


class _Option(Protocol):
    multiple: bool
    nargs: int


class _Late:
    """Makes an option's value when there is something to make."""

    def __init__(self, described: _Described, build: Callable[[_Described], _Making]) -> None:
        self._described = described
        self._build = build
        has_parser = getattr(described.parameter_info, "parser", None) is not None
        self._is_special = described.is_path or described.file_annotation is not None or has_parser

    def coerce(self, value: object, param: _Option, ctx: object) -> object:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if not self._is_special:
            if self._described.annotation == list[str] and _are_texts(value):
                return list(cast("Sequence[str]", value))
            if _is_made(self._described.annotation, value):
                return value
        return self._build(self._described).coerce(value, param, ctx)


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(type(one) is str for one in value)


def _is_made(annotation: object, value: object) -> bool:
    if not isinstance(annotation, type) or type(value) is not annotation:
        return False
    return annotation in (str, bool) or issubclass(annotation, Enum)


def coerce_late() -> None:
    """Have typer do so, from the next command on; it has no setting for it."""
    from typer import core

    known = vars(core)
    build: Callable[[_Described], _Making] | None = known.get(_NAME)
    if build is None or isinstance(build, partial):  # this typer has another way, or it is done
        return
    known[_NAME] = partial(_Late, build=build)
