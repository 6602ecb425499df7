"""Tokens, hashes and blind indexes: round trips, who can join them, and the formats that must not change."""

import base64
import hashlib
import hmac
import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from transform_forms import (
    ANY_CHARACTER,
    CARD,
    EMAIL,
    HASH,
    KEY,
    OTHER_KEY,
    SURROGATE,
    TOKEN,
    TOKEN_LIKE,
    about,
    ring,
    secret,
    unhurried,
)

from ringfence.detect import Detector
from ringfence.policy.model import Form, FormKind
from ringfence.transform import (
    KeyHandle,
    Keyring,
    MissingKey,
    NotAToken,
    Untransformable,
    ValueType,
    WrongKey,
    apply,
    blind_index,
    fit,
    reverse,
)

ANY_TEXT = st.text(ANY_CHARACTER, max_size=200)
GOLDEN = Path(__file__).with_name("golden_tokens.json")


def token_of(value: str, **given: object) -> str:
    made = apply(TOKEN, value, about(**given))
    assert isinstance(made, str)
    return made


@unhurried
@given(ANY_TEXT, st.sampled_from([EMAIL, CARD]), st.sampled_from(["zone:staff", "joinable:analytics,staff"]))
def test_a_token_goes_back_to_exactly_its_value(value: str, category: str, scope: str) -> None:
    where = about(category, scope)
    made = apply(TOKEN, value, where)
    assert isinstance(made, str)
    assert reverse(made, where) == value


@unhurried
@given(ANY_TEXT)
def test_equal_values_have_equal_tokens_in_one_scope_and_different_ones_in_any_other(value: str) -> None:
    staff, analytics, shared = (
        about(scope=scope) for scope in ("zone:staff", "zone:analytics", "joinable:analytics,staff")
    )
    for form in (TOKEN, HASH):
        assert apply(form, value, staff) == apply(form, value, about(scope="zone:staff"))
        assert len({apply(form, value, where) for where in (staff, analytics, shared, about(CARD))}) == 4


@unhurried
@given(ANY_TEXT, ANY_TEXT)
def test_different_values_have_different_tokens_and_hashes(one: str, other: str) -> None:
    if one != other:
        assert token_of(one) != token_of(other)
        assert apply(HASH, one, about()) != apply(HASH, other, about())


@unhurried
@given(ANY_TEXT)
def test_a_token_survives_json_csv_urls_and_lower_case(value: str) -> None:
    made = token_of(value)
    assert json.dumps(made) == f'"{made}"'
    assert quote(made, safe="") == made
    assert made.lower() == made
    assert not set(made) - set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_a_token_is_no_finding_and_neither_is_a_hash() -> None:
    detector = Detector()
    rng = random.Random(7)
    for _ in range(500):
        value = f"{rng.randrange(10**16):016}"
        for made in (
            token_of(value),
            apply(HASH, value, about()),
            apply(Form("h", FormKind.HASH, key=KEY, length=64), value, about()),
        ):
            assert detector.find(f"contact={made}, paid") == []


def test_an_older_version_of_a_key_still_reverses_its_tokens_and_new_ones_take_the_newest() -> None:
    before, after = ring((KEY, 1)), ring((KEY, 1), (KEY, 2))
    old = token_of("ada@example.com", keys=before)
    new = token_of("ada@example.com", keys=after)
    assert old != new
    assert old.split("_")[:3] == ["tok", new.split("_")[1], "1"]
    assert new.split("_")[2] == "2"
    assert reverse(old, about(keys=after)) == reverse(new, about(keys=after)) == "ada@example.com"
    with pytest.raises(MissingKey, match="version 2"):
        reverse(new, about(keys=before))
    assert apply(HASH, "ada", about(keys=before)) != apply(HASH, "ada", about(keys=after))


def test_a_token_is_refused_with_another_category_scope_or_key() -> None:
    made = token_of("ada@example.com")
    impostor = Keyring([KeyHandle(KEY, 1, secret("somebody else", 1))])
    for wrong in (
        about(CARD),
        about(scope="zone:analytics"),
        about(keys=ring((OTHER_KEY, 1))),
        about(keys=impostor),
        about(keys=Keyring()),
    ):
        with pytest.raises(WrongKey):
            reverse(made, wrong)


@unhurried
@given(st.data())
def test_a_changed_token_is_refused_whatever_was_changed(data: st.DataObject) -> None:
    made = token_of("ada@example.com")
    at = data.draw(st.integers(0, len(made) - 1))
    changed = made[:at] + data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789_-=A ")) + made[at + 1 :]
    if changed != made:
        with pytest.raises((NotAToken, WrongKey, MissingKey)):
            reverse(changed, about())


@unhurried
@given(ANY_TEXT | TOKEN_LIKE)
def test_what_is_not_a_token_is_refused_by_type(text: str) -> None:
    with pytest.raises((NotAToken, WrongKey, MissingKey)):
        reverse(text, about())


@pytest.mark.parametrize("spoilt", ["{}=", "{}\n", " {}", "{}a", "TOK{}"])
def test_a_token_has_one_spelling(spoilt: str) -> None:
    with pytest.raises((NotAToken, WrongKey)):
        reverse(spoilt.format(token_of("ada@example.com")), about())


@pytest.mark.parametrize("length", range(5))
def test_the_bits_that_base32_leaves_over_may_not_be_used_to_spell_a_token_twice(length: int) -> None:
    made = token_of("a" * length)
    accepted = []
    for last in "abcdefghijklmnopqrstuvwxyz234567":
        try:
            accepted.append((made[:-1] + last, reverse(made[:-1] + last, about())))
        except (NotAToken, WrongKey):
            continue
    assert accepted == [(made, "a" * length)]


@pytest.mark.parametrize("value", ["\ud800", "ada\udfff@example.com", "tok_aaaaaa_1_\ud800" + "a" * 26])
def test_a_lone_surrogate_is_a_value_like_any_other(value: str) -> None:
    assert reverse(token_of(value), about()) == value
    assert apply(HASH, value, about()) != apply(HASH, value.replace("\ud800", "?").replace("\udfff", "?"), about())
    assert len(blind_index(ring(), KEY, value)) == 32
    with pytest.raises(NotAToken):
        reverse(value, about())


def test_a_blind_index_takes_one_spelling_of_a_value_and_is_apart_from_hashes() -> None:
    keys = ring()
    decomposed, composed = "jose\u0301", "jos\u00e9"
    assert blind_index(keys, OTHER_KEY, f" {decomposed}\n") == blind_index(keys, OTHER_KEY, composed)
    assert blind_index(keys, OTHER_KEY, "Ada") != blind_index(keys, OTHER_KEY, "ada")
    assert blind_index(keys, OTHER_KEY, "ada") != blind_index(keys, KEY, "ada")
    assert blind_index(keys, KEY, "ada") != apply(HASH, "ada", about())
    assert len(blind_index(keys, OTHER_KEY, "")) == 32
    with pytest.raises(MissingKey):
        blind_index(keys, "k-nobody", "ada")


def test_one_key_gives_the_same_tokens_to_many_threads() -> None:
    values = [f"person{number}@example.com" for number in range(50)]
    expected = [token_of(value) for value in values]
    shared = ring()
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: [token_of(value, keys=shared) for value in values], range(16)))
    assert all(run == expected for run in runs)


@pytest.mark.parametrize("form", [TOKEN, HASH, SURROGATE])
def test_a_form_without_its_key_is_refused(form: Form) -> None:
    keyless = Form(form.name, form.kind)
    for value_type in (ValueType.STRING, ValueType.UUID):
        if form is TOKEN and value_type is ValueType.UUID:
            continue  # no token is a UUID, so none is made
        with pytest.raises(Untransformable, match=f"form {form.name} .* names no key"):
            fit(keyless, "ada@example.com", value_type, about())
    if form is not SURROGATE:
        with pytest.raises(MissingKey, match="ringfence key add k-contact"):
            apply(form, "ada@example.com", about(keys=Keyring()))


# ---- known answers: that the library's parts are the standards', and wired as the docstrings say

SIV_VECTORS = [  # RFC 5297, appendix A.1 and A.2 (there the nonce is the last associated datum)
    (
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        ["101112131415161718191a1b1c1d1e1f2021222324252627"],
        "112233445566778899aabbccddee",
        "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c",
    ),
    (
        "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
        [
            "00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
            "102030405060708090a0",
            "09f911029d74e35bd84156c5635688c0",
        ],
        "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
        "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d",
    ),
]


@pytest.mark.parametrize(("key", "associated", "clear", "sealed"), SIV_VECTORS)
def test_aes_siv_is_that_of_rfc_5297(key: str, associated: list[str], clear: str, sealed: str) -> None:
    siv = AESSIV(bytes.fromhex(key))
    bound = [bytes.fromhex(each) for each in associated]
    assert siv.encrypt(bytes.fromhex(clear), bound).hex() == sealed
    assert siv.decrypt(bytes.fromhex(sealed), bound).hex() == clear


@pytest.mark.parametrize(
    ("key", "message", "digest"),
    [  # RFC 4231, test cases 1 and 2
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    ],
)
def test_hmac_is_that_of_rfc_4231(key: bytes, message: bytes, digest: str) -> None:
    assert hmac.digest(key, message, "sha256").hex() == digest


def test_hkdf_is_that_of_rfc_5869() -> None:
    secret_of_a_1 = b"\x0b" * 22
    first = HKDF(SHA256(), 42, bytes(range(13)), bytes(range(0xF0, 0xFA))).derive(secret_of_a_1)
    third = HKDF(SHA256(), 42, None, b"").derive(secret_of_a_1)
    assert first.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    assert third.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"


def expand(name: str, version: int, purpose: str, scope: str, length: int) -> bytes:
    """HKDF-SHA-256 written out, with the info that `KeyHandle.derive` documents."""
    extracted = hmac.digest(bytes(32), secret(name, version), "sha256")
    info = "\0".join(["ringfence v1", name, str(version), purpose, scope]).encode()
    blocks, last = b"", b""
    while len(blocks) < length:
        last = hmac.digest(extracted, last + info + bytes([len(blocks) // 32 + 1]), "sha256")
        blocks += last
    return blocks[:length]


def test_a_token_can_be_opened_by_hand_from_its_description() -> None:
    _, key_id, version, body = token_of("ada@example.com").split("_")
    assert key_id == base64.b32encode(hashlib.sha256(b"ringfence key id\0k-contact").digest())[:6].decode().lower()
    assert version == "1"
    sealed = base64.b32decode(body.upper() + "=" * (-len(body) % 8))
    siv = AESSIV(expand(KEY, 1, "token", "zone:staff", 64))
    assert siv.decrypt(sealed, [b"ringfence token 1", EMAIL.encode(), b"zone:staff"]) == b"ada@example.com"


def test_a_hash_and_an_index_can_be_made_by_hand_from_their_descriptions() -> None:
    message = EMAIL.encode() + b"\0ada@example.com"
    assert (
        apply(HASH, "ada@example.com", about())
        == hmac.digest(expand(KEY, 1, "hash", "zone:staff", 32), message, "sha256").hex()[:32]
    )
    assert blind_index(ring(), KEY, "ada") == hmac.digest(expand(KEY, 1, "index", "", 32), b"ada", "sha256").hex()[:32]


def made_now() -> list[dict[str, str]]:
    """Make what the golden file holds."""
    rows = []
    for value in ("", "a", "ada@example.com", "4111 1111 1111 1111", "Grüße, 世界 \U0001f600", "x" * 100):
        for category, scope, version in ((EMAIL, "zone:staff", 1), (CARD, "joinable:analytics,staff", 2)):
            where = about(category, scope, ring((KEY, version)))
            made = {
                "token": apply(TOKEN, value, where),
                "hash": apply(HASH, value, where),
                "uuid": fit(HASH, value, ValueType.UUID, where),
            }
            index = {"index": blind_index(where.keys, KEY, value)}
            rows.append(
                {"value": value, "category": category, "scope": scope, "version": str(version), **made, **index}
            )
    return rows


def test_what_was_written_once_is_still_made_and_still_read() -> None:
    # The golden file is never written anew: data stores hold such tokens, hashes and indexes, and they must keep meeting new ones.
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden == made_now()
    for row in golden:
        assert (
            reverse(row["token"], about(row["category"], row["scope"], ring((KEY, int(row["version"])))))
            == row["value"]
        )
