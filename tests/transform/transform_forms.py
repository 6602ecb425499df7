"""What the tests of transforms share: keys with fixed secrets, and an About made with them."""

import hashlib

from hypothesis import settings
from hypothesis import strategies as st

from ringfence.policy.model import Form, FormKind, KeyName, ZoneName
from ringfence.transform import About, KeyHandle, Keyring

unhurried = settings(
    deadline=None
)  # the first keyed form loads a library, and the machine may be busy: time is not what is tested

# Built from letters: `st.emails` and `st.from_regex` first compute tables of Unicode, which takes 1.4 s where no earlier run kept
# them, and then fails Hypothesis' health check in a fresh checkout.
EMAILS = st.builds(
    "{}@{}.{}".format,
    st.text("abcXYZ019.+_-", min_size=1, max_size=20),
    st.text("abcxyz019-", min_size=1, max_size=20),
    st.sampled_from(["com", "org", "co.uk", "xn--p1ai"]),
)
ANY_CHARACTER = st.characters() | st.characters(categories=["Cs"])  # lone surrogates too: JSON can spell them
TOKEN_LIKE = st.builds(
    "tok_{}_{}_{}".format,
    st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=6, max_size=6),
    st.integers(0, 999),
    st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=20, max_size=60),
)

KEY = KeyName("k-contact")
OTHER_KEY = KeyName("k-index")
EMAIL = "user.contact.email"
CARD = "user.financial.credit_card"
IP = "user.device.ip_address"
BORN = "user.demographic.date_of_birth"


def secret(name: str, version: int) -> bytes:
    """Make a secret that is the same in every run."""
    return hashlib.sha256(f"{name} {version} of the tests".encode()).digest()


def ring(*held: tuple[str, int]) -> Keyring:
    return Keyring(
        KeyHandle(name, version, secret(name, version)) for name, version in held or ((KEY, 1), (OTHER_KEY, 1))
    )


KEYS = ring()


def about(category: str = EMAIL, scope: str = "zone:staff", keys: Keyring = KEYS, entity: str = "") -> About:
    return About(entity, category, scope, keys)


TOKEN = Form("contact-token", FormKind.TOKEN, key=KEY, joinable=frozenset({ZoneName("staff")}))
HASH = Form("contact-hash", FormKind.HASH, key=KEY)
SURROGATE = Form("contact-surrogate", FormKind.SURROGATE, key=KEY)
MASK = Form("mask", FormKind.MASK)
LAST4 = Form("last4", FormKind.MASK, keep_last=4)
DOMAIN = Form("domain", FormKind.MASK, keep_domain=True)
NETWORK = Form("network", FormKind.TRUNCATE)
MONTH = Form("month", FormKind.BUCKET, unit="month")
YEAR = Form("year", FormKind.BUCKET, unit="year")
DECADE = Form("decade", FormKind.BUCKET, unit="decade")
TENS = Form("tens", FormKind.BUCKET, width=10)
NULL = Form("null", FormKind.NULL)
