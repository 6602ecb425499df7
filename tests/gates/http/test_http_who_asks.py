"""Who asks, over a real Envoy: certificates that it verifies, tokens, API keys; and what a client forges."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from hpack import Decoder, Encoder
from http_stage import Answer, Stage, chunked, response, stage

from access_tokens import claims, published, token
from ringfence.access import Attempts, Identities, open_identities
from ringfence.access.api_keys import hash_of, make_api_key
from ringfence.access.users import User, spell
from ringfence.gates.http import bootstrap
from ringfence.gates.http.bootstrap import Certificate
from ringfence.gates.http.counting import Outcome
from ringfence.gates.http.turns import Mode
from ringfence.policy import Policy, read
from ringfence.wire.http2 import PREFACE, Flag, Kind, frame
from tls_authority import Authority, Issued

MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())
MAIL = b'{"mail": "ada@example.com"}'
MASKED = b'{"mail": "***************"}'
REDACTED = b'{"mail": "[redacted:email]"}'
NULLED = b'{"mail": null}'
KEY = make_api_key()
POLICY = """
version: 1
zones: {core: {label: core}, staff: {label: staff}, partners: {label: partners}, street: {label: street}}
assets: {shop: {zone: core, kind: http, at: "http://127.0.0.1:1"}}
roles: {support: {group: support}, dpo: {group: dpo}, partner: {group: partners}}
principals:
  sso: {jwks: "file:jwks.json", issuer: "https://id.example.com", audience: ringfence, zone: staff}
  shops: {api_keys: "file:shops.users", zone: partners}
  machines: {certificates: "file:machines.users", zone: partners}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, principals: [sso, shops, machines], clients: street, bodies: BODIES}
flows:
  - id: staff-reads
    from: shop
    to: staff
    via: {gate: api}
    carry: {user.contact.email: [{role: dpo, form: clear}, {form: mask}]}
  - {id: partners-read, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: redact}}
  - {id: all-read, from: shop, to: street, via: {gate: api}, carry: {user.contact.email: "null"}}
"""


class House:
    """The files of a policy, an authority, and what clients are issued."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = {
            "jwks.json": published().decode(),
            "shops.users": spell(User("acme", None, ("partners",), None, "", hash_of(KEY))),
            "machines.users": "robot.example.com:-:partners",
        }
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        self.authority = Authority(folder / "ca")
        self.server = self.authority.issue("127.0.0.1")
        self.robot = self.authority.issue("robot.example.com")
        self.stranger = self.authority.issue("stranger.example.com")

    def certificate(self, *, required: bool = False) -> Certificate:
        ca = str(self.authority.file)
        return Certificate(str(self.server.certificate), str(self.server.key), ca, required=required)

    def context(self, shown: Issued | None = None, *, protocols: tuple[str, ...] = ()) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority.file)
        if shown is not None:
            context.load_cert_chain(shown.certificate, shown.key)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    def policy(self, mode: Mode = Mode.STREAMED, text: str = POLICY) -> Policy:
        return read("p.yaml", {"p.yaml": text.replace("BODIES", mode.name.lower())}, {})

    def access(self, policy: Policy) -> Identities:
        return open_identities(policy, policy.gates["api"], self.folder, lambda _fault: None)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def bearer(*groups: str, lives: float = 600, more: str = "") -> str:
    now = int(datetime.now(UTC).timestamp())
    said = claims(groups=list(groups), iat=now - 60, exp=now + int(lives))
    return f"authorization: Bearer {token(said=said).decode()}\r\n{more}"


def play(house: House, work: Callable[[Stage], Awaitable[None]], mode: Mode = Mode.STREAMED, **changes: object) -> None:
    async def run() -> None:
        policy = house.policy(mode)
        access = house.access(policy)
        async with stage(policy, mode=mode, access=access, asks=True, certificates=True, **changes) as one:  # type: ignore[arg-type]
            one.shop.says["/a"] = [response(MAIL)]
            await work(one)
            assert one.told == []

    asyncio.run(run())


@MODES
def test_each_asker_gets_the_form_of_zone_and_role_and_the_service_hears_no_credential(
    mode: Mode, house: House
) -> None:
    async def work(one: Stage) -> None:
        asked = {
            "": NULLED,
            f"x-api-key: {KEY}\r\n": REDACTED,
            bearer("support"): MASKED,
            bearer("support", "dpo", more="x-role: dpo\r\nx-reason: ticket 7\r\n"): MAIL,
        }
        for more, body in asked.items():
            answer = await one.ask("GET", "/a", more=more)
            assert (answer.status, answer.body) == (200, body)
        assert [entry["flow"] for entry in one.notes.bodies] == [
            "all-read",
            "partners-read",
            "staff-reads",
            "staff-reads",
        ]
        assert [entry.get("role") for entry in one.notes.bodies] == [None, "partner", "support", "dpo"]
        heard = one.shop.heard.lower()
        for word in (b"x-api-key", b"authorization", b"x-role", b"x-reason", b"rfk_", b"eyj", b"ticket"):
            assert word not in heard

    play(house, work, mode)


@MODES
def test_a_wrong_credential_reaches_no_service_and_is_told_what_to_bring(mode: Mode, house: House) -> None:
    async def work(one: Stage) -> None:
        for more in (
            f"x-api-key: {make_api_key()}\r\n",
            "authorization: Bearer x.y.z\r\n",
            bearer("support", lives=-120),
        ):
            for method, body in (("GET", None), ("POST", MAIL)):
                answer = await one.ask(method, "/a", body, more=more)
                problem = json.loads(answer.body)
                assert (answer.status, problem["status"], problem["reason"]) == (401, 401, "not-authenticated")
                assert answer.value("content-type") == "application/problem+json"
                assert str(answer.value("www-authenticate")).startswith('Bearer realm="api", error="invalid_token"')
        forbidden = await one.ask("GET", "/a", more=bearer("support", "dpo"))
        assert (forbidden.status, forbidden.value("www-authenticate")) == (403, None)
        assert one.shop.requests == []
        assert one.notes.kinds() == ["refused"] * 7
        assert one.gate.counts.outcomes[Outcome.REFUSED] == 7

    play(house, work, mode)


@MODES
def test_what_comes_twice_is_wrong(mode: Mode, house: House) -> None:
    async def work(one: Stage) -> None:
        basic = "authorization: Basic eDp5\r\n"
        for more in (
            f"x-api-key: {KEY}\r\nX-Api-Key: {KEY}\r\n",
            f"x-api-key: {KEY},{KEY}\r\n",
            bearer("support") + bearer("support"),
            basic + bearer("support"),
            bearer("support") + basic,
            bearer("support") + f"x-api-key: {KEY}\r\n",
        ):
            assert (await one.ask("GET", "/a", more=more)).status == 401
        twice = bearer("support", "dpo", more="x-role: dpo\r\nx-role: support\r\n")
        assert (await one.ask("GET", "/a", more=twice)).status == 403
        assert one.shop.requests == []
        assert (await one.ask("GET", "/a", more=basic)).body == NULLED
        assert b"authorization: Basic eDp5" in one.shop.heard, "it is the service's"

    play(house, work, mode)


def test_a_certificate_says_who_asks(house: House) -> None:
    async def work(one: Stage) -> None:
        assert (await one.ask("GET", "/a", tls=house.context(house.robot))).body == REDACTED
        assert one.notes.bodies[-1]["principal"] == "robot.example.com"
        assert (await one.ask("GET", "/a", tls=house.context())).body == NULLED
        assert (await one.ask("GET", "/a", tls=house.context(house.stranger))).status == 401
        both = await one.ask("GET", "/a", more=bearer("support"), tls=house.context(house.robot))
        assert both.body == MASKED
        assert b"forwarded-client-cert" not in one.shop.heard.lower()

    play(house, work, certificate=house.certificate())


def forged(issued: Issued) -> str:
    pem = quote(issued.certificate.read_text(), safe="")
    return f'x-forwarded-client-cert: Hash={sha256(issued.der).hexdigest()};Cert="{pem}"\r\n'


PASSES_ON = {
    "as the gate sets it": {},
    "passing on what comes": {"forward_client_cert_details": "ALWAYS_FORWARD_ONLY"},
    "adding to what comes": {"forward_client_cert_details": "APPEND_FORWARD"},
    "taking it off": {"forward_client_cert_details": "SANITIZE"},
}


@pytest.mark.parametrize("case", PASSES_ON)
def test_a_certificate_that_a_client_only_writes_down_is_never_believed(
    case: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before an Envoy of one's own whose settings are others."""
    rules = bootstrap._manager_rules
    monkeypatch.setattr(bootstrap, "_manager_rules", lambda setup: {**rules(setup), **PASSES_ON[case]})

    async def work(one: Stage) -> None:
        lie = forged(house.robot)
        assert (await one.ask("GET", "/a", more=lie, tls=house.context())).body == NULLED
        assert (await one.ask("GET", "/a", more=lie, tls=house.context(house.stranger))).status == 401
        true = await one.ask("GET", "/a", more=lie, tls=house.context(house.robot))
        if case == "taking it off":
            assert true.status == 401, "a certificate was shown, and Envoy does not pass it on"
        else:
            assert true.body == REDACTED
        assert {entry["principal"] for entry in one.notes.bodies} <= {"anyone", "robot.example.com"}
        assert b"forwarded-client-cert" not in one.shop.heard.lower()

    async def without_tls(one: Stage) -> None:
        assert (await one.ask("GET", "/a", more=forged(house.robot))).body == NULLED
        assert b"forwarded-client-cert" not in one.shop.heard.lower()

    play(house, work, certificate=house.certificate())
    play(house, without_tls)


def test_without_envoys_word_no_certificate_is_believed(house: House) -> None:
    """An Envoy that was not told to say who the client is."""

    async def run() -> None:
        policy = house.policy()
        changes = {"certificates": True, "certificate": house.certificate()}
        async with stage(policy, access=house.access(policy), **changes) as one:  # type: ignore[arg-type]
            one.shop.says["/a"] = [response(MAIL)]
            assert (await one.ask("GET", "/a", tls=house.context(house.robot))).body == NULLED

    asyncio.run(run())


def test_a_certificate_of_another_authority_does_not_come_in(house: House) -> None:
    async def work(one: Stage) -> None:
        other = Authority(house.folder / "other").issue("robot.example.com")
        with suppress(ssl.SSLError, OSError):
            answer = await one.ask("GET", "/a", tls=house.context(other))
            assert answer.raw == b""
        assert one.shop.requests == []

    play(house, work, certificate=house.certificate())


def test_guessing_from_one_address_is_slowed(house: House) -> None:
    async def work(one: Stage) -> None:
        one.gate.access.attempts.failed("192.0.2.9", datetime.now(UTC).timestamp())  # type: ignore[union-attr]
        statuses = [(await one.ask("GET", "/a", more=f"x-api-key: {make_api_key()}\r\n")).status for _ in range(24)]
        assert statuses[:20] == [401] * 20
        assert statuses[-1] == 429
        attempts: Attempts = one.gate.access.attempts  # type: ignore[union-attr]
        assert set(attempts._failures) == {"192.0.2.9", "127.0.0.1"}, "by the client's address, without its port"
        assert (await one.ask("GET", "/a")).status == 200

    play(house, work)


def test_a_stream_ends_when_the_credential_does(house: House) -> None:
    async def run() -> None:
        policy = house.policy()
        clock = [datetime.now(UTC)]
        async with stage(policy, access=house.access(policy), asks=True) as one:
            one.gate._setting.clock = lambda: clock[0]
            going = asyncio.Event()

            async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                pieces = chunked([MAIL + b"\n", MAIL + b"\n"], "application/x-ndjson")
                writer.write(pieces[0] + pieces[1])
                await going.wait()
                with suppress(OSError):
                    writer.write(pieces[2] + pieces[3])
                    await writer.drain()
                writer.close()

            one.shop.answer = endless  # type: ignore[method-assign]
            reader, writer = await asyncio.open_connection(*one.address)
            writer.write(f"GET /a HTTP/1.1\r\nhost: shop\r\n{bearer('support', lives=60)}\r\n".encode())
            await reader.readuntil(MASKED + b"\n")
            clock[0] = datetime.fromtimestamp(clock[0].timestamp() + 120, UTC)
            going.set()
            rest = await reader.read()
            assert b"example.com" not in rest
            assert MASKED not in rest
            assert not rest.endswith(b"0\r\n\r\n"), "it is cut off, and the client sees that it is not whole"
            writer.close()
        assert one.notes.kinds() == ["opened", "refused"]
        assert one.notes.bodies[-1]["refused"] == "expired"

    asyncio.run(run())


class Doubled:
    """A client of HTTP/2 that asks several things at once on one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._encoder, self._decoder = Encoder(), Decoder()

    async def ask(self, asked: list[list[tuple[str, str]]]) -> list[Answer]:
        out = PREFACE + frame(Kind.SETTINGS, 0, 0, b"")
        ends = Flag.END_STREAM | Flag.END_HEADERS
        for number, fields in enumerate(asked):
            pseudo = [(":method", "GET"), (":scheme", "https"), (":path", "/a"), (":authority", "shop")]
            out += frame(Kind.HEADERS, ends, 2 * number + 1, self._encoder.encode([*pseudo, *fields]))
        self._writer.write(out)
        answers = {2 * number + 1: Answer() for number in range(len(asked))}
        while not all(answer.whole for answer in answers.values()):
            head = await self._reader.readexactly(9)
            content = await self._reader.readexactly(int.from_bytes(head[:3]))
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:]) & 0x7FFFFFFF
            if kind == Kind.SETTINGS and not flags & Flag.ACK:
                self._writer.write(frame(Kind.SETTINGS, Flag.ACK, 0, b""))
            if kind == Kind.HEADERS:
                answers[stream].fields = [(str(name), str(value)) for name, value in self._decoder.decode(content)]
            if kind == Kind.DATA:
                answers[stream].body += content
            if stream and flags & Flag.END_STREAM:
                answers[stream].whole = True
        return list(answers.values())


def test_two_roles_side_by_side_on_one_connection_do_not_mix(house: House) -> None:
    groups = ("support", "dpo")
    one_token = bearer(*groups).removeprefix("authorization: ").strip()
    as_role = {role: [("authorization", one_token), ("x-role", role)] for role in groups}
    kinds = [(as_role["support"], MASKED), (as_role["dpo"], MAIL), ([("x-api-key", KEY)], REDACTED), ([], REDACTED)]

    @asynccontextmanager
    async def connected(one: Stage) -> AsyncIterator[Doubled]:
        context = house.context(house.robot, protocols=("h2",))
        reader, writer = await asyncio.open_connection(*one.address, ssl=context)
        yield Doubled(reader, writer)
        writer.close()

    async def work(one: Stage) -> None:
        async with connected(one) as client:
            answers = await asyncio.wait_for(client.ask([fields for fields, _ in kinds * 10]), 60)
        assert [answer.body for answer in answers] == [body for _, body in kinds * 10]

    play(house, work, certificate=house.certificate())


def test_a_reload_keeps_who_has_failed_and_takes_who_is_asked_then(house: House) -> None:
    async def work(one: Stage) -> None:
        for _ in range(20):
            await one.ask("GET", "/a", more=f"x-api-key: {make_api_key()}\r\n")
        policy = house.policy(text=POLICY.replace(", clients: street", ""))
        access = open_identities(policy, policy.gates["api"], house.folder, lambda _fault: None, one.gate.access)
        one.gate.prepare(policy, one.gate._world.keys, access)()
        assert (await one.ask("GET", "/a")).status == 401
        assert (await one.ask("GET", "/a", more=f"x-api-key: {make_api_key()}\r\n")).status == 429

    play(house, work)


def test_a_canary_needs_no_credential(house: House) -> None:
    async def work(one: Stage) -> None:
        assert (await one.gate.canary()).masked

    play(house, work, opened=False)
