"""Keys are handles: nothing that Python does to an object shows their bytes, and no error shows a value."""

import copy
import dataclasses
import gc
import inspect
import json
import pickle
import pprint
import subprocess
import sys
import traceback
import weakref

import pytest
from transform_forms import CARD, HASH, KEY, TOKEN, about, ring, secret

from ringfence.policy.model import DENY, Form, FormKind
from ringfence.transform import (
    About,
    Ask,
    KeyHandle,
    Keyring,
    MissingKey,
    NotAToken,
    Untransformable,
    ValueType,
    WrongKey,
    apply,
    reverse,
)
from ringfence.transform.keys import DERIVED_KEPT

SECRET = secret(KEY, 1)
VALUE = "ada.canary@example.com"


def used() -> KeyHandle:
    """A handle that has derived, so that what it keeps is there to be found."""
    handle = KeyHandle(KEY, 1, SECRET)
    handle.derive("hash", "zone:staff")
    handle.siv("token", "zone:staff")
    return handle


def spellings(handle: KeyHandle) -> set[str]:
    """The ways in which bytes of the secret, or of a key derived from it, could show in a text."""
    keys = (SECRET, handle.derive("hash", "zone:staff"), handle.derive("token", "zone:staff", 64))
    return {form for key in keys for form in (key.hex(), repr(key)[2:-1], repr(list(key))[1:-1])}


def members(thing: object) -> list[tuple[str, object]]:
    """Give what `inspect.getmembers` gives: on Python 3.11.2 that fails at the `__weakref__` of a class with slots."""
    found: list[tuple[str, object]] = []
    for name in dir(thing):
        try:
            found.append((name, getattr(thing, name)))
        except (AttributeError, TypeError):
            found.append((name, inspect.getattr_static(thing, name)))
    return found


def test_no_way_of_printing_a_handle_or_what_holds_it_shows_a_key() -> None:
    handle = used()
    ringed = Keyring([handle])
    where = About("", CARD, "zone:staff", ringed)
    shown = []
    for thing in (handle, ringed, where, [handle], {"k": ringed}):
        shown += [repr(thing), str(thing), f"{thing}", pprint.pformat(thing), ascii(thing)]
        shown += [repr(members(thing)), repr(dir(thing))]
    shown += [
        repr([getattr(handle, name) for name in handle.__slots__]),
        repr([getattr(ringed, name) for name in ringed.__slots__]),
    ]
    for text in shown:
        assert not any(spelling in text for spelling in spellings(handle))
    assert repr(handle) == "<key k-contact version 1>"
    assert repr(ringed) == "<keyring of 1 keys>"
    assert "keys" not in repr(where)


@pytest.mark.parametrize(
    "write", [copy.copy, copy.deepcopy, pickle.dumps, json.dumps, vars, lambda thing: thing.__getstate__(), bytes]
)
@pytest.mark.parametrize("make", [used, lambda: Keyring([used()])])
def test_a_key_is_not_copied_or_serialised(make: "type[KeyHandle]", write: "type[object]") -> None:
    with pytest.raises(TypeError):
        write(make())


def test_a_description_of_a_value_is_not_turned_into_plain_data_with_its_keys() -> None:
    with pytest.raises(TypeError):
        dataclasses.asdict(About("", CARD, "zone:staff", Keyring([used()])))


def test_a_traceback_that_shows_local_variables_shows_no_key() -> None:
    handle = used()
    failures = []
    for fail in (
        lambda: KeyHandle(KEY, 1, SECRET[:-1]),
        lambda: KeyHandle(KEY, 0, SECRET),
        lambda: handle.derive("hash", "zone:staff", 8),
        lambda: handle.derive("hash", "zone\0staff"),
        lambda: pickle.dumps(handle),
        lambda: reverse("tok_aaaaaa_1_" + "a" * 26, about()),
    ):
        with pytest.raises((ValueError, TypeError)) as caught:
            fail()
        failures.append(traceback.TracebackException.from_exception(caught.value, capture_locals=True))
    for failure in failures:
        # The lowest frames only: this test's own hold the secret.
        failure.stack[:] = [frame for frame in failure.stack if frame.filename != __file__]
        text = "".join(failure.format())
        assert not any(spelling in text for spelling in spellings(handle) | {repr(SECRET[:-1])[2:-1]})


def test_a_handle_that_is_dropped_is_gone_at_once() -> None:
    gc.disable()
    try:
        handle = used()
        inner = weakref.ref(handle._derive)
        del handle
        assert inner() is None  # a cycle would keep the secret in memory until the collector comes
    finally:
        gc.enable()


def test_what_is_derived_is_bound_to_name_version_purpose_scope_and_is_kept_within_bounds() -> None:
    one = KeyHandle("a", 1, SECRET)
    keys = {
        one.derive("hash", "s"),
        one.derive("index", "s"),
        one.derive("hash", "t"),
        KeyHandle("b", 1, SECRET).derive("hash", "s"),
        KeyHandle("a", 2, SECRET).derive("hash", "s"),
        KeyHandle("a", 1, secret("a", 1)).derive("hash", "s"),
    }
    assert len(keys) == 6
    first = one.derive("hash", "scope 0")
    for number in range(DERIVED_KEPT * 2):
        one.derive("hash", f"scope {number}")
        one.siv("token", f"scope {number}")
    assert len(one._sivs) <= DERIVED_KEPT
    assert one.derive("hash", "scope 0") == first


def test_a_keyring_gives_the_newest_version_and_refuses_two_of_one() -> None:
    keys = ring((KEY, 2), (KEY, 10), (KEY, 1))
    assert keys.current(KEY).version == 10
    assert keys.version(KEY, 2).version == 2
    assert keys.names() == (KEY,)
    with pytest.raises(ValueError, match="given twice"):
        ring((KEY, 1), (KEY, 1))
    with pytest.raises(MissingKey, match="version 3"):
        keys.version(KEY, 3)
    with pytest.raises(MissingKey, match="ringfence key add k-other"):
        keys.version("k-other", 1)


def test_no_error_and_no_repr_holds_a_value() -> None:
    token = apply(TOKEN, VALUE, about())
    assert isinstance(token, str)
    raised: list[BaseException] = []
    for fail in (
        lambda: apply(DENY, VALUE, about()),
        lambda: apply(Form("t", FormKind.TOKEN), VALUE, about()),
        lambda: apply(Form("s", FormKind.SURROGATE), VALUE, about()),
        lambda: apply(HASH, VALUE, about(keys=Keyring())),
        lambda: reverse(token, about(CARD)),
        lambda: reverse(token, about(keys=Keyring())),
        lambda: reverse(token.replace("_1_", "_7_"), about()),
        lambda: reverse(VALUE, about()),
        lambda: reverse(token + "é", about()),
    ):
        with pytest.raises((Untransformable, MissingKey, NotAToken, WrongKey)) as caught:
            fail()
        raised.append(caught.value)
    for error in raised:
        told = f"{error!s} {error!r} {error.args!r} {vars(error)!r} {error.__cause__!r} {error.__context__!r}"
        assert "canary" not in told
        assert token not in told
        assert len(str(error).splitlines()) <= 2
    assert "canary" not in repr(Ask(KEY, "zone:staff", CARD, ValueType.STRING, VALUE))


def test_cryptography_is_loaded_only_when_a_keyed_form_is_used() -> None:
    code = """
import sys
from ringfence.transform import About, KeyHandle, Keyring, apply, fit, ValueType
from ringfence.policy.model import Form, FormKind
about = About("", "user.contact.email", "zone:staff", Keyring([KeyHandle("k", 1, bytes(32))]))
apply(Form("mask", FormKind.MASK), "ada@example.com", about)
assert not any(name.startswith("cryptography") for name in sys.modules), "loaded too early"
apply(Form("token", FormKind.TOKEN, key="k"), "ada@example.com", about)
assert "cryptography" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
