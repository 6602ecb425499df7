"""Signed notes, checkpoints and keys, against the published examples of the format."""

import base64
import pickle

import pytest

from ringfence.ledger.note import (
    Checkpoint,
    NoteError,
    SigningKey,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_public_key,
    parse_signing_key,
)

# The documented example of golang.org/x/mod/sumdb/note.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_OTHER_PUBLIC = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
GO_OTHER_SIGNATURE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# The example key and note of the specification's own tests.
SPEC_PUBLIC = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The example of C2SP tlog-checkpoint.
SPEC_CHECKPOINT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

KEY = SigningKey("ringfence/example/0", bytes(range(32)))
OTHER = SigningKey("ringfence/example/0", bytes(range(1, 33)))


def test_gos_example_key_signs_its_example_byte_for_byte() -> None:
    key = parse_signing_key(GO_PRIVATE)
    assert str(key.public) == GO_PUBLIC
    assert key.reveal() == GO_PRIVATE
    assert key.sign(GO_TEXT) == f"{GO_TEXT}\n{GO_SIGNATURE}"


@pytest.mark.parametrize("public", [GO_PUBLIC, GO_OTHER_PUBLIC])
def test_gos_example_with_two_signatures_verifies_with_either_key(public: str) -> None:
    note = f"{GO_TEXT}\n{GO_SIGNATURE}{GO_OTHER_SIGNATURE}"
    assert open_note(note, parse_public_key(public)) == GO_TEXT


def test_the_specifications_example_verifies() -> None:
    assert open_note(SPEC_NOTE, parse_public_key(SPEC_PUBLIC)) == "This is an example message.\n"


def test_the_specifications_checkpoint_is_read_and_written_alike() -> None:
    checkpoint = parse_checkpoint(SPEC_CHECKPOINT)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == SPEC_CHECKPOINT


def test_every_part_of_a_key_that_is_cut_or_changed_is_refused() -> None:
    for text, parse in ((GO_PUBLIC, parse_public_key), (GO_PRIVATE, parse_signing_key)):
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                if (start, end) != (0, len(text)):
                    with pytest.raises(NoteError):
                        parse(text[start:end])
        for at in range(len(text)):
            with pytest.raises(NoteError):
                parse(text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long, its id made to fit
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # an unknown type, its id made to fit
        "",
        "a+b",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_keys_of_other_kinds_are_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_public_key(text)


def test_signatures_of_unknown_keys_are_ignored_and_one_of_this_key_is_needed() -> None:
    note = KEY.sign("text\n")
    assert open_note(note + GO_SIGNATURE, KEY.public) == "text\n"
    with pytest.raises(NoteError, match="no signature"):
        open_note(note, OTHER.public)  # of the same name


def test_a_signature_of_this_key_that_does_not_fit_rejects_the_note_even_beside_a_good_one() -> None:
    good = KEY.sign("text\n")
    bad = KEY.signature_line("other text\n")
    for note in (good + bad, f"text\n\n{bad}"):
        with pytest.raises(NoteError, match="does not fit"):
            open_note(note, KEY.public)


def test_no_changed_character_of_a_checkpoint_is_accepted() -> None:
    note = KEY.sign(Checkpoint(KEY.name, 42, bytes(32)).text)
    assert open_checkpoint(note, KEY.public) == Checkpoint(KEY.name, 42, bytes(32))
    for at in range(len(note)):
        for changed in (note[:at] + note[at + 1 :], note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]):
            with pytest.raises(NoteError):
                open_checkpoint(changed, KEY.public)


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        "o\n1\nAAAA\n",
        f"o\n01\n{base64.b64encode(bytes(32)).decode()}\n",
        f"o\n-1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"o\n\N{ARABIC-INDIC DIGIT ONE}\n{base64.b64encode(bytes(32)).decode()}\n",
        f"o\n{'9' * 30}\n{base64.b64encode(bytes(32)).decode()}\n",
        f"\n1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"o\n1\n{base64.b64encode(bytes(32)).decode()}\nan extension\n",
        f"o\n1\n{base64.b64encode(bytes(32)).decode()}",
        f"o\n1\n{base64.b64encode(bytes(32)).decode().replace('=', '')}\n",
        f"o\n1\n{base64.b64encode(bytes(32)).decode()[:-2]}B=\n",  # bits after the last byte
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— a b\n",
        "text\n\n- ringfence/example/0 AAAA\n",
        "te\txt\n\n— a AAAAAAAA\n",
        "\n\n— a AAAAAAAA",
        "x" * 200_000,
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        open_note(note, KEY.public)


def test_more_signatures_than_a_note_may_have_are_refused() -> None:
    with pytest.raises(NoteError, match="100"):
        open_note(KEY.sign("text\n") + GO_SIGNATURE * 100, KEY.public)


def test_another_ledgers_checkpoint_is_refused() -> None:
    note = KEY.sign(Checkpoint("ringfence/another/0", 1, bytes(32)).text)
    with pytest.raises(NoteError, match="another ledger"):
        open_checkpoint(note, KEY.public)


def test_a_signing_key_cannot_be_printed_or_copied() -> None:
    secret = base64.b64encode(b"\x01" + bytes(range(32))).decode()
    for shown in (repr(KEY), str(KEY), f"{KEY}", repr([KEY])):
        assert secret not in shown
        assert "ringfence/example/0" in shown
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


def test_text_that_could_not_be_read_back_is_not_signed() -> None:
    for text in ("no newline", "a\x00b\n", "\ud800\n"):
        with pytest.raises(NoteError):
            KEY.sign(text)
    for name in ("", "a b", "a+b", "a\nb", "\ud800"):
        with pytest.raises(NoteError):
            SigningKey(name, bytes(32))
