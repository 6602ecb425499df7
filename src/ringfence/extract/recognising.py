"""Which reader a file needs: by its first bytes where they are told apart by them, else by its name.

The rule: what a file says of itself by its first bytes wins over what its name says. Readers are loaded when they are first
needed: a scan of a few sources loads no archive, no PDF. A file that no reader is for is text if it reads as text; else it is left
out as binary, and that is said.
"""

from codecs import getincrementaldecoder
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import re2

from ringfence.extract._listed import listed
from ringfence.extract.languages import ENDINGS_OF_LANGUAGES, NAMES_OF_LANGUAGES
from ringfence.extract.model import Reader
from ringfence.extract.reading import charset

READERS: Final[Mapping[str, str]] = {
    # text
    "text": "plain:read_text",
    "code": "source:read_code",
    "csv": "tables:read_csv",
    "tsv": "tables:read_tsv",
    "json": "documents:read_json",
    "ndjson": "documents:read_ndjson",
    "yaml": "yamls:read_yaml",
    "toml": "settings:read_toml",
    "settings": "settings:read_settings",  # .env, .ini, .properties
    "xml": "documents:read_xml",
    "html": "documents:read_html",
    "sql": "dumps:read_sql",
    "notebook": "notebooks:read_notebook",
    "mail": "mails:read_mail",
    # binary
    "zip": "zips:read_zip",
    "tar": "tars:read_tar",
    "gzip": "packed:read_gzip",
    "bzip2": "packed:read_bzip2",
    "xz": "packed:read_xz",
    "zstd": "packed:read_zstd",
    "7z": "packed:read_7z",
    "sqlite": "sqlites:read_sqlite",
    "parquet": "parquets:read_parquet",
    "arrow": "parquets:read_arrow",
    "office": "office:read_office",  # what a ZIP of OOXML or OpenDocument turns out to be
    "pdf": "pdfs:read_pdf",
    "image": "images:read_image",  # EXIF, GPS, text chunks
    "pgdump": "pgdumps:read_pgdump",  # pg_dump's custom format
}
"""Each reader's name, and its module and function in this room."""


def _all(reader: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reader)


ENDINGS: Final[Mapping[str, str]] = {
    **_all(
        "text",
        "txt text md markdown mdx rst adoc asciidoc org tex log out err diff patch po pot srt vtt rtf asc feature",
    ),
    **_all("code", " ".join(ENDINGS_OF_LANGUAGES)),
    **_all("csv", "csv psv"),
    **_all("tsv", "tsv tab"),
    **_all("json", "json jsonc json5 geojson jsonld webmanifest har avsc topojson tfstate"),
    **_all("ndjson", "ndjson jsonl ldjson jsonlines"),
    **_all("yaml", "yaml yml"),
    **_all("toml", "toml"),
    **_all("settings", "env ini cfg conf cnf properties props desktop service editorconfig reg inf strings"),
    **_all(
        "xml", "xml xsd xsl xslt wsdl svg rss atom plist csproj vbproj fsproj pom kml gpx xliff xlf resx config xaml"
    ),
    **_all("html", "html htm xhtml vue svelte"),
    **_all("sql", "sql ddl dml psql pgsql mysql"),
    **_all("notebook", "ipynb"),
    **_all("mail", "eml mbox mbx"),
    **_all("zip", "zip jar war ear whl egg apk aar nupkg xpi vsix kmz epub"),
    **_all("tar", "tar"),
    **_all("gzip", "gz tgz"),
    **_all("bzip2", "bz2 tbz tbz2"),
    **_all("xz", "xz txz lzma"),
    **_all("zstd", "zst tzst zstd"),
    **_all("7z", "7z"),
    **_all("sqlite", "sqlite sqlite3 db3"),
    **_all("parquet", "parquet pqt"),
    **_all("arrow", "arrow feather ipc"),
    **_all("office", "docx docm dotx xlsx xlsm xltx pptx pptm potx ppsx odt ods odp ott ots otp"),
    **_all("pdf", "pdf"),
    **_all("image", "jpg jpeg jpe png tif tiff webp heic heif avif"),
    **_all("pgdump", "pgdump"),
}
"""A name's ending, in lower case, and its reader."""

NAMES: Final[Mapping[str, str]] = {
    **_all("code", " ".join(NAMES_OF_LANGUAGES)),
    **_all(
        "settings", ".env .envrc .npmrc .gitconfig .pypirc .netrc .my.cnf .pgpass .editorconfig .flaskenv .htpasswd"
    ),
    **_all("json", ".babelrc .eslintrc .prettierrc composer.lock pipfile.lock"),
    **_all("toml", "pipfile"),
    **_all(
        "text",
        "readme license licence copying notice authors contributors changelog changes news todo codeowners .mailmap",
    ),
}
"""Whole names, in lower case, and their readers."""

MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),  # an empty one
    (257, b"ustar", "tar"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"SQLite format 3\x00", "sqlite"),
    (0, b"PAR1", "parquet"),
    (0, b"ARROW1", "arrow"),
    (0, b"%PDF-", "pdf"),
    (0, b"\xff\xd8\xff", "image"),
    (0, b"\x89PNG\r\n\x1a\n", "image"),
    (0, b"II*\x00", "image"),
    (0, b"MM\x00*", "image"),
    (8, b"WEBP", "image"),
    *((4, b"ftyp" + brand, "image") for brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif")),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),  # of the old kind, or encrypted
    (0, b"PGDMP", "pgdump"),
    (0, b"From ", "mail"),  # where its name does not say something else: see `recognise`
)
"""Offset, bytes that stand there, reader."""

_SECOND_NAMES: Final = {
    "tmpl",
    "template",
    "tpl",
    "example",
    "sample",
    "dist",
    "bak",
    "orig",
    "old",
    "in",
    "j2",
    "erb",
    "default",
}
"""Endings that say nothing of what a file is: the one before them does."""

_OFFICE: Final = (
    *(b"[Content_Types].xml", b"_rels/.rels", b"word/", b"xl/", b"ppt/", b"docProps/"),
    b"mimetypeapplication/vnd.oasis.opendocument",
)
_HTML: Final = (b"<!doctype html", b"<html")
_INTERPRETERS: Final = (b"python", b"bash", b"zsh", b"sh", b"perl", b"ruby", b"node", b"php", b"lua", b"env")
_TEXT_MARKS: Final = bytes((7, 8, 9, 10, 11, 12, 13, 27))
_BEYOND_ASCII: Final = bytes(range(128, 256))
_LEAST_TEXT: Final = 16  # bytes beside NULs
_CONTROLS: Final = bytes(byte for byte in range(32) if byte not in _TEXT_MARKS)


def recognise(name: str, head: bytes) -> str:
    r"""Say which reader a file needs by its name and its first bytes; "" where it is binary and there is none for it.

    >>> recognise("people.csv", b"name,mail"), recognise("backup.bin", b"SQLite format 3\0"), recognise("a.out", b"\x7fELF\0\0\0")
    ('csv', 'sqlite', '')
    """
    named = by_name(name)
    for offset, mark, reader_name in MAGIC:
        if head.startswith(mark, offset):
            are_letters = mark.isalnum() or mark.endswith(b" ")  # which may begin a text, too
            if are_letters and (named in _TEXTS or not _is_first(reader_name, head, mark)):
                continue
            return "office" if reader_name == "zip" and (named == "office" or is_office(head)) else reader_name
    is_binary = looks_binary(head) or (named in _BINARIES and b"\0" in head)  # it is damaged then, and no text
    if is_binary:
        return "" if named in _TEXTS or not named else named
    if named and named not in _BINARIES:
        return named
    return _by_text(head)


def by_name(name: str) -> str:
    """Say which reader a name asks for; "" where it says nothing."""
    base = name.rpartition("/")[2].lower()
    found = NAMES.get(base) or ("settings" if base.startswith(".env.") else "")
    while not found and "." in base:
        base, _, ending = base.rpartition(".")
        found = ENDINGS.get(ending, "") or NAMES.get(base, "")
        if ending not in _SECOND_NAMES and not ending.isdigit():
            break
    return found or ("code" if base.startswith(("dockerfile", "makefile", "jenkinsfile", "vagrantfile")) else "")


def looks_binary(head: bytes) -> bool:
    """Whether the first bytes of a file are no text of any charset."""
    if charset(head)[0]:
        return False
    nuls = head.count(0)
    if nuls > 1 + len(head) // 512:
        return not _is_text_between(head)
    return len(head) - len(head.translate(None, _CONTROLS)) > len(head) // 10


def _is_text_between(head: bytes) -> bool:
    """Whether NULs are all that keeps first bytes from being text: they part words, fill fields up, or stand between letters."""
    rest = head.translate(None, b"\0")
    if len(rest) < _LEAST_TEXT or len(rest.translate(None, _CONTROLS)) < len(rest):
        return False
    beyond = len(rest) - len(rest.translate(None, _BEYOND_ASCII))
    return beyond * 20 < len(rest) or _is_utf8(rest)


def _is_utf8(value: bytes) -> bool:
    try:
        getincrementaldecoder("utf-8")().decode(value)  # a head may end within a letter
    except UnicodeDecodeError:
        return False
    return True


def is_office(head: bytes) -> bool:
    """Whether a ZIP begins as office programs begin theirs."""
    first = head[30:200]
    return first.startswith(_OFFICE)


def _is_first(reader_name: str, head: bytes, mark: bytes) -> bool:
    """Whether what begins with letters is what they say, and no text that happens to begin so."""
    if reader_name == "mail":
        line = head.partition(b"\n")[0]
        return b"@" in line or line.count(b":") > 1
    if reader_name == "bzip2":
        return head[3:4].isdigit() and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90")
    return looks_binary(head[len(mark) :]) or len(head) > 8


def _by_text(head: bytes) -> str:
    """Say what a text whose name says nothing is, by how it begins."""
    begins = head[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    lowered = begins[:64].lower()
    if begins.startswith(b"#!"):
        return "code" if any(each in begins.partition(b"\n")[0] for each in _INTERPRETERS) else "text"
    if lowered.startswith(_HTML):
        return "html"
    if lowered.startswith(b"<?xml"):
        return "xml"
    if lowered.startswith(b"<?php"):
        return "code"
    if b"PostgreSQL database dump" in head[:512] or b"MySQL dump" in head[:512] or b"MariaDB dump" in head[:512]:
        return "sql"
    if begins.startswith((b'{"', b"[{")):
        return "ndjson" if begins.startswith(b"{") and b"}\n{" in head.replace(b"\r", b"") else "json"
    return _by_lines(head)


def _by_lines(head: bytes) -> str:
    """Say what a text is by its first lines: a table, statements of SQL, a message, names with values; else plain text.

    Of a blob that nothing names any more there is nothing else to tell by.
    """
    whole = head if len(head) < _HEAD_WHOLE else head.rpartition(b"\n")[0]
    lines = [
        line.rstrip(b"\r") for line in whole.removeprefix(b"\xef\xbb\xbf").split(b"\n", _LINES_MOST + 1)[:_LINES_MOST]
    ]
    lines = [line for line in lines if line.strip()]
    if not lines:
        return "text"
    if any(_STATEMENT.match(line) for line in lines[:4]):
        return "sql"
    if sum(bool(_MAIL_HEADER.match(line)) for line in lines[:8]) > 1:
        return "mail"
    for mark, kind in ((b"\t", "tsv"), (b",", "csv"), (b";", "csv"), (b"|", "csv")):
        names = lines[0].split(mark)
        if len(names) > 1 and len(lines) > 1 and all(map(_names_column, names)):
            return kind if all(line.count(mark) >= len(names) - 1 for line in lines[1:4]) else "text"
    return "text"


_HEAD_WHOLE: Final = 1024  # bytes from which on the last line of a head may be a part of one
_LINES_MOST: Final = 12
_STATEMENT: Final = re2.compile(
    rb"(?i)(?:insert\s+(?:ignore\s+)?into\s|create\s+(?:temporary\s+)?table\s|copy\s+[^\s;]+\s*(?:\([^)]*\)\s*)?from\s+stdin)"
)
_MAIL_HEADER: Final = re2.compile(
    rb"(?i)(?:from|to|cc|subject|date|message-id|received|mime-version|return-path|delivered-to|reply-to):\s"
)
_NAME_MOST: Final = 40  # bytes of a column's name


def _names_column(name: bytes) -> bool:
    """Whether it could be the name of a column, as tables have it in their first line."""
    bare = name.strip(b" \"'").decode("utf-8", "replace")
    return len(name) <= _NAME_MOST and bare[:1].isalpha() and all(sign.isalnum() or sign in "_ .-" for sign in bare)


_BINARIES: Final = listed("zip tar gzip bzip2 xz zstd 7z sqlite parquet arrow office pdf image pgdump")
_TEXTS: Final = frozenset(READERS) - _BINARIES


def reader(name: str) -> Reader:
    """Load a reader by its name."""
    module, _, function = READERS[name].partition(":")
    loaded: Reader = getattr(import_module(f"ringfence.extract.{module}"), function)
    return loaded
