"""The users file: what is read, what is refused with file and line, and what an edit leaves alone."""

import contextlib
import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.access.faults import (
    AccessFault,
    BadPassword,
    BadUser,
    BadUsersFile,
    Denied,
    NoSuchUser,
    UnsafeFile,
    UserExists,
)
from ringfence.access.files import Watched, edit, read_safely
from ringfence.access.identities import Users
from ringfence.access.scram import generate_password, make_verifier, prepare_password
from ringfence.access.users import (
    MOST_CHARACTERS,
    User,
    parse_until,
    parse_verifier,
    read_users,
    spell,
    with_changed,
    with_mock,
    with_user,
    without_user,
)

WHERE = "users.scram"
VERIFIER = make_verifier("a word", salt=bytes(range(16)))
LINE = f"ana:{VERIFIER.spelt()}:support,oncall"


def test_a_line_says_name_verifier_groups_and_last_day() -> None:
    text = f"# who\n\n{LINE}:2031-12-31\n  batch:-:etl\t\nbare:-:\n"
    users = read_users(text, WHERE).users
    assert list(users) == ["ana", "batch", "bare"]
    ana = users["ana"]
    assert (ana.verifier, ana.groups) == (VERIFIER, ("support", "oncall"))
    assert ana.until == datetime(2032, 1, 1, tzinfo=UTC)
    assert ana.has_expired(datetime(2032, 1, 1, tzinfo=UTC))
    assert not ana.has_expired(datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert (users["batch"].verifier, users["batch"].groups) == (None, ("etl",))
    assert users["bare"].groups == ()


def test_a_moment_with_its_offset_is_a_last_one_too() -> None:
    assert parse_until("2031-01-31T18:00:00+02:00") == datetime(2031, 1, 31, 16, tzinfo=UTC)
    for bad in ("2031-01-31T18:00:00", "2031-02-30", "tomorrow", "9999-12-31", "", "２０３１-01-01"):
        with pytest.raises(BadUser):
            parse_until(bad)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("ana", "not a user"),
        ("ana:secret", "not a user"),
        ("ana:SCRAM-SHA-256$4096:AAAA$AAAA:AAAA:support", "verifier"),
        (LINE.replace("$4096", "$1000"), "at least 4096"),
        (LINE.replace("$4096", "$99999999"), "verifier"),
        (LINE.replace("SCRAM-SHA-256", "SCRAM-SHA-1"), "verifier"),
        ("ana:md5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:x:y:support", "verifier"),
        (f"{LINE}:someday", "day"),
        (f"{LINE}:", "day"),
        (f"{LINE},", "group"),
        (f"{LINE},a\x07b", "group"),
        (LINE.replace("ana", "a\x07na"), "name"),
        (LINE.replace("ana", ""), "name"),
        (LINE.replace("ana", "ana "), "name"),
        (LINE.replace("ana", "a" * 64), "name"),
        ("!mock AAAA", "after !"),
        ("!other", "after !"),
    ],
)
def test_a_line_that_is_not_a_user_is_refused_with_its_place_and_nothing_of_it(line: str, what: str) -> None:
    with pytest.raises(BadUsersFile) as refused:
        read_users(f"# first\n{line}\n", WHERE)
    assert refused.value.what.startswith("users.scram:2: ")
    assert what in refused.value.what
    assert VERIFIER.spelt()[20:] not in str(refused.value)


def test_a_name_stands_in_a_file_once() -> None:
    with pytest.raises(BadUsersFile, match=r"users\.scram:2"):
        read_users(f"{LINE}\n{LINE}\n", WHERE)


def test_edits_change_one_line_and_leave_every_other_byte() -> None:
    text = f"# kept\r\n\n{LINE}\n\tbatch:-:etl # odd\n#last"
    added = with_user(text, User("neu", VERIFIER, ("a",), None, ""), WHERE)
    assert added == f"{text}\nneu:{VERIFIER.spelt()}:a\n"
    assert without_user(added, "neu", WHERE) == f"{text}\n"
    changed = with_changed(text, User("ana", None, ("x",)), WHERE)
    assert changed == text.replace(LINE, "ana:-:x")
    with pytest.raises(UserExists):
        with_user(text, User("ana", None), WHERE)
    with pytest.raises(NoSuchUser):
        without_user(text, "an", WHERE)


names = st.text(min_size=1, max_size=40).filter(
    lambda name: (
        name.isprintable()
        and name == name.strip()
        and ":" not in name
        and name[0] not in "#!"
        and len(name.encode(errors="replace")) < 64
    )
)
groups = st.lists(names.filter(lambda group: "," not in group), max_size=5, unique=True)


@given(names, groups, st.booleans(), st.sampled_from(["", "2031-12-31", "2031-01-31T18:00:00Z"]))
def test_what_is_spelt_is_read_again(name: str, groups: list[str], known: bool, until: str) -> None:
    user = User(name, VERIFIER if known else None, tuple(groups), parse_until(until) if until else None, until)
    assert read_users(f"{spell(user)}\n", WHERE).users == {name: user}


@given(st.text(max_size=200))
def test_any_text_is_users_or_one_error(text: str) -> None:
    with contextlib.suppress(BadUsersFile):
        assert len(read_users(text, WHERE).users) <= text.count("\n") + 1


def test_neither_users_nor_verifiers_show_themselves() -> None:
    user = read_users(f"{LINE}\n", WHERE).users["ana"]
    assert "ana" not in repr(user)
    assert "support" not in repr(user)
    assert VERIFIER.spelt()[40:60] not in repr(VERIFIER) + repr(user)


def test_the_secret_behind_unknown_names_is_written_once() -> None:
    first = with_mock(f"{LINE}\n", bytes(32), WHERE)
    assert first.endswith(f"\n{LINE}\n")
    assert with_mock(first, bytes(range(32)), WHERE) == first
    assert read_users(first, WHERE).mock == bytes(32)


def test_passwords_are_prepared_as_rfc_4013_says() -> None:
    assert prepare_password("\u00adpass\u00a0word ﬃ") == "pass word ffi"
    for bad in ("", "\u00ad", "bell\a", "\U0001f600", "a" * 1025):
        with pytest.raises(BadPassword):
            prepare_password(bad)
    assert make_verifier("ﬃ", salt=VERIFIER.salt) == make_verifier("ffi", salt=VERIFIER.salt)
    assert len({generate_password() for _ in range(50)}) == 50
    assert parse_verifier(make_verifier(generate_password()).spelt()) is not None


# ---------------------------------------------------------------- the file on disk


def _write(file: Path, text: str, mode: int = 0o600) -> None:
    file.write_text(text)
    file.chmod(mode)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o622])
def test_a_file_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "users.scram"
    _write(file, LINE, mode)
    with pytest.raises(UnsafeFile, match="can be written by others"):
        read_safely(file, 1000)
    with pytest.raises(UnsafeFile):
        edit(file, lambda text: text + "# more\n", 10_000)
    assert file.read_text() == LINE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "users.scram"
    _write(file, LINE)
    os.chown(file, 12345, 12345)
    with pytest.raises(UnsafeFile, match="belongs to another user"):
        read_safely(file, 1000)


def test_a_pipe_a_folder_or_a_file_that_is_too_long_is_refused_and_waits_for_nobody(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(UnsafeFile, match="not a regular file"):
        read_safely(pipe, 1000)
    with pytest.raises(UnsafeFile, match="not a regular file"):
        read_safely(tmp_path, 1000)
    file = tmp_path / "long"
    _write(file, "x" * 1001)
    with pytest.raises(UnsafeFile, match="more than 1000 bytes"):
        read_safely(file, 1000)


def test_an_edit_keeps_the_mode_and_the_link(tmp_path: Path) -> None:
    file, link = tmp_path / "real", tmp_path / "link"
    _write(file, "# one\n", 0o640)
    link.symlink_to(file)
    edit(link, lambda text: text + "# two\n", 1000)
    assert link.is_symlink()
    assert file.read_text() == "# one\n# two\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "users.scram"
    edit(file, lambda text: text + "# new\n", 1000)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(tmp_path.iterdir()) == [file]


def test_an_edit_that_fails_leaves_the_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "users.scram"
    _write(file, "# one\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    for step in ("fsync", "rename", "fchmod"):
        with monkeypatch.context() as broken:
            if step == "rename":
                broken.setattr(Path, "rename", lambda *_: full(0))
            else:
                broken.setattr(os, step, lambda *_: full(0))
            with pytest.raises(OSError, match="No space left"):
                edit(file, lambda text: text + "# two\n", 1000)
        assert file.read_text() == "# one\n"
        assert sorted(tmp_path.iterdir()) == [file]


ADDING = """
import sys
from pathlib import Path
from ringfence.access.files import edit
for number in range(20):
    edit(Path(sys.argv[1]), lambda text: text + f"# {sys.argv[2]} {number}\\n", 100000)
"""


def test_edits_of_several_processes_at_once_are_all_there(tmp_path: Path) -> None:
    file = tmp_path / "users.scram"
    running = [subprocess.Popen([sys.executable, "-c", ADDING, str(file), str(each)]) for each in range(3)]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    assert sorted(file.read_text().splitlines()) == sorted(f"# {who} {n}" for who in range(3) for n in range(20))


def test_a_change_is_seen_at_once_also_one_that_keeps_size_and_time(tmp_path: Path) -> None:
    file = tmp_path / "users.scram"
    _write(file, "aaaa")
    made: list[bytes] = []

    def make(raw: bytes) -> bytes:
        made.append(raw)
        return raw

    watched = Watched(file, make, 1000)
    assert watched.value() == b"aaaa"
    for letter in b"bcdefghij" * 20:  # in place, in one tick of the clock
        before = file.stat()
        with file.open("r+b") as opened:
            opened.write(bytes([letter]) * 4)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert watched.value() == bytes([letter]) * 4


def test_what_does_not_change_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "users.scram"
    _write(file, "aaaa")
    made: list[bytes] = []
    watched = Watched(file, lambda raw: made.append(raw) or raw, 1000)
    later = file.stat().st_mtime_ns + 10**10
    monkeypatch.setattr("ringfence.access.files.time.time_ns", lambda: later)
    assert [watched.value() for _ in range(5)] == [b"aaaa"] * 5
    assert len(made) == 1
    file.chmod(0o602)
    with pytest.raises(UnsafeFile):
        watched.value()


def test_a_file_that_is_written_all_the_time_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "users.scram"
    edit(file, lambda _: "a" * 50_000, 100_000)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            edit(file, lambda text: chr(ord("a") + (ord(text[0]) + 1) % 26) * 50_000, 100_000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(200):
            read = read_safely(file, 100_000)
            assert len(read) == 50_000
            assert len(set(read)) == 1
    finally:
        stop.set()
        writer.join()


def test_a_users_file_that_breaks_lets_nobody_in_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "users.scram"
    _write(file, f"{LINE}\n")
    said: list[AccessFault] = []
    users = Users(file, said.append)
    assert "ana" in users.now()
    _write(file, f"{LINE}\nbroken\n")
    with pytest.raises(Denied):
        users.now()
    assert "users.scram:2" in said[-1].what
    file.unlink()
    with pytest.raises(Denied):
        users.now()
    assert "cannot be read" in said[-1].what
    _write(file, f"{LINE}\n")
    assert "ana" in users.now()


@pytest.mark.parametrize(
    ("mode", "text", "told"),
    [
        (0o644, f"{LINE}\n", 1),
        (0o604, f"{LINE}\n", 1),
        (0o640, f"{LINE}\n", 0),
        (0o600, f"{LINE}\n", 0),
        (0o644, "batch:-:etl\n", 0),
    ],
)
def test_verifiers_that_everybody_can_read_are_cautioned_of_and_used(
    tmp_path: Path, mode: int, text: str, told: int
) -> None:
    file = tmp_path / "users.scram"
    file.write_text(text)
    file.chmod(mode)
    heard: list[AccessFault] = []
    users = Users(file, heard.append)
    users.caution()
    assert len(heard) == told
    assert all(str(file) in fault.what and fault.mend == f"chmod o-r {file}" for fault in heard)
    assert len(users.now().users) == 1


def test_a_caution_of_a_file_that_has_gone_is_no_error(tmp_path: Path) -> None:
    heard: list[AccessFault] = []
    Users(tmp_path / "gone", heard.append).caution()
    assert [type(fault) for fault in heard] == [BadUsersFile]


def test_a_file_of_the_largest_size_is_bounded() -> None:
    with pytest.raises(BadUsersFile, match="too long"):
        read_users("#" * (MOST_CHARACTERS + 1), WHERE)
