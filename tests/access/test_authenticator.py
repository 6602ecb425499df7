"""The way in as plays: what arrives, what must be sent. With scramp's own client, and with whatever an attacker sends."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp import ScramClient

from ringfence.access import Attempts, Authenticator, Channel, Identities, Reason, Step, VerifiedBy, open_identities
from ringfence.access.authenticator import Failure
from ringfence.access.identities import ScramSource, TokenSource, Users
from ringfence.access.scram import MOST_MESSAGE, ScramExchange, make_verifier
from ringfence.access.users import User, UserList, read_users, spell
from ringfence.policy import read
from ringfence.policy.model import Gate, ZoneName

NOW = datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)
STAFF = ZoneName("staff")
PLAIN = Channel("192.0.2.1")
END_POINT = bytes(range(32))
SECURE = Channel("192.0.2.1", encrypted=True, end_point=END_POINT)
BINDING = ("tls-server-end-point", END_POINT)
OFFER = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"
OFFER_PLUS = b"R\0\0\0\x2a\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"
OK = b"R\0\0\0\x08\0\0\0\0"
REFUSED = b"E\0\0\0\x31SFATAL\0VFATAL\0C28P01\0Mauthentication failed\0\0"
LINE = f"{spell(User('ana', make_verifier('a word'), ('support',)))}\n"


class Listed(Users):
    """Users without a file."""

    def __init__(self, text: str = LINE) -> None:
        self.list = read_users(text, "users.scram")

    def now(self) -> UserList:
        return self.list


def identities(text: str = LINE) -> Identities:
    return Identities([ScramSource("users", STAFF, Listed(text))])


def message(body: bytes) -> bytes:
    return b"p" + struct.pack("!i", len(body) + 4) + body


def initial(mechanism: str, data: bytes) -> bytes:
    return message(mechanism.encode() + b"\0" + struct.pack("!i", len(data)) + data)


def answered(step: Step, code: int) -> str:
    assert step.send[:1] == b"R"
    assert struct.unpack("!i", step.send[5:9])[0] == code
    length = struct.unpack("!i", step.send[1:5])[0]
    return step.send[9 : length + 1].decode()


def come_in(
    way_in: Authenticator,
    password: str = "a word",  # noqa: S107 (everybody's in these plays)
    *,
    mechanism: str = "SCRAM-SHA-256",
    binding: tuple[str, bytes] | None = None,
    change: Callable[[str], str] = str,
) -> Step:
    """Play a client to the end; `change` changes its last message."""
    client = ScramClient([mechanism], "whoever", password, channel_binding=binding)
    assert way_in.start(NOW).send
    step = way_in.feed(initial(mechanism, client.get_client_first().encode()), NOW)
    if step.failure:
        return step
    client.set_server_first(answered(step, 11))
    step = way_in.feed(message(change(client.get_client_final()).encode()), NOW)
    if step.principal:
        client.set_server_final(answered(step, 12))
    return step


def test_a_right_password_gives_a_principal_and_the_servers_own_proof() -> None:
    way_in = Authenticator(identities(), "ana", PLAIN)
    assert way_in.start(NOW) == Step(OFFER)
    step = come_in(Authenticator(identities(), "ana", PLAIN))
    assert step.send.endswith(OK)
    assert step.principal is not None
    assert (step.principal.name, step.principal.zone, step.principal.verified_by) == ("ana", STAFF, VerifiedBy.SCRAM)
    assert step.hold == 0


def test_over_tls_the_exchange_can_be_bound() -> None:
    assert Authenticator(identities(), "ana", SECURE).start(NOW) == Step(OFFER_PLUS)
    step = come_in(Authenticator(identities(), "ana", SECURE), mechanism="SCRAM-SHA-256-PLUS", binding=BINDING)
    assert step.principal is not None
    assert step.principal.verified_by is VerifiedBy.SCRAM_PLUS
    step = come_in(Authenticator(identities(), "ana", SECURE))
    assert step.principal is not None
    assert step.principal.verified_by is VerifiedBy.SCRAM


def test_a_client_that_was_told_of_no_binding_though_it_could_is_refused() -> None:
    # "y": I could bind, and you did not offer it. We did: somebody in between took it out.
    way_in = Authenticator(identities(), "ana", SECURE)
    way_in.start(NOW)
    assert way_in.feed(initial("SCRAM-SHA-256", b"y,,n=,r=abc"), NOW).failure


def test_an_exchange_bound_to_another_channel_is_refused() -> None:
    other = ("tls-server-end-point", bytes(32))
    step = come_in(Authenticator(identities(), "ana", SECURE), mechanism="SCRAM-SHA-256-PLUS", binding=other)
    assert step.failure is not None
    assert step.send == REFUSED


def test_every_failure_is_the_same_message() -> None:
    gone = f"{spell(User('gone', make_verifier('a word'), (), NOW, '2031-01-02T03:04:05Z'))}\n"
    for user, password, reason in (
        ("ana", "another", Reason.WRONG_PROOF),
        ("nobody", "a word", Reason.UNKNOWN_USER),
        ("gone", "a word", Reason.EXPIRED),
        ("", "a word", Reason.UNKNOWN_USER),
        ("\udce4", "a word", Reason.UNKNOWN_USER),
    ):
        step = come_in(Authenticator(identities(LINE + gone), user, PLAIN), password)
        assert step.failure == Failure(reason, "users")
        assert step.send == REFUSED
        assert 0 < step.hold < 0.5


def test_an_unknown_name_has_one_salt_for_ever_and_looks_like_a_known_one() -> None:
    users = read_users(LINE, "x")

    def first(name: str) -> dict[str, str]:
        said = ScramExchange(users, name, b"").first("SCRAM-SHA-256", b"n,,n=,r=abc").decode()
        return {part[0]: part[2:] for part in said.split(",")}

    known, unknown = first("ana"), first("nobody")
    assert unknown["s"] == first("nobody")["s"] != first("nobodi")["s"]
    assert unknown["r"] != first("nobody")["r"]
    assert (len(unknown["s"]), unknown["i"]) == (len(known["s"]), known["i"])
    assert known["s"] == first("ana")["s"]


def test_unknown_names_have_iterations_in_the_shares_in_which_users_have_them() -> None:
    verifier = make_verifier("a word")
    more = verifier.spelt().replace("$4096:", "$10000:")
    lines = [f"u{number}:{verifier.spelt() if number % 4 else more}:\n" for number in range(40)]
    users = read_users("".join(lines), "x")
    said = [
        ScramExchange(users, f"name{number}", b"").first("SCRAM-SHA-256", b"n,,n=,r=abc").rpartition(b",i=")[2]
        for number in range(2000)
    ]
    assert set(said) == {b"4096", b"10000"}
    assert 400 < said.count(b"10000") < 600


def test_neither_a_replayed_proof_nor_a_changed_one_opens() -> None:
    taken: list[str] = []
    assert come_in(Authenticator(identities(), "ana", PLAIN), change=lambda said: taken.append(said) or said).principal
    for change in (
        lambda _: taken[0],
        lambda said: said[:-4] + "AAA=",
        lambda said: said.replace("c=biws", "c=eSws"),
        lambda said: said + ",x=1",
        lambda said: said.replace("r=", "r=x"),
        lambda said: said.split(",p=")[0],
        lambda said: said.split(",p=")[0] + ",p=AAAA",
        lambda _: "e=other-error",
        lambda _: "",
    ):
        step = come_in(Authenticator(identities(), "ana", PLAIN), change=change)
        assert step.failure is not None
        assert step.principal is None


FIRSTS = {
    "a mechanism that was not offered": initial("SCRAM-SHA-1", b"n,,n=,r=abc"),
    "binding without TLS": initial("SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,n=,r=abc"),
    "binding by the other mechanism": initial("SCRAM-SHA-256", b"p=tls-server-end-point,,n=,r=abc"),
    "no nonce": initial("SCRAM-SHA-256", b"n,,n="),
    "an empty nonce": initial("SCRAM-SHA-256", b"n,,n=,r="),
    "an authority": initial("SCRAM-SHA-256", b"n,a=root,n=,r=abc"),
    "a mandatory extension": initial("SCRAM-SHA-256", b"n,,m=x,n=,r=abc"),
    "an extension before the nonce": initial("SCRAM-SHA-256", b"n,,n=,m=x,r=abc"),
    "no name": initial("SCRAM-SHA-256", b"n,,r=abc"),
    "bytes that are no text": initial("SCRAM-SHA-256", b"n,,n=\xff,r=\xff"),
    "no data": message(b"SCRAM-SHA-256\0\xff\xff\xff\xff"),
    "a length that is not so": message(b"SCRAM-SHA-256\0\0\0\0\x40n,,n=,r=abc"),
    "a negative length": message(b"SCRAM-SHA-256\0\x80\0\0\0n,,n=,r=abc"),
    "no end of the name": message(b"SCRAM-SHA-256"),
    "nothing": message(b""),
    "no message": b"",
    "another message": b"Q\0\0\0\x0dselect 1\0",
    "too much": initial("SCRAM-SHA-256", b"n,,n=,r=" + b"a" * MOST_MESSAGE),
}


@pytest.mark.parametrize("what", FIRSTS)
def test_a_first_message_that_is_not_one_is_refused(what: str) -> None:
    way_in = Authenticator(identities(), "ana", PLAIN)
    way_in.start(NOW)
    step = way_in.feed(FIRSTS[what], NOW)
    assert step.failure == Failure(Reason.MALFORMED, "users")
    assert step.send == REFUSED
    assert way_in.feed(initial("SCRAM-SHA-256", b"n,,n=,r=abc"), NOW).failure  # nor does anything go on after it
    assert way_in.most == 0


def test_nothing_is_taken_before_it_was_asked_for_nor_after_the_end() -> None:
    way_in = Authenticator(identities(), "ana", PLAIN)
    assert way_in.feed(message(b""), NOW).failure
    way_in = Authenticator(identities(), "ana", PLAIN)
    assert come_in(way_in).principal
    assert way_in.feed(message(b"c=biws,r=x,p=AAAA"), NOW).failure


def test_guesses_at_once_are_no_way_around_the_limit() -> None:
    everybody = identities()
    ways = [Authenticator(everybody, "ana", PLAIN) for _ in range(60)]
    waiting = []
    for way_in in ways:
        way_in.start(NOW)
        client = ScramClient(["SCRAM-SHA-256"], "x", "guess")
        client.set_server_first(
            answered(way_in.feed(initial("SCRAM-SHA-256", client.get_client_first().encode()), NOW), 11)
        )
        waiting.append((way_in, client.get_client_final()))
    reasons = [way_in.feed(message(final.encode()), NOW).failure.reason for way_in, final in waiting]
    assert reasons.count(Reason.WRONG_PROOF) == 20
    assert reasons.count(Reason.TOO_MANY) == 40
    assert come_in(Authenticator(everybody, "ana", Channel("192.0.2.2"))).principal
    step = Authenticator(everybody, "ana", PLAIN).start(NOW)
    assert step.failure == Failure(Reason.TOO_MANY, "users")
    assert step.send == REFUSED
    assert Authenticator(everybody, "ana", PLAIN).start(NOW + timedelta(seconds=4)).send == OFFER


@given(st.lists(st.binary(max_size=80), max_size=3), st.booleans())
def test_whatever_is_sent_nobody_comes_in(bodies: list[bytes], secure: bool) -> None:
    way_in = Authenticator(identities(), "ana", SECURE if secure else PLAIN)
    way_in.start(NOW)
    for body in bodies:
        step = way_in.feed(message(body), NOW)
        assert step.principal is None
        assert step.failure or step.send[:1] == b"R"


POLICY = """
version: 1
zones: {core: {label: core}, staff: {label: staff}}
assets: {db: {zone: core, kind: postgres}}
principals: {users: {scram: "file:users.scram", zone: staff}, me: {local: true, zone: staff}}
flows: [{id: reads, from: db, to: staff, carry: {}}]
"""


def test_a_policys_principals_are_opened_beside_it(tmp_path: Path) -> None:
    (tmp_path / "users.scram").write_text(LINE)
    (tmp_path / "users.scram").chmod(0o600)
    policy = read("ringfence.yaml", {"ringfence.yaml": POLICY}, {})
    attempts = Attempts()
    opened = open_identities(policy, Gate("pg", "postgres"), tmp_path, lambda _: None, Identities([], attempts))
    opened.check()
    assert opened.attempts is attempts
    assert come_in(Authenticator(opened, "ana", PLAIN)).principal
    assert come_in(Authenticator(opened, "ana", PLAIN, "users")).principal
    for asked in ("me", "nowhere"):
        assert Authenticator(opened, "ana", PLAIN, asked).start(NOW).failure == Failure(Reason.NO_SOURCE, "")


def test_a_gate_asks_those_that_it_names_and_only_those(tmp_path: Path) -> None:
    several = POLICY.replace(
        "me: {local: true, zone: staff}", 'shops: {api_keys: "file:users.scram", zone: staff}'
    ).replace("users: {scram", 'others: {scram: "file:users.scram", zone: staff}, users: {scram')
    (tmp_path / "users.scram").write_text(LINE)
    (tmp_path / "users.scram").chmod(0o600)
    policy = read("ringfence.yaml", {"ringfence.yaml": several}, {})

    def asked(gate: Gate) -> list[str]:
        return [each.name for each in open_identities(policy, gate, tmp_path, lambda _: None).sources]

    assert asked(Gate("pg", "postgres")) == ["others", "users"], "API keys come over HTTP only"
    assert asked(Gate("pg", "postgres", principals=("users",))) == ["users"]
    assert asked(Gate("api", "http", principals=("shops",))) == ["shops"]
    assert asked(Gate("api", "http")) == []
    opened = open_identities(policy, Gate("api", "http", principals=("shops",)), tmp_path, lambda _: None)
    assert Authenticator(opened, "ana", PLAIN, "shops").start(NOW).failure == Failure(Reason.NO_SOURCE, "shops")


def test_a_reload_keeps_a_key_set_that_stays_where_it_was(tmp_path: Path) -> None:
    text = POLICY.replace(
        "me: {local: true, zone: staff}",
        'sso: {jwks: "https://id.example.com/jwks", issuer: "https://id.example.com", audience: ringfence, zone: staff}',
    )
    policy = read("ringfence.yaml", {"ringfence.yaml": text}, {})
    moved = read("ringfence.yaml", {"ringfence.yaml": text.replace("com/jwks", "com/keys")}, {})
    gate = Gate("api", "http", principals=("sso",))
    first = open_identities(policy, gate, tmp_path, lambda _: None)
    same, other = (open_identities(each, gate, tmp_path, lambda _: None, first) for each in (policy, moved))
    keys = [next(each.keys for each in one.sources if isinstance(each, TokenSource)) for one in (first, same, other)]
    assert keys[0] is keys[1]
    assert keys[0] is not keys[2]
