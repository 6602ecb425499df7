"""Keys at rest: what is made, what is loaded, and everything that is refused."""

import base64
import os
import stat
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringfence.transform import MissingKey
from ringfence.vault import (
    BadKeyFile,
    BadKeyName,
    KeyExists,
    KeyFault,
    NoSuchKey,
    UnsafeKeyFile,
    create,
    list_keys,
    load,
    rotate,
)

CANARY = base64.b64encode(b"canary canary canary canary 1234").decode()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    create(folder, "k-contact")
    return folder


def file_of(keys: Path, name: str = "k-contact", version: int = 1) -> Path:
    return keys / f"{name}.v{version}.key"


def plant(keys: Path, name: str, content: str | bytes, mode: int = 0o600) -> Path:
    file = keys / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    file.chmod(mode)
    return file


def test_a_new_key_is_one_line_in_a_file_that_only_its_owner_may_read(keys: Path) -> None:
    assert [file.name for file in keys.iterdir()] == ["k-contact.v1.key"]
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert stat.S_IMODE(file_of(keys).stat().st_mode) == 0o600
    line = file_of(keys).read_text()
    mark, form, name, version, secret = line.removesuffix("\n").split(":")
    assert (mark, form, name, version) == ("ringfence-key", "v1", "k-contact", "1")
    assert len(base64.b64decode(secret, validate=True)) == 32


@pytest.mark.parametrize("umask", [0o000, 0o777, 0o022])
def test_the_modes_do_not_hang_on_the_umask(tmp_path: Path, umask: int) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    before = os.umask(umask)
    try:
        create(tmp_path / "keys", "k-contact")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file_of(tmp_path / "keys").stat().st_mode) == 0o600
    load(tmp_path / "keys")


def test_what_was_made_is_listed_and_loaded_with_all_versions(keys: Path) -> None:
    create(keys, "k-index")
    for version in range(2, 12):
        made = rotate(keys, "k-contact")
        assert (made.name, made.version) == ("k-contact", version)
    listed = list_keys(keys)
    assert [(file.name, file.version) for file in listed] == [*(("k-contact", v) for v in range(1, 12)), ("k-index", 1)]
    assert all(
        timedelta(0) <= datetime.now(UTC) - file.created + timedelta(seconds=5) < timedelta(minutes=5)
        for file in listed
    )
    ring = load(keys)
    assert ring.names() == ("k-contact", "k-index")
    assert ring.current("k-contact").version == 11
    derived = {ring.version("k-contact", version).derive("hash", "s") for version in range(1, 12)}
    assert len(derived) == 11
    assert load(keys).current("k-index").derive("hash", "s") == ring.current("k-index").derive("hash", "s")


def test_a_folder_that_does_not_exist_holds_no_keys(tmp_path: Path) -> None:
    assert list_keys(tmp_path / "keys") == []
    assert load(tmp_path / "keys").names() == ()
    with pytest.raises(MissingKey):
        load(tmp_path / "keys").current("k-contact")
    with pytest.raises(FileNotFoundError):
        create(tmp_path / "no" / "keys", "k-contact")


@pytest.mark.parametrize(
    "name", ["", "K", "1k", "-k", "k_contact", "k.v1", "../k", "k/1", "a" * 64, "k\n", "k\udcff", "é", "k contact"]
)
def test_a_name_that_no_key_can_have_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    for make in (create, rotate):
        with pytest.raises(BadKeyName) as caught:
            make(tmp_path / "keys", name)
        assert "k-contact" in str(caught.value)
        assert len(name) < 3 or name not in str(caught.value)
    assert not (tmp_path / "keys").exists()


def test_a_key_is_made_once_and_rotated_only_when_it_is_there(keys: Path) -> None:
    before = file_of(keys).read_bytes()
    with pytest.raises(KeyExists, match="ringfence key rotate k-contact"):
        create(keys, "k-contact")
    rotate(keys, "k-contact")
    with pytest.raises(KeyExists, match="version 2"):
        create(keys, "k-contact")
    with pytest.raises(NoSuchKey, match="ringfence key add k-index"):
        rotate(keys, "k-index")
    assert file_of(keys).read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o601, 0o777])
def test_a_file_that_others_can_reach_is_refused_with_its_mend(keys: Path, mode: int) -> None:
    file_of(keys).chmod(mode)
    for use in (load, list_keys, lambda folder: create(folder, "k-new"), lambda folder: rotate(folder, "k-contact")):
        with pytest.raises(UnsafeKeyFile, match=r"chmod 600 .*k-contact\.v1\.key"):
            use(keys)
    assert len(list(keys.iterdir())) == 1


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o770, 0o711])
def test_a_folder_that_others_can_reach_is_refused_with_its_mend(keys: Path, mode: int) -> None:
    keys.chmod(mode)
    for use in (load, list_keys, lambda folder: create(folder, "k-new"), lambda folder: rotate(folder, "k-contact")):
        with pytest.raises(UnsafeKeyFile, match=r"chmod 700 .*keys"):
            use(keys)


def test_the_folder_of_another_user_is_refused(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UnsafeKeyFile, match="belongs to another user"):
        load(keys)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_the_file_of_another_user_is_refused(keys: Path) -> None:
    os.chown(file_of(keys), 12345, 12345)
    with pytest.raises(UnsafeKeyFile, match=r"k-contact\.v1\.key belongs to another user"):
        load(keys)


def test_links_pipes_and_folders_in_a_keys_place_are_refused_without_waiting(keys: Path, tmp_path: Path) -> None:
    target = file_of(keys).rename(tmp_path / "elsewhere.key")
    file_of(keys).symlink_to(target)
    with pytest.raises(UnsafeKeyFile, match="symbolic link"):
        load(keys)
    file_of(keys).unlink()
    os.mkfifo(file_of(keys), 0o600)
    with pytest.raises(UnsafeKeyFile, match="not a regular file"):
        load(keys)
    file_of(keys).unlink()
    file_of(keys).mkdir(mode=0o700)
    with pytest.raises(UnsafeKeyFile, match="not a regular file"):
        load(keys)


def test_a_linked_folder_or_a_file_in_its_place_is_refused(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(keys)
    plant(tmp_path, "file", "")
    for place in ("link", "file"):
        for use in (load, lambda folder: create(folder, "k-new")):
            with pytest.raises(UnsafeKeyFile, match="symbolic link or a file"):
                use(tmp_path / place)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        CANARY,
        f"ringfence-key:v2:k-contact:1:{CANARY}\n",
        f"ringfence-key:v1:k-index:1:{CANARY}\n",
        f"ringfence-key:v1:k-contact:2:{CANARY}\n",
        f"ringfence-key:v1:k-contact:01:{CANARY}\n",
        f"ringfence-key:v1:k-contact:1:{CANARY}",
        f"ringfence-key:v1:k-contact:1:{CANARY}\n\n",
        f"ringfence-key:v1:k-contact:1:{CANARY}\r\n",
        f"ringfence-key:v1:k-contact:1: {CANARY}\n",
        f"ringfence-key:v1:k-contact:1:{CANARY[:-4]}\n",
        f"ringfence-key:v1:k-contact:1:{CANARY}AAAA\n",
        f"ringfence-key:v1:k-contact:1:{CANARY.replace('Y', 'é')}\n",
        f"ringfence-key:v1:k-contact:1:{CANARY}\n" * 2,
        b"ringfence-key:v1:k-contact:1:\xff\xfe\n",
        CANARY * 200,
    ],
)
def test_a_malformed_file_is_refused_and_its_content_is_in_no_error(keys: Path, content: str | bytes) -> None:
    plant(keys, "k-contact.v1.key", content)
    with pytest.raises(BadKeyFile) as caught:
        load(keys)
    assert len(str(caught.value).splitlines()) == 2
    assert "k-contact.v1.key" in str(caught.value)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    told.stack[:] = [
        frame for frame in told.stack if frame.filename != __file__
    ]  # this test's own frame holds the content
    text = "".join(told.format()) + repr(caught.value.__context__)
    assert CANARY[:12] not in text


@pytest.mark.parametrize(
    "name",
    [
        "k-contact.key",
        "k-contact.v0.key",
        "k-contact.v01.key",
        "K.v1.key",
        "k\udcff.v1.key",
        "k contact.v1.key",
        "k-contact.v1.copy.key",
    ],
)
def test_a_file_that_is_not_named_like_a_key_is_refused(keys: Path, name: str) -> None:
    plant(keys, name, file_of(keys).read_bytes())
    with pytest.raises(BadKeyFile, match="not named like a key file"):
        load(keys)


def test_a_copy_under_another_name_or_version_is_refused(keys: Path) -> None:
    plant(keys, "k-contact.v2.key", file_of(keys).read_bytes())
    with pytest.raises(BadKeyFile, match="does not hold version 2 of key k-contact"):
        load(keys)
    file_of(keys, version=2).unlink()
    plant(keys, "k-index.v1.key", file_of(keys).read_bytes().replace(b"k-contact", b"k-index"))
    with pytest.raises(BadKeyFile, match="k-contact version 1 and k-index version 1 are one secret"):
        load(keys)


def test_what_lies_beside_the_keys_is_left_alone(keys: Path) -> None:
    plant(keys, "README", "not a key", 0o644)
    plant(keys, "k-contact.v1.key.bak", "not a key", 0o644)
    plant(keys, ".k-index.v1.key.0123456789abcdef.draft", "half a k", 0o600)
    assert [file.name for file in list_keys(keys)] == ["k-contact"]
    create(keys, "k-index")
    assert load(keys).names() == ("k-contact", "k-index")


def test_every_fault_is_one_type_with_what_and_mend(keys: Path) -> None:
    with pytest.raises(KeyFault) as caught:
        create(keys, "k-contact")
    assert caught.value.what == "key k-contact version 1 exists already"
    assert str(caught.value) == f"{caught.value.what}\n  {caught.value.mend}"
