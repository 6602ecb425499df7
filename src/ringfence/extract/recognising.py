"""Which reader a file needs: by its first bytes where they are told apart by them, else by its name.

The rule: what a file says of itself by its first bytes wins over what its name says. Readers are loaded when they are first
needed: a scan of a few sources loads no archive, no PDF. A file that no reader is for is text if it reads as text; else it is left
out as binary, and that is said.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from ringfence.extract.model import Reader

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

ENDINGS: Final[Mapping[str, str]] = {}
"""A name's ending, in lower case, and its reader."""

NAMES: Final[Mapping[str, str]] = {}
"""Whole names, in lower case, and their readers."""

MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = ()
"""Offset, bytes that stand there, reader."""


def reader(name: str) -> Reader:
    """Load a reader by its name."""
    module, _, function = READERS[name].partition(":")
    loaded: Reader = getattr(import_module(f"ringfence.extract.{module}"), function)
    return loaded
