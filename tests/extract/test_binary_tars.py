"""tar archives of every kind: members, what extended heads say, what is damaged."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.binary_files import PERSON, Taken, tarred
from ringfence.extract import Budget, LeftOut, Source, Unreadable, extract
from ringfence.extract.model import Kind, Why


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


def test_extended_heads_of_any_size_are_bounded() -> None:
    digits = b"9" * (3 << 20)
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, len(digits)
    data = head.tobuf(tarfile.USTAR_FORMAT) + digits + tarred({"a.txt": PERSON.encode()}, tarfile.USTAR_FORMAT)
    taken = Taken(data, "a.tar")
    assert taken.kinds == ["damaged"]
    assert PERSON in taken.words


def _pax(kind: bytes, name: str, value: str) -> bytes:
    content = tarfile.TarInfo._create_pax_generic_header({name: value}, kind, "utf-8")  # type: ignore[attr-defined]
    return bytes(content)


def test_extended_heads_that_speak_of_no_member_are_not_kept_and_their_words_are_read_once() -> None:
    import tracemalloc

    words = _pax(tarfile.XGLTYPE, "comment", PERSON + " " * 200_000)
    kept = b"".join(_pax(tarfile.XGLTYPE, f"vendor.{number}", "v" * 500_000) for number in range(40))
    files = tarred({f"{number}.txt": b"x" for number in range(50)}, tarfile.USTAR_FORMAT)
    data = words + kept + files
    persons = vendors = 0
    tracemalloc.start()
    try:
        for step in extract(Source("a.tar", len(data), lambda: io.BytesIO(data)), Budget()):
            assert not isinstance(step, LeftOut | Unreadable)
            persons += sum(PERSON.encode() in text.value for text in step)
            vendors += sum(text.value == b"v" * 500_000 for text in step)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert persons == 1
    assert vendors == 40
    assert most < 10 << 20


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_every_word_of_extended_heads_is_read_but_numbers_that_every_archive_has(kind: bytes) -> None:
    said = {
        "VENDOR.owner": "bob@corp-x.de",
        "SCHILY.acl.access": "user:carol@corp-x.de:r--",
        "dora@corp-x.de": "x",
        "VENDOR.phone": "0049307543812",
        "mtime": "1700000000.5",
        "SCHILY.ino": "99887766",
        "size": "of eve@corp-x.de",
    }
    heads = b"".join(_pax(kind, name, value) for name, value in said.items())
    group = tarfile.TarInfo("a.txt")
    group.size, group.gname = len(PERSON), "people-of-fay"
    data = heads + group.tobuf(tarfile.USTAR_FORMAT) + PERSON.encode().ljust(512, b"\0") + bytes(1024)
    taken = Taken(data, "a.tar")
    assert not taken.faults
    for word in (*(f"{name}@corp-x.de" for name in ("bob", "carol", "dora", "eve")), "0049307543812", "people-of-fay"):
        assert word in taken.words, word
    assert PERSON in taken.words
    assert "1700000000" not in taken.words
    assert "99887766" not in taken.words


def test_of_an_extended_head_that_is_damaged_or_speaks_of_no_member_every_word_is_read() -> None:
    content = b"20 vendor.a=bcdefgh\nno record, but bob@corp-x.de".ljust(512, b"\0")
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, 512
    long = tarfile.TarInfo("x")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 512
    data = head.tobuf(tarfile.USTAR_FORMAT) + content + tarred({"a.txt": PERSON.encode()}, tarfile.USTAR_FORMAT)
    data += long.tobuf(tarfile.USTAR_FORMAT) + b"of carol@corp-x.de".ljust(512, b"\0")
    data += _pax(tarfile.XHDTYPE, "path", "dora@corp-x.de") + bytes(1024)
    taken = Taken(data, "a.tar")
    assert "bob@corp-x.de" in taken.words
    assert "carol@corp-x.de" in taken.words
    assert "dora@corp-x.de" in taken.words
    assert PERSON in taken.words


def test_of_more_owners_than_are_remembered_every_one_is_read() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for number in range(700):
            entry = tarfile.TarInfo(f"{number}.txt")
            entry.uname = f"person{number:03}"
            archive.addfile(entry)
    taken = Taken(out.getvalue(), "a.tar")
    assert all(f"person{number:03}" in taken.words for number in range(700))
