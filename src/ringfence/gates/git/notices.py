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

_ENDINGS: Final = words("txt md markdown rst adoc org html metadata apache bsd mit gpl lgpl mpl psf python third-party")
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

_OF_A_PACKAGE: Final = re2.compile(
    r"info\.(?:author|author_email|maintainer|maintainer_email|home_page|project_urls?)(?:$|[.\[])|"
    r"extensions\.\"python\.details\"\.contacts\[|"
    r"(?:project|package|workspace\.package|tool\.poetry)\.(?:authors|maintainers|homepage)(?:$|[.\[])"
)
"""Paths that are a package's wherever they stand: https://docs.pypi.org/api/json/, https://peps.python.org/pep-0459/."""

_COPYRIGHT: Final = re2.compile(
    rb"(?i)\bcopyright\b|\(c\) {0,4}(?:19|20)[0-9]{2}|\xc2\xa9|SPDX-FileCopyrightText|\blicen[sc]ed? under\b"
)
_WHO: Final = (
    r"authors?|co-?authors?|(?:module|section|code)author|maintainers?|(?:main |major )?contributors?|contributions?|committers?|"
    r"translators?|creators?|"
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
    rb"code|copyright|lexer|recipe|added|cloned|released|public domain|support|refactored)\b[^\n]{0,72}?"
    rb"\bby\s|\b(?:additions?|improvements?|updates?|revisions?|fix(?:es)?|version|module|prepared|revised|simplified) by\s|"
    rb"\bpatch(?:es)? from\s|\b(?:according to|thanks to|courtesy of|credits? to|hat tip)\s|(?m)^[\s#*/;%-]{0,24}by [A-Z]"
)
"""What somebody is thanked for."""

_NAMED: Final = re2.compile(
    rb"(?i)__(?:author|authors|email|maintainer|contact|credits|author_email|copyright)__\s*=|"
    rb"\b(?:author|author_email|maintainer|maintainer_email)\s*=\s*[frub]{0,2}[\"']|"
    rb"\.(?:authors?|email|maintainer)\s*=\s*[\[\"']"
)
"""A name in a program whose value says who made it: https://peps.python.org/pep-0008/ and `setup()`; a gem's."""

_NAMED_IN_SETUP: Final = re2.compile(
    rb"[\"'](?:author|maintainer)(?:_email)?[\"']\s{0,4}:\s{0,4}[frub]{0,2}[\"'][^\"'\n]{0,120}$"
)
"""What `setup()` is given, written as a table before it."""

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
        if at.text.path.endswith(_COMMENT):
            return bool(_COPYRIGHT.search(at.line())) or _says_who(at.paragraph())
        if _LICENSES_LISTED.search(at.base) and _COPYRIGHT.search(at.paragraph()):
            return True
        base = at.base.removesuffix(".orig").removesuffix(".template")
        return bool(_METADATA_FILES.fullmatch(base) and _METADATA_FIELDS.search(at.text.path)) or _is_of_a_package(at)
    if at.origin in (Origin.COMMIT, Origin.TAG, Origin.NOTE):
        return bool(_TRAILER.search(at.line()))
    if at.is_code:
        return _in_program(at)
    if _is_notice_file(at) or _TRAILER.search(at.line()):
        return True
    if at.base.endswith((".po", ".pot")):
        return bool(_CREDITS_IN_CATALOGUES.search(at.line())) or _in_catalogues_head(at)
    if _is_comment(at):
        return bool(_COPYRIGHT.search(at.line())) or _says_who(at.line())
    return at.is_document and bool(_COPYRIGHT.search(at.line()) or _LABEL.search(at.line()) or _in_authors_section(at))


_LICENSES_LISTED: Final = re2.compile(r"licen[cs]es?\.json$")
"""Texts of licenses, each as a value."""
_COMMENT: Final = "#comment"
_SETTINGS: Final = words("yaml yml toml ini cfg conf env properties hcl tf")


def _is_comment(at: At) -> bool:
    """Whether it stands in a comment of a file of settings, which is a text of its own."""
    ending = at.base.removesuffix(".j2").removesuffix(".jinja").rpartition(".")[2]
    return ending in _SETTINGS and at.text.value[:1] in (b"#", b";")


def _is_of_a_package(at: At) -> bool:
    return at.base.endswith((".json", ".toml")) and bool(_OF_A_PACKAGE.match(at.text.path))


def _in_catalogues_head(at: At) -> bool:
    """Whether it stands before a catalogue's first message: who translated it, folded over lines."""
    if at.one.start > _HEAD_MOST:
        return False
    return bool(_CATALOGUES_HEAD.search(at.text.value[: at.one.start]))


_HEAD_MOST: Final = 8192  # bytes
_CATALOGUES_HEAD: Final = re2.compile(
    rb"(?i)\"(?:last-translator|language-team|report-msgid-bugs-to):[^\n]{0,200}\"\s*\n\"[^\n:]{0,200}$"
)
"""https://www.gnu.org/software/gettext/manual/html_node/Header-Entry.html"""


def _in_authors_section(at: At) -> bool:
    """Whether a manual page's section, which names its authors, holds it."""
    low = max(0, at.one.start - _SECTION_MOST)
    begins = at.text.value[low : at.one.start].upper().rfind(b"\n.SH ")
    return begins >= 0 and bool(_AUTHORS.match(at.text.value[low + begins + 5 : low + begins + 64]))


_SECTION_MOST: Final = 4096  # bytes
_AUTHORS: Final = re2.compile(rb"(?i)\s*\"?(?:authors?|thanks|credits|acknowledge?ments?|maintainers?|copyright)\b")
"""https://man7.org/linux/man-pages/man7/man-pages.7.html"""


def in_notice_file(at: At) -> str:
    """Tell what stands in a file whose purpose is to say whose something is, and under which terms."""
    is_legal = _LEGAL.match(at.base) or _LICENSES.search(at.file)
    return _NOTICE if is_legal and not at.text.path and not at.is_code and _is_notice_file(at) else ""


_LEGAL: Final = re2.compile(r"licen[cs]es?|copying|copyright|notices?|third[-_]?party|metadata|pkg-info")


def _is_notice_file(at: At) -> bool:
    stem, _, ending = at.base.partition(".") if not at.base.startswith(".") else (at.base, "", "")
    if _LICENSES.search(at.file) and ending.rpartition(".")[2] not in _DATA:
        return True
    while stem and not _NOTICE_FILES.fullmatch(stem):
        stem = stem.rpartition("-")[0] or stem.rpartition("_")[0]  # LICENSE-MIT, COPYING_LESSER
    if not stem and (_LICENSE_OF.search(at.base) or _FOLDERS.search(at.file)):
        return ending.rpartition(".")[2] in _ENDINGS
    return bool(stem) and (not ending or ending.rpartition(".")[2] in _ENDINGS or ending.isdigit())


_LICENSE_OF: Final = re2.compile(r"[._-]licen[cs]es?\.[a-z]+$|\.(?:whl|gz|zip)\.metadata$")
"""The licenses of what a file was bundled of, ``vendor.js.LICENSE.txt``, ``ICON_LICENSE.md``; a wheel's metadata beside it
(https://peps.python.org/pep-0658/)."""
_FOLDERS: Final = re2.compile(r"(?i)(?:^|/)(?:whatsnew|changelogs?|release[-_]?notes)/")

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
    if at.base == "setup.py" and _NAMED_IN_SETUP.search(at.line_before()):
        return True
    is_long = at.text.value.find(b"\n", part.start, at.one.start) >= 0
    if not is_long:
        return False
    paragraph = at.paragraph()
    return bool(_COPYRIGHT.search(paragraph)) or _says_who(paragraph)


def _says_who(lines: bytes) -> bool:
    return bool(_LABEL.search(lines) or _DEED.search(lines))
