"""Archives and compressed files: what is in them is read, under bounds, and nothing else happens."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.binary_files import PERSON, Taken, seven, tarred, zipped, zstandard
from ringfence.extract import Bounds
from ringfence.extract.model import Fault, Kind, Why

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@pytest.mark.parametrize("method", _METHODS)
def test_a_zip_member_is_read_however_it_is_packed(method: int) -> None:
    taken = Taken(zipped({"data/people.txt": PERSON}, method), "a.zip")
    assert not taken.faults
    assert [(text.value.decode(), text.kind, text.members) for text in taken.texts] == [
        ("data/people.txt", Kind.NAME, ()),
        (PERSON, Kind.PROSE, ("data/people.txt",)),
    ]


@pytest.mark.parametrize("method", [9, 93])
def test_a_zip_member_in_deflate64_or_zstandard_is_read(method: int) -> None:
    import inflate64

    deflater = inflate64.Deflater()
    text = PERSON.encode() * 1000
    packed = deflater.deflate(text) + deflater.flush() if method == 9 else zstandard(text)
    taken = Taken(_raw_zip(packed, text, method), "a.zip")
    assert not taken.faults
    assert taken.words.count("corp-x.de") == 1000


def _raw_zip(packed: bytes, plain: bytes, method: int, *, size: int | None = None, name: bytes = b"a.txt") -> bytes:
    import zlib

    size = len(plain) if size is None else size
    fields = struct.pack(
        "<HHHHIIIHH", 0, method, 0, 0, zlib.crc32(plain), len(packed), min(size, 0xFFFFFFFF), len(name), 0
    )
    local = b"PK\3\4" + struct.pack("<H", 20) + fields + name + packed
    central = b"PK\1\2" + struct.pack("<HH", 20, 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


@pytest.mark.parametrize(
    "name", ["../../etc/a.txt", "/etc/a.txt", "C:\\a.txt", "a/../../b.txt", "..\\b.txt", "a\nb.txt", "a\x01b.txt"]
)
def test_a_name_that_leads_elsewhere_is_told_and_its_content_read(name: str) -> None:
    for data, archive in ((zipped({name: PERSON}), "a.zip"), (tarred({name: PERSON.encode()}), "a.tar")):
        taken = Taken(data, archive)
        assert taken.kinds == ["traversal"]
        assert PERSON in taken.words
        assert "\n" not in taken.faults[0].members[0]


@pytest.mark.parametrize("sign", ["\n", "\0", "\x1b"])
def test_a_name_that_no_person_gave_is_drawn_and_what_it_ends_with_still_says_how_it_is_read(sign: str) -> None:
    name = f"+49!30 7543812{sign}people.csv"
    rows = f'name,note\nAda,"{PERSON}"\n'
    for data, archive in (
        (tarred({name.replace(chr(0), chr(1)): rows.encode()}), "a.tar"),
        (_zip_of(name, rows), "a.zip"),
    ):
        taken = Taken(data, archive)
        assert [fault.members for fault in taken.faults] == [("+99!99 9999999.xxxxxx.xxx",)]
        assert {text.members for text in taken.texts if text.path} == {("+99!99 9999999.xxxxxx.xxx",)}
        assert taken.by_path("note") == [PERSON]


def _zip_of(name: str, text: str) -> bytes:
    return _raw_zip(text.encode(), text.encode(), 0, name=name.encode())


def test_a_name_that_is_no_utf8_is_told_and_its_content_read() -> None:
    data = tarred({"stra\udcdfe.txt": PERSON.encode()}, tarfile.GNU_FORMAT)
    taken = Taken(data, "a.tar")
    assert taken.kinds == ["encoding"]
    assert PERSON in taken.words


def test_members_of_one_name_are_all_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "first")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", "second")
    taken = Taken(out.getvalue(), "a.zip")
    assert "first" in taken.words
    assert "second" in taken.words


def test_an_encrypted_member_is_told_and_the_others_are_read() -> None:
    data = bytearray(zipped({"a.txt": "secret", "b.txt": PERSON}, zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    taken = Taken(bytes(data), "a.zip")
    assert taken.kinds == ["encrypted"]
    assert PERSON in taken.words
    assert "secret" not in taken.words


def test_what_stands_before_an_archive_is_read_too() -> None:
    taken = Taken(b"#!/bin/sh\n# from bob@corp-x.de\n" + zipped({"a.txt": PERSON}), "a.zip")
    assert not taken.faults
    assert "bob@corp-x.de" in taken.words
    assert PERSON in taken.words


def test_an_archive_without_its_directory_is_read_by_its_members_heads() -> None:
    whole = zipped({"a.txt": PERSON, "b.txt": "more " * 50})
    taken = Taken(whole[: whole.index(b"PK\1\2")], "a.zip")
    assert taken.kinds == ["damaged"]
    assert PERSON in taken.words
    assert "more more" in taken.words


def test_comments_of_archives_are_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a.txt")
        entry.comment = b"of bob@corp-x.de"
        archive.writestr(entry, "x")
        archive.comment = PERSON.encode()
    assert {"bob@corp-x.de", PERSON} <= {
        part for part in (PERSON, "bob@corp-x.de") if part in Taken(out.getvalue(), "a.zip").words
    }


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_read_whatever_its_kind(kind: int, mode: str) -> None:
    files = {
        "a.txt": PERSON.encode(),
        "folder/" + "long/" * 20 + "b.txt": b"more",
        "big.txt": b"line of words\n" * 5000,
    }
    taken = Taken(tarred(files, kind, mode), "a.tar" + mode[1:].replace(":", "."))
    assert not taken.faults
    contents: dict[str, bytes] = {}
    for text in taken.texts:
        if text.kind is Kind.PROSE:
            contents[text.members[-1]] = contents.get(text.members[-1], b"") + text.value
    assert contents == files


@settings(max_examples=60, deadline=None)
@given(
    files=st.dictionaries(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=150).map(
            lambda name: name + ".txt"
        ),
        st.binary(max_size=2000).map(lambda raw: b"text " + raw.hex().encode()),
        max_size=6,
    ),
    kind=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_a_tar_gives_what_the_standard_librarys_reader_gives(files: dict[str, bytes], kind: int) -> None:
    taken = Taken(tarred(files, kind), "a.tar")
    assert not taken.faults
    assert {text.members[-1]: text.value for text in taken.texts if text.members} == files


def test_links_devices_and_folders_in_a_tar_are_not_followed_and_said() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (
            ("l", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("c", tarfile.CHRTYPE),
            ("p", tarfile.FIFOTYPE),
            ("d", tarfile.DIRTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("z.txt")
        entry.size = len(PERSON)
        archive.addfile(entry, io.BytesIO(PERSON.encode()))
    taken = Taken(out.getvalue(), "a.tar")
    assert [left.why for left in taken.left] == [Why.LINK, Why.LINK, Why.SPECIAL, Why.SPECIAL]
    assert PERSON in taken.words
    assert not taken.faults


def test_sparse_files_of_gnu_tar_are_read(tmp_path: Path) -> None:
    import shutil
    import subprocess

    if shutil.which("tar") is None:
        pytest.skip("needs GNU tar")
    with (tmp_path / "sparse.txt").open("wb") as file:
        file.write(PERSON.encode().ljust(64 << 10))
        file.seek(5 << 20)
        file.write(b"behind the hole: bob@corp-x.de".ljust(64 << 10))
    for kind in ("gnu", "posix"):
        archive = tmp_path / f"{kind}.tar"
        subprocess.run(["tar", "-S", f"--format={kind}", "-cf", archive, "sparse.txt"], cwd=tmp_path, check=True)
        assert archive.stat().st_size < 1 << 20
        taken = Taken(archive.read_bytes(), "a.tar")
        assert not taken.faults
        assert PERSON in taken.words
        assert "bob@corp-x.de" in taken.words
        assert "sparse.txt" in taken.words.splitlines()


def test_a_damaged_head_in_a_tar_costs_its_member_only() -> None:
    data = bytearray(tarred({"a.txt": b"first", "b.txt": b"second", "c.txt": PERSON.encode()}, tarfile.USTAR_FORMAT))
    data[1024 + 5] ^= 0x55
    taken = Taken(bytes(data), "a.tar")
    assert taken.kinds == ["damaged"]
    assert "first" in taken.words
    assert PERSON in taken.words


@pytest.mark.parametrize(
    ("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", zstandard)]
)
def test_several_streams_one_behind_another_are_read(ending: str, pack) -> None:  # type: ignore[no-untyped-def]
    taken = Taken(pack(b"first\n") + pack(PERSON.encode()), f"a.txt.{ending}")
    assert not taken.faults
    assert b"".join(text.value for text in taken.texts) == f"first\n{PERSON}".encode()
    assert taken.texts[0].members == ("a.txt",)


def test_7z_archives_are_read() -> None:
    taken = Taken(seven({"a/people.txt": PERSON.encode(), "inner.zip": zipped({"b.txt": "in the inner one"})}), "a.7z")
    assert not taken.faults
    assert PERSON in taken.words
    assert ("inner.zip", "b.txt") in {text.members for text in taken.texts}
    assert Taken(seven({"a.txt": b"x"}, password="p"), "a.7z").kinds == ["encrypted"]


def test_archives_in_archives_are_read_with_the_way_to_each_member() -> None:
    inner = gzip.compress(tarred({"people.txt": PERSON.encode()}))
    taken = Taken(zipped({"in/a.tar.gz": inner}), "a.zip")
    assert ("in/a.tar.gz", "a.tar", "people.txt") in {text.members for text in taken.texts}


# --- bombs ------------------------------------------------------------------------------------------------------------------


def test_archives_deeper_than_may_be_are_told() -> None:
    data = PERSON.encode()
    for _ in range(8):
        data = zipped({"a.zip" if data[:2] == b"PK" else "a.txt": data})
    assert Taken(data, "a.zip").kinds == ["too-deep"]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zstandard])
def test_a_file_that_unpacks_to_many_times_its_size_is_a_bomb(pack) -> None:  # type: ignore[no-untyped-def]
    taken = Taken(pack(b"a b c d\n" * (1 << 18)), "a.txt.x")
    assert taken.kinds == ["bomb"]
    assert taken.budget.unpacked < 2 << 20


def test_packed_twice_it_is_a_bomb_too() -> None:
    once = gzip.compress(b"a b c d\n" * (1 << 20))
    taken = Taken(gzip.compress(once), "a.txt.gz.gz")
    assert taken.kinds == ["bomb"]
    assert taken.budget.unpacked < 6 << 20


def test_an_archive_of_archives_of_bombs_ends_early() -> None:
    text = zipped({f"{number}.txt": b"a b c d\n" * (1 << 18) for number in range(4)})
    nested = text
    for _ in range(4):
        nested = zipped({f"{number}.zip": nested for number in range(16)}, zipfile.ZIP_DEFLATED)
    taken = Taken(nested, "a.zip", Bounds(unpacked=32 << 20, members=500))
    assert "bomb" in taken.kinds
    assert taken.budget.unpacked < 34 << 20
    assert taken.budget.members <= 501


def test_members_that_lie_over_one_another_are_a_bomb() -> None:
    data = zipped({"a.txt": "a b c d\n" * 1000})
    at = data.index(b"PK\1\2")
    entry = data[at : data.index(b"PK\5\6")]
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 200, 200, 200 * len(entry), at, 0)
    taken = Taken(data[:at] + entry * 200 + end, "a.zip")
    assert set(taken.kinds) == {"bomb"}
    assert taken.words.count("a b c d") == 1000


def test_more_members_than_may_be_are_a_bomb() -> None:
    files = {f"{number}.txt": b"x" for number in range(60)}
    for data, name in ((zipped(files), "a.zip"), (tarred(files), "a.tar"), (seven(files), "a.7z")):
        taken = Taken(data, name, Bounds(members=50))
        assert "bomb" in taken.kinds, name
        assert taken.budget.members <= 51


def test_sizes_that_lie_cost_nothing() -> None:
    import zlib

    text = b"a b c d\n" * 1000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(text) + packer.flush()
    for size in (0, 1, 0xFFFFFFFE):
        taken = Taken(_raw_zip(packed, text, 8, size=size), "a.zip")
        assert not taken.faults
        assert taken.words.count("a b c d") == 1000


def test_a_member_that_is_not_what_its_checksum_says_is_told_and_read() -> None:
    data = _raw_zip(PERSON.encode(), b"other", 0)
    taken = Taken(data, "a.zip")
    assert taken.kinds == [Fault.DAMAGED.value]
    assert PERSON in taken.words


def test_a_quine_that_holds_itself_ends() -> None:
    """An archive whose one member is the archive, by a stored entry that reaches over the whole file."""
    inner = zipped({"a.txt": "x"})
    for _ in range(3):
        inner = zipped({"r.zip": inner, "s.zip": inner, "t.zip": inner})
    taken = Taken(inner, "a.zip", Bounds(depth=3))
    assert set(taken.kinds) == {"too-deep"}


def test_extended_heads_of_any_size_are_bounded() -> None:
    digits = b"9" * (3 << 20)
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, len(digits)
    data = head.tobuf(tarfile.USTAR_FORMAT) + digits + tarred({"a.txt": PERSON.encode()}, tarfile.USTAR_FORMAT)
    taken = Taken(data, "a.tar")
    assert taken.kinds == ["damaged"]
    assert PERSON in taken.words


def test_extended_heads_that_speak_of_no_member_are_not_kept_and_their_words_are_read_once() -> None:
    import tracemalloc

    def head(kind: bytes, name: str, value: str) -> bytes:
        content = tarfile.TarInfo._create_pax_generic_header({name: value}, kind, "utf-8")  # type: ignore[attr-defined]
        return bytes(content)

    words = head(tarfile.XGLTYPE, "comment", PERSON + " " * 200_000)
    kept = b"".join(head(tarfile.XGLTYPE, f"vendor.{number}", "v" * 500_000) for number in range(40))
    files = tarred({f"{number}.txt": b"x" for number in range(50)}, tarfile.USTAR_FORMAT)
    data = words + kept + files
    tracemalloc.start()
    try:
        taken = Taken(data, "a.tar")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not taken.faults
    assert taken.words.count(PERSON) == 1
    assert most < 10 << 20


def test_an_archive_put_behind_another_hides_nothing_of_it() -> None:
    taken = Taken(zipped({"a.txt": PERSON}) + zipped({"b.txt": "the second"}), "a.zip")
    assert not taken.faults
    assert PERSON in taken.words
    assert "the second" in taken.words


def test_members_before_those_that_the_directory_lists_are_read_and_told() -> None:
    first, second = zipped({"a.txt": PERSON}), zipped({"b.txt": "the second"})
    taken = Taken(first[: first.index(b"PK\1\2")] + second, "a.zip")
    assert taken.kinds == ["damaged"]
    assert PERSON in taken.words
    assert "the second" in taken.words


@pytest.mark.parametrize("missing", [1, 10, 34, 40])
def test_an_archive_that_has_lost_its_beginning_is_read_from_its_second_member_on(missing: int) -> None:
    whole = zipped({"a.txt": "the first", "b.txt": PERSON, "c.txt": "the third"}, zipfile.ZIP_STORED)
    taken = Taken(whole[missing:], "a.zip")
    assert set(taken.kinds) == {"damaged"}
    assert PERSON in taken.words
    assert "the third" in taken.words


@pytest.mark.parametrize("name", ["a.zip", "a.docx"])
def test_an_office_document_is_an_archive_too_with_names_comments_and_what_stands_before_it(name: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/media/bob@corp-x.de.txt", "x")
        archive.comment = b"of carol@corp-x.de"
    taken = Taken(b"#!/bin/sh\n# from dora@corp-x.de\n" + out.getvalue(), name)
    assert not taken.faults
    assert all(f"{person}@corp-x.de" in taken.words for person in ("bob", "carol", "dora"))


def test_names_in_a_folder_that_is_called_as_one_of_an_office_document_are_read() -> None:
    taken = Taken(zipped({"word/bob@corp-x.de.txt": PERSON}), "a.zip")
    assert not taken.faults
    assert "word/bob@corp-x.de.txt" in taken.words.splitlines()


def test_members_that_the_directory_puts_behind_itself_are_found_and_an_empty_directory_hides_nothing() -> None:
    whole = bytearray(zipped({"a.txt": PERSON}))
    at = whole.index(b"PK\1\2") + 42
    whole[at : at + 4] = (1 << 20).to_bytes(4, "little")
    taken = Taken(bytes(whole), "a.zip")
    assert set(taken.kinds) == {"damaged"}
    assert taken.words.count(PERSON) == 1
    empty = zipped({})
    taken = Taken(zipped({"a.txt": PERSON}) + empty, "a.zip")
    assert not taken.faults
    assert taken.words.count(PERSON) == 1


def test_that_more_came_out_than_may_is_told_of_a_member_that_is_cut_too() -> None:
    inner = zipped({f"{number}.txt": "x" for number in range(5)})
    data = _raw_zip(inner, b"another", 0, name=b"a.zip")  # its check does not hold
    assert Taken(data, "a.zip").kinds == ["damaged"]
    assert Taken(data, "a.zip", Bounds(members=3)).kinds == ["bomb", "damaged", "bomb"]
