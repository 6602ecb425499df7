"""What is not looked into by rule: code of others, what a program has written, what stands elsewhere.

The rule: what is left out is said, with the rule. Only names and the first bytes are looked at, and `Bounds.leaves_out` says which
of these rules are kept.
"""

from typing import Final

import re2

from ringfence.extract._listed import listed
from ringfence.extract.model import Bounds, LeftOut, Source, Why

_VENDORED: Final = listed(
    "node_modules bower_components jspm_packages site-packages dist-packages vendor vendored _vendor third_party third-party "
    "thirdparty 3rdparty .yarn .venv venv .tox .nox __pypackages__ .bundle pods carthage .gradle .terraform .eggs "
    ".mypy_cache .ruff_cache .pytest_cache __pycache__ .cargo"
)
_VENDORED_ENDINGS: Final = (".dist-info", ".egg-info")
_GENERATED: Final = listed(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lockb poetry.lock pdm.lock uv.lock "
    "pipfile.lock conda-lock.yml go.sum cargo.lock composer.lock gemfile.lock "
    "podfile.lock packages.lock.json mix.lock flake.lock pubspec.lock paket.lock "
    "gradle.lockfile package.resolved .terraform.lock.hcl deno.lock rebar.lock cartfile.resolved"
)
_MINIFIED: Final = (
    ".min.js",
    ".min.css",
    ".min.mjs",
    ".min.html",
    ".bundle.js",
    ".js.map",
    ".css.map",
    ".mjs.map",
    ".ts.map",
)
_PROGRAMS: Final = (".js", ".mjs", ".cjs", ".css", ".ts")
_POINTER: Final = b"version https://git-lfs.github.com/spec/v1"
_POINTER_LESS_THAN: Final = 1024  # bytes, by its specification
_POINTER_LINES: Final = re2.compile(
    rb"(?s:.{42})\n(?:(?:oid|ext-[0-9]-[A-Za-z0-9.-]{1,40}) [a-z0-9]{1,16}:[0-9a-f]{1,128}\n|size [0-9]{1,14}\n?)*"
)
_LONG_LINE: Final = 4096
_SPACES_IN_CODE: Final = 25  # of one in so many bytes a program that a person writes has more
LIKE_MINIFIED: Final = b"x" * _LONG_LINE
"""A beginning for which a program is left out whatever it is called."""


def left_out(source: Source, head: bytes, bounds: Bounds) -> LeftOut | None:
    """Say by which rule a file is not looked into; None where it is."""
    if head.startswith(_POINTER) and len(head) < _POINTER_LESS_THAN and _POINTER_LINES.fullmatch(head):
        return LeftOut(Why.POINTER, source.members, "its content is in git LFS")
    *folders, base = source.name.lower().split("/")
    for why, is_so, note in (
        (Why.VENDORED, _is_vendored(folders), "code of others, by the name of its folder"),
        (Why.GENERATED, base in _GENERATED, "a lock file, by its name"),
        (Why.MINIFIED, base.endswith(_MINIFIED), "made by a program for programs, by its name"),
    ):
        if is_so and why in bounds.leaves_out:
            return LeftOut(why, source.members, note)
    if Why.MINIFIED in bounds.leaves_out and base.endswith(_PROGRAMS) and _is_minified(head):
        return LeftOut(Why.MINIFIED, source.members, "made by a program for programs, by its long lines without spaces")
    return None


def _is_vendored(folders: list[str]) -> bool:
    return not _VENDORED.isdisjoint(folders) or any(folder.endswith(_VENDORED_ENDINGS) for folder in folders)


def _is_minified(head: bytes) -> bool:
    longest = max(head.split(b"\n"), key=len)
    return len(longest) >= _LONG_LINE and longest.count(b" ") * _SPACES_IN_CODE < len(longest)
