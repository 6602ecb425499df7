"""The baseline: known again by a key, whatever moves; counted; told where it is spare; worth nothing to whoever lacks the key."""

import hashlib
import hmac
import json
import os
import secrets
import stat
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from allowing_support import DETECTOR, found_in, looked_at, standings
from hypothesis import given
from hypothesis import strategies as st

from ringfence.gates.git.allowing import Allowances, Settling
from ringfence.gates.git.baseline import (
    BadBaseline,
    Baseline,
    Entry,
    Recording,
    check_of,
    parse_baseline,
    read_baseline,
    write_baseline,
    written,
)
from ringfence.gates.git.model import Allowance, By, Item, Origin, Scanned, Standing
from ringfence.gates.git.scanning import Digests
from ringfence.transform import KeyHandle, Keyring

HANDLE = KeyHandle("k-scan", 1, bytes(range(32)))
DIGESTS = Digests(Keyring([HANDLE]), "k-scan")
ALLOWANCES = Allowances()
PEOPLE = [f"{mark}@brieffalke.de" for mark in ("bcdfghjkm", "npqrstvwx", "zbcdfghjk", "mnpqrstvw", "xzbcdfghj")]

Tree = dict[str, list[str]]


def scanned_in(tree: Tree, digests: Digests = DIGESTS) -> list[Scanned]:
    """Look at a tree of files, lines of text each."""
    return [looked_at(name, "\n".join(lines).encode(), ALLOWANCES, digests) for name, lines in tree.items()]


def taken_down(tree: Tree, *, counting: bool = True, old: Baseline | None = None) -> Baseline:
    recording = Recording()
    for scanned in scanned_in(tree):
        recording.take(scanned)
    return parse_baseline(written(recording.baseline(HANDLE, counting=counting, old=old)).encode(), "baseline.json")


def settled(tree: Tree, baseline: Baseline, **more: bool) -> tuple[list[tuple[str, str]], tuple[Allowance, ...]]:
    settling = Settling(ALLOWANCES, baseline, **more)
    told = [settling.take(scanned) for scanned in scanned_in(tree)]
    return [(one.standing.value, one.why) for scanned in told for one in scanned.found], settling.unused()


TREE: Tree = {"a.py": ["x = 1", PEOPLE[0], PEOPLE[1]], "b.csv": [PEOPLE[0], "", PEOPLE[2]]}


def test_what_was_taken_down_may_stay_and_nothing_is_spare() -> None:
    told, unused = settled(TREE, taken_down(TREE))
    assert told == [("allowed", "baseline")] * 4
    assert unused == ()


def test_more_of_it_than_was_taken_down_is_found_and_less_is_told_as_spare() -> None:
    baseline = taken_down(TREE)
    more, unused = settled({**TREE, "c.txt": [PEOPLE[0], PEOPLE[3]]}, baseline)
    assert [one[0] for one in more] == ["allowed"] * 4 + ["refused"] * 2
    assert unused == ()
    less, unused = settled({"a.py": TREE["a.py"]}, baseline)
    assert [one[0] for one in less] == ["allowed"] * 2
    assert sorted((one.used, one.spare) for one in unused) == [(0, 1), (1, 1)]
    assert {one.by for one in unused} == {By.BASELINE}
    assert all(one.file == "baseline.json" and one.line >= 5 and one.names == ("EMAIL_ADDRESS",) for one in unused)
    assert settled({"a.py": TREE["a.py"]}, baseline, whole=False)[1] == ()


def test_nothing_is_called_spare_where_something_could_not_be_read() -> None:
    from ringfence.extract.model import Fault
    from ringfence.gates.git.model import Failed

    settling = Settling(ALLOWANCES, taken_down(TREE))
    settling.take(Scanned(Item("x", Origin.FILE), failed=(Failed("x", Fault.DAMAGED, "damaged"),)))
    assert settling.unused() == ()


@given(st.data())
def test_moved_lines_renamed_files_and_another_order_change_nothing(data: st.DataObject) -> None:
    words = st.sampled_from([*PEOPLE, "x = 1", "", "nobody here"])
    contents = data.draw(st.lists(st.lists(words, max_size=6), min_size=1, max_size=4))
    tree = {f"file{number}.txt": lines for number, lines in enumerate(contents)}
    baseline = taken_down(tree)
    lines = data.draw(st.permutations([line for lines in contents for line in lines]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), min_size=0, max_size=4)))
    names = data.draw(st.lists(st.text("abc/", min_size=1, max_size=5), min_size=5, max_size=5, unique=True))
    moved = {name: lines[first:last] for name, first, last in zip(names, [0, *cuts], [*cuts, len(lines)], strict=False)}
    told, unused = settled(moved, baseline)
    assert all(one == ("allowed", "baseline") for one in told)
    assert unused == ()
    assert written(taken_down(moved)) == written(baseline)


def test_of_a_history_nothing_is_counted() -> None:
    once = taken_down({"a": [PEOPLE[0]]})
    many: Tree = {"a": [PEOPLE[0]], "b": [PEOPLE[0]], "c": [PEOPLE[0], PEOPLE[1]]}
    assert [one[0] for one in settled(many, once, history=True)[0]] == ["allowed"] * 3 + ["refused"]
    of_history = taken_down(many, counting=False)
    assert '"count"' not in written(of_history)
    assert settled({"a": [PEOPLE[0]] * 9}, of_history)[0] == [("allowed", "baseline")] * 9
    assert [one.spare for one in settled({"a": [PEOPLE[0]]}, of_history)[1]] == [1]


def test_what_is_allowed_otherwise_is_not_taken_down() -> None:
    text = f"a = '{PEOPLE[0]}'  # ringfence: allow EMAIL_ADDRESS a reason\n"
    assert taken_down({"a.py": [text]}).entries == {}


def test_reasons_that_a_person_wrote_stay_and_are_told_without_personal_data() -> None:
    baseline = taken_down(TREE)
    key = next(key for key, entry in baseline.entries.items() if entry.count == 2)
    reason = f"imprint, {PEOPLE[4]} knows"
    with_reason = replace(baseline, entries={**baseline.entries, key: replace(baseline.entries[key], reason=reason)})
    again = taken_down({**TREE, "c": [PEOPLE[3]]}, old=parse_baseline(written(with_reason).encode(), "b"))
    assert again.entries[key].reason == reason
    assert len(again.entries) == 4
    settling = Settling(ALLOWANCES, again)
    told = settling.take(scanned_in({"c": [PEOPLE[0]]})[0])
    assert standings(told) == [("allowed", "baseline", "imprint, [redacted:email] knows")]
    assert PEOPLE[4] not in str(settling.unused())


def test_the_file_is_in_order_has_an_entry_a_line_and_holds_neither_values_nor_places() -> None:
    text = written(taken_down(TREE))
    assert text == written(taken_down(dict(reversed(TREE.items()))))
    lines = [line for line in text.split("\n") if "fingerprint" in line]
    assert len(lines) == 3
    assert lines == sorted(lines) or [line.rstrip(",") for line in lines] == sorted(line.rstrip(",") for line in lines)
    assert not any(person in text or person.partition("@")[0] in text for person in PEOPLE)
    assert "a.py" not in text
    assert json.loads(text)["key"] == {"name": "k-scan", "version": 1, "check": check_of(HANDLE)}


def test_the_file_itself_holds_nothing_that_is_found_in_it() -> None:
    entries = [Entry("EMAIL_ADDRESS", secrets.token_hex(16), 1) for _ in range(2000)]
    text = written(Baseline("k-scan", 1, check_of(HANDLE), {one.key: one for one in entries}))
    assert [one.entity for one in found_in("baseline.json", text.encode())] == []


def test_who_has_the_file_and_every_address_but_not_the_key_learns_nothing() -> None:
    """Every unkeyed hash, and every keyed one under what stands in the file, of every spelling: none meets a fingerprint."""
    text = written(taken_down(TREE))
    held = json.loads(text)
    told = {one["fingerprint"] for one in held["findings"]} | {held["key"]["check"]}
    public = [
        b"",
        b"k-scan",
        b"ringfence",
        b"k-scan:1",
        bytes.fromhex(held["key"]["check"]),
        held["key"]["check"].encode(),
    ]
    public += [b"index", b"ringfence v1\x00k-scan\x001\x00index\x00", bytes(32)]
    for person in PEOPLE:
        for value in (
            person,
            f"EMAIL_ADDRESS\x00{person}",
            f"EMAIL_ADDRESS{person}",
            f"EMAIL_ADDRESS:{person}",
            person.upper(),
        ):
            for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256"):
                digests = [hashlib.new(name, value.encode()).hexdigest()]
                digests += [hmac.new(key, value.encode(), name).hexdigest() for key in public]
                assert not any(digest[at : at + 32] in told for digest in digests for at in (0, len(digest) - 32))


def test_another_key_makes_other_fingerprints_of_the_same_values() -> None:
    other = KeyHandle("k-scan", 1, bytes(reversed(range(32))))
    digests = Digests(Keyring([other]), "k-scan")
    ours = {one.digest for scanned in scanned_in(TREE) for one in scanned.found}
    theirs = {one.digest for scanned in scanned_in(TREE, digests) for one in scanned.found}
    assert not ours & theirs
    assert {len(one) for one in ours} == {32}


def test_the_wrong_key_is_told_as_that() -> None:
    baseline = taken_down(TREE)
    baseline.opened_by(HANDLE)
    with pytest.raises(BadBaseline, match="under another key than this k-scan version 1\n  give the key"):
        baseline.opened_by(KeyHandle("k-scan", 1, bytes(32)))


def test_the_check_tells_nothing_about_what_the_key_makes() -> None:
    """The published check is a derived key of its own: no value, however chosen, has it for a fingerprint."""
    assert check_of(HANDLE) != DIGESTS.of("", b"")
    assert check_of(HANDLE) != HANDLE.derive("index", "", 16).hex()


GOOD = written(taken_down(TREE))
ONE = {"entity": "EMAIL_ADDRESS", "fingerprint": "0" * 32, "count": 1}


def with_findings(*findings: object) -> str:
    return json.dumps({"ringfence-baseline": 1, "key": json.loads(GOOD)["key"], "findings": list(findings)})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (GOOD[: len(GOOD) // 2], "b.json:5: it is not JSON from here on"),
        ("", "b.json:1: it is not JSON from here on"),
        ("[]", "b.json: it is no baseline"),
        ("null", "b.json: it is no baseline"),
        ('{"version": 1}', "b.json: it is no baseline"),
        ("[" * 100_000, "b.json: it is not JSON that anybody would write"),
        ('{"a":' * 100_000, "b.json: it is not JSON that anybody would write"),
        ("1" * 10_000, "b.json: it is not JSON that anybody would write"),
        (GOOD.replace('baseline": 1', 'baseline": 2'), "b.json: it has another version than 1"),
        (GOOD.replace('baseline": 1', 'baseline": true'), "b.json: it has another version than 1"),
        (GOOD.replace('"k-scan"', "7"), "b.json: key.name is not a key's name"),
        (GOOD.replace('"k-scan"', '"../x"'), "b.json: key.name is not a key's name"),
        (GOOD.replace('"version": 1', '"version": 0'), "b.json: key.version is not a key's version"),
        (GOOD.replace('"version": 1', '"version": "1"'), "b.json: key.version is not a key's version"),
        (GOOD.replace(check_of(HANDLE), "x"), "b.json: key.check is not 32 hexadecimal digits"),
        (GOOD.replace('"findings"', '"finding"'), "b.json: findings is not a list"),
        (with_findings(1), "b.json: finding 1 is not an object"),
        (with_findings(ONE, {**ONE, "fingerprint": 5}), "b.json: finding 2: fingerprint is not 32 hexadecimal digits"),
        (with_findings({**ONE, "count": 0}), "b.json:1: count is not a number from 1"),
        (with_findings({**ONE, "count": -1}), "b.json:1: count is not a number from 1"),
        (with_findings({**ONE, "count": 1.5}), "b.json:1: count is not a number from 1"),
        (with_findings({**ONE, "count": True}), "b.json:1: count is not a number from 1"),
        (with_findings({**ONE, "count": 10**30}), "b.json:1: count is not a number from 1"),
        (with_findings({**ONE, "entity": PEOPLE[0]}), "b.json:1: entity is no name of an entity or category"),
        (with_findings({**ONE, "entity": None}), "b.json:1: entity is no name of an entity or category"),
        (with_findings({**ONE, "reason": 3}), "b.json:1: reason is not a text of at most 1000 characters"),
        (with_findings({**ONE, "reason": "x" * 1001}), "b.json:1: reason is not a text of at most 1000 characters"),
        (with_findings({**ONE, "reason": "\ud800"}), "b.json:1: reason is not a text of at most 1000 characters"),
        (with_findings({**ONE, "reson": "x"}), "b.json:1: it has a field that is not known"),
        (GOOD.replace("    {", "<<<<<<< HEAD\n    {", 1), "b.json:5: two versions of it were not merged"),
    ],
)
def test_a_file_that_is_wrong_is_an_error_with_place_and_mend(content: str, told: str) -> None:
    with pytest.raises(BadBaseline) as raised:
        parse_baseline(content.encode(), "b.json")
    assert raised.value.what == told
    assert raised.value.mend
    assert PEOPLE[0] not in str(raised.value)


@given(st.binary(max_size=100) | st.integers(0, len(GOOD)).map(lambda at: GOOD[:at].encode()))
def test_whatever_a_file_holds_it_is_read_or_an_error(content: bytes) -> None:
    try:
        parse_baseline(content, "b.json")
    except BadBaseline as error:
        assert error.mend  # noqa: PT017


def test_a_file_beyond_all_bounds_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    with file.open("wb") as opened:
        opened.truncate(1 << 33)  # sparse
    with pytest.raises(BadBaseline, match="more than"):
        read_baseline(file)


def test_what_two_branches_added_alike_counts_once() -> None:
    read = parse_baseline(with_findings(ONE, {**ONE, "count": 3, "reason": "x"}, ONE).encode(), "b.json")
    assert [(one.count, one.reason) for one in read.entries.values()] == [(3, "x")]


def test_a_file_is_replaced_whole_and_keeps_its_rights(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    write_baseline(file, taken_down(TREE))
    file.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(file)
    write_baseline(link, taken_down({}))
    assert link.is_symlink()
    assert read_baseline(file).entries == {}
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["baseline.json", "link.json"]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "baseline.json"
    write_baseline(file, taken_down(TREE))
    before = file.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_baseline(file, taken_down({}))
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["baseline.json"]


def _write_often(file: Path, number: int) -> None:
    baseline = taken_down({"a": [PEOPLE[number]] * (number + 1)})
    for _ in range(30):
        write_baseline(file, baseline)
        assert len(read_baseline(file).entries) == 1


def test_of_two_that_write_at_once_one_is_the_last_and_its_file_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        for each in [pool.submit(_write_often, file, number) for number in range(4)]:
            each.result(timeout=60)
    assert next(iter(read_baseline(file).entries.values())).count in {1, 2, 3, 4}
    assert [one.name for one in tmp_path.iterdir()] == ["baseline.json"]


def test_fields_that_a_policy_declares_are_known_by_their_category() -> None:
    found = found_in("a", PEOPLE[0].encode(), DIGESTS)[0]
    declared = replace(found, entity="", category="user.contact", digest=DIGESTS.of("", b"x"))
    recording = Recording()
    recording.take(Scanned(Item("a", Origin.FILE), (declared,)))
    baseline = recording.baseline(HANDLE)
    assert [key[0] for key in baseline.entries] == ["user.contact"]
    told = Settling(ALLOWANCES, baseline).take(Scanned(Item("b", Origin.FILE), (declared,)))
    assert told.found[0].standing is Standing.ALLOWED


def test_a_finding_without_a_digest_is_never_known_again() -> None:
    baseline = taken_down(TREE)
    told = Settling(ALLOWANCES, baseline).take(looked_at("a", PEOPLE[0].encode(), ALLOWANCES))
    assert told.found[0].standing is Standing.REFUSED
    assert DETECTOR is not None
