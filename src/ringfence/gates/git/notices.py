"""Places where people publish their own names and addresses: notices of copyright, authors, translators, packages' metadata.

The rule: a place is told by what it is for (a file's name, a field of a known file, a comment that says *copyright* or *author*),
never by who stands in it. What is published there its owners have put there; an address elsewhere is not made public by it.
"""

from typing import Final

import re2

from ringfence.extract.model import PartKind
from ringfence.gates.git.model import Origin
from ringfence.gates.git.standing import At, words

_NOTICE = "place:notice"
_CERTIFICATE = "place:certificate"

_NOTICE_FILES: Final = re2.compile(
    r"(?:un)?licen[cs]es?|copying|copyright|notices?|authors?|contributors?|credits?|maintainers?|thanks|acknowledge?ments?|"
    r"codeowners|owners|\.mailmap|changelog|changes|history|news|releases|release[-_.]?notes?|whatsnew|patents|"
    r"third[-_]?party[-_]?(?:notices?|licen[cs]es?)|metadata|pkg-info"
)
"""Names, in lower case and without their endings, of files whose purpose is to say who made something, under which terms, and when:
https://reuse.software/spec-3.3/, https://packaging.python.org/en/latest/specifications/core-metadata/,
https://git-scm.com/docs/gitmailmap, https://docs.github.com/articles/about-code-owners."""

_ENDINGS: Final = words("txt md markdown rst adoc org html apache bsd mit gpl lgpl mpl psf python third-party")
_LICENSES: Final = re2.compile(r"(?i)(?:^|/)licen[cs]es/")

_METADATA_FILES: Final = re2.compile(
    r"package\.json|composer\.json|bower\.json|component\.json|cargo\.toml|pyproject\.toml|setup\.cfg|pom\.xml|codemeta\.json|"
    r"citation\.cff|\.zenodo\.json|metadata\.json|pubspec\.yaml|galaxy\.ya?ml|chart\.yaml|meta\.ya?ml|.+\.nuspec|.+\.podspec\.json|"
    r"mix\.exs|description|project\.toml|manifest\.json|metainfo\.xml|.+\.metainfo\.xml|bom\.json|.+\.(?:cyclonedx|cdx|spdx)\.json|.+\.opam|conanfile\.py"
)
_METADATA_FIELDS: Final = re2.compile(
    r"(?i)(?:^|[.\[\]@])(?:authors?|author[-_]?email|maintainers?|maintainer[-_]?email|contributors?|developers?|owners?|creators?|"
    r"bugs|homepage|home[-_]page|urls?|project_urls|repository|support|funding)(?:$|[.\[\]@])"
)
"""Fields of packages' metadata in which people are named: https://docs.npmjs.com/cli/configuring-npm/package-json,
https://doc.rust-lang.org/cargo/reference/manifest.html, https://packaging.python.org/en/latest/specifications/pyproject-toml/."""

_COPYRIGHT: Final = re2.compile(
    rb"(?i)\bcopyright\b|\(c\) {0,4}(?:19|20)[0-9]{2}|\xc2\xa9|SPDX-FileCopyrightText|\blicen[sc]ed? under\b"
)
_WHO: Final = (
    r"authors?|co-?authors?|maintainers?|(?:main |major )?contributors?|contributions?|committers?|translators?|creators?|"
    r"thanks(?: to)?|acknowledge?ments?|written|programmers?|last-translator|language-team|report-msgid-bugs-to"
)
_LABEL: Final = re2.compile(
    rb"(?im)^[\s#*/;%\"'!<>.|:\\@-]{0,24}(?:(?:original|main|first|current|former|module|lead) )?(?:"
    + _WHO.encode()
    + rb")\b[^:\n=]{0,24}[:=]|(?i)[@\\:](?:authors?|maintainers?)\b"
)
"""A line that begins by saying who made something."""

_DEED: Final = re2.compile(
    rb"(?i)\b(?:written|contributed|contributions?|created|authored|co-authored|maintained|modified|modifications?|adapted|ported|"
    rb"patch|patches|patched|developed|designed|implemented|coded|translated|rewritten|rewrite|extended|alterations?|borrowed|"
    rb"taken|based on|derived|inspired|syntax|idea|originally|original|algorithm|"
    rb"code|copyright|lexer|recipe|added|cloned|released|public domain|support)\b[^\n]{0,72}?"
    rb"\bby\s|\bpatch(?:es)? from\s|\b(?:according to|thanks to|courtesy of|credits? to|hat tip)\s|(?m)^[\s#*/;%-]{0,24}by [A-Z]"
)
"""What somebody is thanked for."""

_NAMED: Final = re2.compile(
    rb"(?i)__(?:author|authors|email|maintainer|contact|credits|author_email|copyright)__\s*=|"
    rb"\b(?:author|author_email|maintainer|maintainer_email)\s*=\s*[frub]{0,2}[\"']|"
    rb"\.(?:authors?|email|maintainer)\s*=\s*[\[\"']"
)
"""A name in a program whose value says who made it: https://peps.python.org/pep-0008/ and `setup()`; a gem's."""

_TRAILER: Final = re2.compile(
    rb"(?i)^\s{0,4}(?:signed-off|co-authored|co-developed|authored|reviewed|acked|tested|reported|suggested|helped|mentored|improved|"
    rb"approved|committed|pair-programmed|original-patch|thanks-to|requested|noticed|reported-and-tested)(?:-by)?:"
)
"""https://git-scm.com/docs/git-interpret-trailers, and those that projects use."""

_CREDITS_IN_CATALOGUES: Final = re2.compile(
    rb"^\s{0,4}#[^:,|~.]|^#\s|(?i)^\"(?:last-translator|language-team|report-msgid-bugs-to):"
)
_BEGIN, _CERTIFICATE_BEGIN = b"-----BEGIN ", b"-----BEGIN CERTIFICATE-----"
_CERTIFICATE_MOST: Final = 8192  # bytes from a certificate's first line to where something stands in it


def published(at: At) -> str:
    """Tell what its owner has published there."""
    return _NOTICE if _is_published(at) else ""


def in_certificate(at: At) -> str:
    """Tell what stands in a certificate, which is made to be shown."""
    if at.is_code:
        return ""
    value = at.text.value
    last = value.rfind(b"-----", max(0, at.one.start - _CERTIFICATE_MOST), at.one.start)
    begins = value.rfind(_BEGIN, max(0, last - 64), last + 5) if last >= 0 else -1
    return _CERTIFICATE if begins >= 0 and value.startswith(_CERTIFICATE_BEGIN, begins) else ""


def _is_published(at: At) -> bool:
    if at.text.path and not at.is_in_table:
        return bool(_METADATA_FILES.fullmatch(at.base)) and bool(_METADATA_FIELDS.search(at.text.path))
    if at.origin in (Origin.COMMIT, Origin.TAG, Origin.NOTE):
        return bool(_TRAILER.search(at.line()))
    if at.is_code:
        return _in_program(at)
    if _is_notice_file(at) or _TRAILER.search(at.line()):
        return True
    if at.base.endswith((".po", ".pot")):
        return bool(_CREDITS_IN_CATALOGUES.search(at.line()))
    return at.is_document and bool(_COPYRIGHT.search(at.line()) or _LABEL.search(at.line()))


def _is_notice_file(at: At) -> bool:
    stem, _, ending = at.base.partition(".") if not at.base.startswith(".") else (at.base, "", "")
    if _LICENSES.search(at.file) and ending.rpartition(".")[2] not in _DATA:
        return True
    while stem and not _NOTICE_FILES.fullmatch(stem):
        stem = stem.rpartition("-")[0] or stem.rpartition("_")[0]  # LICENSE-MIT, COPYING_LESSER
    return bool(stem) and (not ending or ending.rpartition(".")[2] in _ENDINGS or ending.isdigit())


_DATA: Final = words("csv tsv json ndjson jsonl sql log xml yaml yml db sqlite parquet xlsx eml mbox ipynb env ini")


def _in_program(at: At) -> bool:
    part = at.part
    if part is None:
        return False
    if part.kind is PartKind.COMMENT:
        comment = at.comment()
        return bool(_COPYRIGHT.search(comment)) or _says_who(at.paragraph())
    if _NAMED.search(at.line_before()) or _NAMED.match(at.statement()):
        return True
    is_long = at.text.value.find(b"\n", part.start, at.one.start) >= 0
    if not is_long:
        return False
    paragraph = at.paragraph()
    return bool(_COPYRIGHT.search(paragraph)) or _says_who(paragraph)


def _says_who(lines: bytes) -> bool:
    return bool(_LABEL.search(lines) or _DEED.search(lines))
