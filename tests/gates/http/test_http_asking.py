"""Who asks, without Envoy: what a head and what is known of the client make of a request, and what goes on of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from access_tokens import claims, published, token
from ringfence.access import Attempts, Doorkeeper, Identities, open_identities
from ringfence.access.api_keys import hash_of, make_api_key
from ringfence.access.users import User, spell
from ringfence.crossing import Body, CrossingId, Effects, Ending, Record, Recorded, Refusal, Refuse, Release
from ringfence.gates.http.asking import ANYONE, Asking, Client, Door
from ringfence.gates.http.belonging import remembered
from ringfence.gates.http.destinations import refused
from ringfence.gates.http.edits import RequestHead, ResponseHead
from ringfence.gates.http.exchange import HttpExchange, Side
from ringfence.gates.http.media import Fields
from ringfence.gates.http.passage import Passage
from ringfence.policy import AssetName, Policy, ZoneName, read
from ringfence.transform import Keyring
from tls_authority import Authority

NOW = datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)
JSON = (("content-type", "application/json"),)
MAIL = b'{"mail": "ada@example.com"}'
POLICY = """
version: 1
zones: {core: {label: core}, staff: {label: staff}, partners: {label: partners}, street: {label: street}}
assets: {shop: {zone: core, kind: http, at: "http://127.0.0.1:1", fields: {mail: user.contact.email}}}
roles:
  support: {group: support, purposes: [care]}
  oncall: {group: oncall, needs: [reason]}
  partner: {group: partners}
purposes: {care: {basis: contract}, ads: {basis: consent}}
principals:
  sso: {jwks: "file:jwks.json", issuer: "https://id.example.com", audience: ringfence, zone: staff}
  shops: {api_keys: "file:shops.users", zone: partners}
  machines: {certificates: "file:machines.users", zone: partners}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, principals: [sso, shops, machines], clients: street}
flows:
  - id: staff-reads
    from: shop
    to: staff
    via: {gate: api}
    carry: {user.contact.email: [{role: oncall, form: clear}, {purpose: care, form: mask}, {form: redact}]}
  - {id: partners-read, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: redact}}
  - {id: all-read, from: shop, to: street, via: {gate: api}, carry: {user.contact.email: "null"}}
  - {id: staff-writes, from: staff, to: shop, via: {gate: api, match: {method: POST}}, carry: {user.contact.email: clear}}
"""
CLOSED = POLICY.replace(", clients: street", "")
NAMED = {"support": ["support"], "both": ["support", "oncall"], "oncall": ["oncall"], "stranger": ["choir"]}
KEY = make_api_key()
WRONG_KEY = make_api_key()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "jwks.json": published().decode(),
        "shops.users": spell(User("acme", None, ("partners",), None, "2031-12-31", hash_of(KEY))),
        "machines.users": "robot.example.com:-:partners",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path


def side(folder: Path, text: str = POLICY, attempts: Attempts | None = None) -> Side:
    policy: Policy = read("p.yaml", {"p.yaml": text}, {})
    gate = policy.gates["api"]
    access = open_identities(policy, gate, folder, lambda _fault: None, Identities([], attempts))
    door = Door(policy, gate, Doorkeeper(access) if gate.principals else None)
    ids = iter(range(1000))
    shop, nowhere = AssetName("shop"), ZoneName("")
    return Side(policy, "api", shop, nowhere, Keyring(), lambda _at: CrossingId(f"c{next(ids)}"), door=door)


def bearer(*groups: str, **other: object) -> tuple[str, str]:
    return ("authorization", "Bearer " + token(said=claims(groups=list(groups), **other)).decode())


class Ran:
    """What came of a request that was answered with an address, and of its answer."""

    def __init__(self, one: Side, fields: Fields = (), client: Client = Client(), *, method: str = "GET") -> None:  # noqa: B008
        self.entries: list[Body] = []
        self.out = b""
        self.status = 200
        self.fields: Fields = ()
        self.told: dict[str, object] = {}
        self.exchange = HttpExchange(one)
        head = RequestHead(method, "/people", fields, ends=True)
        passage = self.exchange.request(head, client, NOW)
        self.edits = self.exchange.edits_of_request(head)
        self.reached = self._head(passage, of_request=True)
        if self.reached:
            answer = self.exchange.response(ResponseHead(200, JSON, ends=False))
            if self._head(answer, of_request=False):
                self._carry(answer, [*answer.feed(MAIL, NOW), *answer.end(Ending.COMPLETE, NOW)], of_request=False)

    def _head(self, passage: Passage, *, of_request: bool) -> bool:
        self._carry(passage.head, passage.head.start(NOW), of_request=of_request)
        self.out = b""
        return self.status == 200

    def _carry(self, passage: object, effects: Effects, *, of_request: bool) -> None:
        for effect in effects:
            match effect:
                case Release(payload=bytes() as octets):
                    self.out += octets
                case Record(id=number, body=body):
                    self.entries.append(body)
                    self._carry(passage, passage.answer(Recorded(number, "r"), NOW), of_request=of_request)  # type: ignore[attr-defined]
                case Refuse(refusal=refusal):
                    self._refuse(refusal, of_request=of_request)

    def _refuse(self, refusal: Refusal, *, of_request: bool) -> None:
        said = self.exchange.told(refusal, of_request=of_request)
        self.status, self.fields, self.told = said.status, said.fields, json.loads(said.body)
        self.out = b""

    @property
    def challenge(self) -> str | None:
        return dict(self.fields).get("www-authenticate")


def test_nobody_says_who_he_is_and_gets_what_everybody_gets(folder: Path) -> None:
    ran = Ran(side(folder))
    assert (ran.out, ran.entries[-1]["principal"], ran.entries[-1]["flow"]) == (b'{"mail": null}', ANYONE, "all-read")
    assert "role" not in ran.entries[-1]


FORMS = {
    "an api key": ([("x-api-key", KEY)], b'{"mail": "[redacted:email]"}', "acme", "partner"),
    "a token": (
        [bearer("support"), ("x-purpose", "care")],
        b'{"mail": "***************"}',
        "[redacted:email]",
        "support",
    ),
    "no purpose": ([bearer("support")], b'{"mail": "[redacted:email]"}', "[redacted:email]", "support"),
    "the one of two roles": (
        [bearer("support", "oncall"), ("x-role", "oncall"), ("x-reason", "ticket 7")],
        MAIL,
        "[redacted:email]",
        "oncall",
    ),
    "the other": (
        [bearer("support", "oncall"), ("x-role", "support")],
        b'{"mail": "[redacted:email]"}',
        "[redacted:email]",
        "support",
    ),
}


@pytest.mark.parametrize("case", FORMS)
def test_the_form_in_which_a_field_crosses_is_that_of_who_asks(case: str, folder: Path) -> None:
    fields, out, principal, role = FORMS[case]
    ran = Ran(side(folder), tuple(fields))
    entry = ran.entries[-1]
    assert (ran.status, ran.out, entry["principal"], entry["role"]) == (200, out, principal, role)


def test_a_certificate_says_who_asks_unless_the_request_does(folder: Path) -> None:
    issued = Authority(folder / "ca").issue("robot.example.com", days=3650)
    client = Client("192.0.2.1", issued.der)
    ran = Ran(side(folder), (), client)
    assert (ran.entries[-1]["principal"], ran.entries[-1]["flow"]) == ("robot.example.com", "partners-read")
    assert Ran(side(folder), (bearer("support"),), client).entries[-1]["flow"] == "staff-reads"
    assert Ran(side(folder), (), Client("192.0.2.1", b"")).status == 401


WRONG = {
    "a key of nobody": [("x-api-key", make_api_key())],
    "two keys": [("x-api-key", KEY), ("x-api-key", KEY)],
    "an empty key": [("x-api-key", "")],
    "a token that is none": [("authorization", "Bearer x")],
    "bearer and nothing": [("authorization", "bearer")],
    "a token that has ended": [bearer("support", exp=int(NOW.timestamp()) - 60)],
    "a token and a key": [bearer("support"), ("x-api-key", KEY)],
    "a tab in it": [("authorization", "Bearer x\ty")],
    "bearer and a tab": [("authorization", "Bearer\tx")],
    "two authorizations in one": [("authorization", "Basic eDp5,Bearer x")],
    "two authorizations": [bearer("support"), ("authorization", "Basic eDp5")],
}


@pytest.mark.parametrize("text", [POLICY, CLOSED], ids=["open to all", "closed"])
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_credential_is_refused_and_never_taken_for_none(case: str, text: str, folder: Path) -> None:
    ran = Ran(side(folder, text), tuple(WRONG[case]))
    assert (ran.status, ran.reached, ran.told["reason"]) == (401, False, "not-authenticated")
    assert ran.challenge == 'Bearer realm="api", error="invalid_token", ApiKey realm="api", Certificate realm="api"'
    assert [(entry["kind"], entry["principal"]) for entry in ran.entries] == [("refused", ANYONE)]
    assert ran.entries[0]["why"], "the ledger says what was wrong"
    assert str(ran.entries[0]["why"]) not in json.dumps(ran.told), "the client is not told"
    assert not any(value in json.dumps([ran.told, *ran.entries]) for _, value in WRONG[case] if len(value) > 6)


def test_all_wrong_credentials_look_the_same_from_outside(folder: Path) -> None:
    said = set()
    for fields in WRONG.values():
        ran = Ran(side(folder), tuple(fields))
        said.add(json.dumps({**ran.told, "crossing": "", "fields": ran.fields}))
    assert len(said) == 1


@pytest.mark.parametrize(
    ("key", "reason"), [(KEY, "not-allowed"), (WRONG_KEY, "not-authenticated")], ids=["right", "wrong"]
)
def test_who_asks_for_what_is_nowhere_is_asked_first_and_no_endpoint_is_counted(
    key: str, reason: str, folder: Path
) -> None:
    one = side(folder, POLICY.replace("fields: {mail", "endpoints: {GET /people: {}}, fields: {mail"))
    exchange, fields = HttpExchange(one), (("x-api-key", key), ("traceparent", f"00-{'4b' * 16}-{'a1' * 8}-01"))
    head = RequestHead("GET", "/people", fields, ends=True)
    passage = exchange.refuse(head, refused(one, head), "ada@elsewhere.example.com:81", Client(), NOW)
    [entry] = [effect.body for effect in passage.head.start(NOW) if isinstance(effect, Record)]
    assert (entry["kind"], entry["refused"]) == ("refused", reason)
    assert entry["client"] == {"method": "GET", "authority": "elsewhere.example.com:81"}
    assert entry["principal"] == ("acme" if key == KEY else ANYONE)
    assert (exchange.called, entry["trace"]) == (None, {"id": "4b" * 16, "parent": "a1" * 8})


def test_whoever_brings_nothing_where_nobody_may_is_asked_to(folder: Path) -> None:
    ran = Ran(side(folder, CLOSED))
    assert (ran.status, ran.reached) == (401, False)
    assert ran.challenge == 'Bearer realm="api", ApiKey realm="api", Certificate realm="api"'
    assert "x-api-key" in str(ran.told["detail"])


ROLES = {
    "none of his groups has one": [bearer("choir")],
    "he has several and does not say which": [bearer("support", "oncall")],
    "it is not his": [bearer("support"), ("x-role", "oncall")],
    "there is no such": [bearer("support"), ("x-role", "ada@example.com")],
    "he says two": [bearer("support", "oncall"), ("x-role", "support"), ("x-role", "oncall")],
    "he says nothing": [bearer("support", "oncall"), ("x-role", "")],
    "nobody has one": [("x-role", "support")],
}


@pytest.mark.parametrize("case", ROLES)
def test_exactly_one_role_acts_or_the_request_is_refused(case: str, folder: Path) -> None:
    ran = Ran(side(folder), tuple(ROLES[case]))
    assert (ran.status, ran.reached) == (403, False)
    assert "ada@example.com" not in json.dumps([ran.told, *ran.entries])
    assert [entry["kind"] for entry in ran.entries] == ["refused"]


def test_a_policy_without_roles_asks_nobody_for_one(folder: Path) -> None:
    text = POLICY.replace(POLICY[POLICY.index("roles:") : POLICY.index("purposes: {care")], "").replace(
        "[{role: oncall, form: clear}, {purpose: care, form: mask}, {form: redact}]", "mask"
    )
    assert Ran(side(folder, text), (bearer("choir"),)).out == b'{"mail": "***************"}'


PURPOSES = {
    "a role may not state it": ([bearer("support"), ("x-purpose", "ads")], 403),
    "a role may state it": ([bearer("support"), ("x-purpose", "care")], 200),
    "it is none of the policy's": ([bearer("support"), ("x-purpose", "spite")], 403),
    "it is personal": ([bearer("support"), ("x-purpose", "ada@example.com")], 403),
    "there are two": ([bearer("support"), ("x-purpose", "care"), ("x-purpose", "care")], 403),
    "it is empty": ([bearer("support"), ("x-purpose", " ")], 403),
    "anybody may state one": ([("x-purpose", "ads")], 200),
    "and not one that there is not": ([("x-purpose", "spite")], 403),
    "a reason is needed": ([bearer("oncall")], 403),
    "a reason is given": ([bearer("oncall"), ("x-reason", "ticket 7")], 200),
    "a reason that is none": ([bearer("oncall"), ("x-reason", " , ")], 403),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("case", PURPOSES)
def test_purpose_and_reason_are_checked_before_the_service_is_asked(case: str, method: str, folder: Path) -> None:
    fields, status = PURPOSES[case]
    ran = Ran(side(folder), tuple(fields), method=method)
    assert (ran.status, ran.reached) == (status, status == 200)
    assert "ada@example.com" not in json.dumps([ran.told, *ran.entries])


def test_what_a_flow_asks_for_is_asked_for_before_the_service_is(folder: Path) -> None:
    text = POLICY.replace("  - {id: all-read,", "  - {id: all-read, purposes: [ads],")
    assert (Ran(side(folder, text)).status, Ran(side(folder, text)).reached) == (403, False)
    assert Ran(side(folder, text), (("x-purpose", "ads"),)).out == b'{"mail": null}'
    watched = text.replace("id: all-read,", "id: all-read, mode: observe,")
    ran = Ran(side(folder, watched))
    assert (ran.status, ran.out) == (200, MAIL)
    assert ran.entries[-1]["would"] == "not-allowed"


def test_a_reason_is_scrubbed_before_it_is_recorded(folder: Path) -> None:
    ran = Ran(side(folder), (bearer("oncall"), ("x-reason", "ada@example.com \udcff asked")))
    assert ran.entries[-1]["reason"] == "[redacted:email] \ufffd asked"


OWN = {
    "an api key": ([("x-api-key", KEY)], ["x-api-key"]),
    "a token": ([bearer("support")], ["authorization"]),
    "what is said": (
        [bearer("support"), ("x-role", "support"), ("x-purpose", "care"), ("x-reason", "x")],
        ["authorization", "x-purpose", "x-reason", "x-role"],
    ),
    "another scheme is the service's": ([("authorization", "Basic eDp5")], []),
    "a proxy's word for a certificate": ([("x-forwarded-client-cert", "Hash=0")], ["x-forwarded-client-cert"]),
}


@pytest.mark.parametrize("case", OWN)
def test_what_is_the_gates_own_is_taken_off(case: str, folder: Path) -> None:
    fields, gone = OWN[case]
    ran = Ran(side(folder), tuple(fields))
    assert ran.status == 200
    assert sorted(ran.edits.remove) == gone


def test_a_token_goes_on_where_the_policy_says_so_and_a_key_never(folder: Path) -> None:
    text = POLICY.replace("clients: street", "clients: street, forward_token: true")
    assert Ran(side(folder, text), (bearer("support"),)).edits.remove == ()
    assert Ran(side(folder, text), (("x-api-key", KEY),)).edits.remove == ("x-api-key",)


def test_the_gates_own_fields_are_no_payload(folder: Path) -> None:
    """A token names a person, and a reason may; neither is found in the head, for neither crosses."""
    text = POLICY.replace(
        "match: {method: POST}}, carry: {user.contact.email: clear}", "match: {method: POST}}, carry: {}"
    )
    fields = (bearer("support"), ("x-reason", "ada@example.com"))
    ran = Ran(side(folder, text), fields, method="POST")
    assert (ran.status, [entry["flow"] for entry in ran.entries]) == (200, ["staff-reads"])
    assert Ran(side(folder, text), (*fields, ("x-note", "ada@example.com")), method="POST").status == 403


def test_a_gate_that_asks_nobody_reads_none_of_the_fields(folder: Path) -> None:
    plain = POLICY.replace("principals: [sso, shops, machines], ", "")
    fields = (("x-purpose", "spite"), ("x-role", "support"), ("x-api-key", "mine"), ("authorization", "Bearer x"))
    ran = Ran(side(folder, plain), fields)
    assert (ran.status, ran.edits.remove, ran.out) == (200, (), b'{"mail": null}')
    stated = plain.replace("clients: street", "clients: street, headers: {purpose: X-Why}").replace(
        "- {id: all-read,", "- {id: all-read, purposes: [ads],"
    )
    ran = Ran(side(folder, stated), (("x-why", "ads"), ("x-api-key", "mine"), ("authorization", "Bearer x")))
    assert (ran.out, ran.edits.remove) == (b'{"mail": null}', ("x-why",))


def test_the_names_of_the_fields_are_the_policys(folder: Path) -> None:
    text = POLICY.replace("clients: street", "clients: street, headers: {api_key: X-Shop-Key, role: X-As}")
    assert Ran(side(folder, text), (("x-shop-key", KEY), ("x-as", "partner"))).entries[-1]["flow"] == "partners-read"
    assert Ran(side(folder, text), (("x-api-key", KEY),)).entries[-1]["flow"] == "all-read"


def test_who_guesses_is_told_to_wait_and_others_are_not(folder: Path) -> None:
    one = side(folder, attempts=Attempts())
    here = Client("192.0.2.1")
    statuses = [Ran(one, (("x-api-key", make_api_key()),), here).status for _ in range(25)]
    assert statuses == [401] * 20 + [429] * 5
    late = Ran(one, (("x-api-key", make_api_key()),), here)
    assert (dict(late.fields)["retry-after"], late.told["reason"]) == ("3", "too-many-attempts")
    assert Ran(one, (("x-api-key", KEY),), Client("192.0.2.2")).status == 200
    assert Ran(one, (), here).status == 200, "who brings nothing tries nothing"


@pytest.mark.parametrize("file", ["shops.users", "jwks.json"])
def test_where_nobody_can_be_known_it_is_no_fault_of_the_credential(file: str, folder: Path) -> None:
    (folder / file).write_text("broken")
    fields = (("x-api-key", KEY),) if file == "shops.users" else (bearer("support"),)
    one = side(folder)
    ran = [Ran(one, fields, Client("192.0.2.1")) for _ in range(25)][-1]
    assert (ran.status, ran.reached, ran.challenge) == (503, False, None)
    assert ran.told["reason"] == "identities-unavailable"
    assert Ran(one, (("x-api-key", "x"),), Client("192.0.2.1")).status == (503 if file == "shops.users" else 401)


def test_a_credential_that_ends_on_the_way_ends_what_it_let_in(folder: Path) -> None:
    one = side(folder)
    exchange = HttpExchange(one)
    ends = NOW + timedelta(seconds=60)
    exchange.request(
        RequestHead("GET", "/", (bearer("oncall", exp=int(ends.timestamp()) - 30), ("x-reason", "x")), ends=True),
        at=NOW,
    )
    answer = exchange.response(ResponseHead(200, (("content-type", "application/x-ndjson"),), ends=False))
    first = list(answer.feed(MAIL + b"\n", NOW))
    assert isinstance(first[0], Record)
    released = answer.answer(Recorded(first[0].id, "r"), NOW)
    assert any(isinstance(effect, Release) for effect in released)
    effects = list(answer.feed(MAIL + b"\n", ends))
    refusal = next(effect.refusal for effect in effects if isinstance(effect, Refuse))
    assert exchange.told(refusal, of_request=False).status == 401
    assert not any(isinstance(effect, Release) for effect in effects)


def test_without_a_time_nobody_can_be_known(folder: Path) -> None:
    with pytest.raises(ValueError, match="time"):
        HttpExchange(side(folder)).request(RequestHead("GET", "/", (), ends=True))
    nobody_asked = replace(side(folder), door=None, zone=ZoneName("street"))
    assert HttpExchange(nobody_asked).request(RequestHead("GET", "/", (), ends=True)).plan.flow == ""


def test_what_one_asker_gets_is_never_anothers(folder: Path) -> None:
    one = side(folder)

    def asked() -> Iterator[bytes]:
        for fields in ((bearer("oncall"), ("x-reason", "x")), (("x-api-key", KEY),), (), (bearer("support"),)):
            yield Ran(one, fields).out

    assert (
        list(asked())
        == list(asked())
        == [MAIL, b'{"mail": "[redacted:email]"}', b'{"mail": null}', b'{"mail": "[redacted:email]"}']
    )


def test_one_name_of_two_sources_has_two_conversations(folder: Path) -> None:
    text = POLICY.replace("zone: staff}", "zone: partners}").replace(
        "clients: street", "clients: street, conversation: [header.x-c]"
    )
    there = side(folder, text)
    assert there.door is not None
    names = set()
    for fields in ((bearer("partners", sub="acme"),), (("x-api-key", KEY),), (("authorization", "Basic YTpi"),), ()):
        who = there.door.ask(fields, Client(), NOW)
        assert isinstance(who, Asking)
        [conversation] = remembered(there, who, fields)._named_by.values()
        names.add(conversation(b"c1"))
    assert len(names) == 4
