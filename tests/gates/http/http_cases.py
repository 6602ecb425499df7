"""What is asked of the gate, however it stands before a service: behind Envoy, in an application, in a client's transport."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import brotli
from http_stage import POLICY, chunked, response
from test_http_bodies import BODIES, ENCODED

from access_tokens import claims, published, token
from ringfence.access.api_keys import hash_of, make_api_key
from ringfence.access.users import User, spell
from ringfence.gates.http.failing import GATE_FAILED, STATUS
from ringfence.gates.http.refusing import CONTENT_TYPE
from ringfence.vault import create

BOTH = POLICY.replace("method: POST, path:", "path:").replace("user.contact.email: redact", "user.contact.email: mask")
ONE_WAY = "\n".join(line for line in BOTH.splitlines() if "id: answers" not in line)
MAIL = b"ada@example.com"
CARD = "4111 1111 1111 1111"
ABOUT = 'etag: "1"\r\ndigest: sha-256=x\r\ncontent-md5: x\r\nrepr-digest: x\r\ncontent-digest: x\r\naccept-ranges: bytes\r\n'


@dataclass(frozen=True)
class Case:
    """A request, what the service says to it, and the policy between the two."""

    says: Sequence[bytes] = (response(b'{"ok": true}'),)
    method: str = "GET"
    path: str = "/orders"
    body: bytes | None = None
    kind: str = "application/json"
    more: str = ""
    policy: str = BOTH
    not_in: Sequence[str] = field(default=())  # where it cannot be asked


def _answers() -> Iterator[tuple[str, Case]]:
    for name, (kind, body) in BODIES.items():
        for coding in ("", "gzip", "br", "zstd", "deflate", "gzip, br"):
            more = ABOUT + (f"content-encoding: {coding}\r\n" if coding else "")
            raw = ENCODED[coding](body)
            plain = ENCODED[coding](body.replace(b"@", b" at ").replace(b"%40", b"+"))
            yield f"answer {name} {coding}", Case([response(raw, kind, more=more)])
            yield f"plain answer {name} {coding}", Case([response(plain, kind, more=more)])
            asked = f"content-encoding: {coding}\r\n" if coding else ""
            yield f"request {name} {coding}", Case(method="POST", body=raw, kind=kind, more=asked)
        yield f"answer {name} in chunks", Case(chunked([body[at : at + 7] for at in range(0, len(body), 7)], kind))


def _broken() -> Iterator[tuple[str, Case]]:
    body = b'{"mail": "ada@example.com", "t": "' + hashlib.sha256(b"x").hexdigest().encode() * 40 + b'"}'
    raw = gzip.compress(body)
    octets = {"cut": raw[:90], "plain": body, "another": brotli.compress(body), "more": raw + b"x"}
    for name, each in {**octets, "bomb": gzip.compress(b'["' + b"0" * 20_000_000)}.items():
        yield f"{name} answer", Case([response(each, more="content-encoding: gzip\r\n")])
        yield f"{name} request", Case(method="POST", body=each, more="content-encoding: gzip\r\n")
    for kind in ("image/png", "application/cbor", "text/plain; charset=utf-7", "multipart/form-data", ""):
        yield f"answer of {kind or 'no type'}", Case([response(b"\x89PNG ada@example.com", kind)])
        not_in = () if kind else ("wsgi",)  # its servers drop an empty header field
        case = Case(method="POST", body=b"\x89PNG ada@example.com", kind=kind, not_in=not_in)
        yield f"request of {kind or 'no type'}", case
    yield "truncated JSON", Case([response(b'{"mail": "ada@exa')])
    yield "a key twice", Case([response(b'{"n": 1, "n": "ada@example.com"}')])
    yield "a part of a body", Case([response(b'{"n": 1}', status="206 Partial Content")], more="range: bytes=1-\r\n")
    yield "a card", Case([response(b'{"card": "4111 1111 1111 1111"}')])
    yield "a card asked", Case(method="POST", body=b'{"card": "4111 1111 1111 1111"}')
    yield "an error page", Case([response(MAIL + b" is taken", "text/plain", "409 Conflict")])
    own = GATE_FAILED.words.replace(STATUS, "503").encode()  # they hold nothing of anybody's, whoever says them
    for name, words in {"own words": own, "own words, and more": own + MAIL, "own words, begun": own[:20]}.items():
        said = [response(words, CONTENT_TYPE, "503 Service Unavailable")]
        yield f"the gate's {name}", Case(said)
        yield f"the gate's {name}, where no flow leads back", Case(said, policy=ONE_WAY)
    yield "a stack trace", Case([response(b"Traceback: KeyError: 'ada@example.com'", "text/plain", "500 Oops")])


def _heads() -> Iterator[tuple[str, Case]]:
    number = CARD.replace(" ", "+")
    yield (
        "a personal head",
        Case(
            path="/orders/a%20b?id=7&mail=ada%40example.com&t=a+b%2Fc&&x",
            more=f"x-user: <{MAIL.decode()}>  and more\r\ncookie: a=1; who={MAIL.decode()};b = x\r\n"
            "referer: http://x/?mail=ada%40example.com&n=1\r\nx-raw: caf\u00e9\r\n",
        ),
    )
    more = (
        f"x-user: {MAIL.decode()}\r\nset-cookie: a=1; Path=/\r\nset-cookie: who={MAIL.decode()}; Path=/; HttpOnly\r\n"
        'location: /me?mail=ada%40example.com\r\netag: "ada@example.com"\r\n'
    )
    yield "a personal head of an answer", Case([response(b'{"n": 1}', more=more)])
    yield "a personal head of an answer without a body", Case([response(b"", more=more)])
    for name, path, fields in (
        ("header", "/orders", f"x-n: {CARD}\r\n"),
        ("cookie", "/orders", f"cookie: a=1; n={CARD}\r\n"),
        ("query", f"/orders?n={number}", ""),
        ("name", f"/orders?{number}=1", ""),
        ("path", "/orders/ada%40example.com", ""),
        ("way nobody declared", f"/users?mail={MAIL.decode()}", ""),
        ("query read in two ways", "/orders?a=1;b=2", ""),
    ):
        yield f"refused for its {name}", Case(path=path, more=fields)
    yield "a refused head of an answer", Case([response(b'{"n": 1}', more=f"x-n: {CARD}\r\n")])
    yield "where no flow leads", Case(path="/users?n=1")
    yield "a body where no flow leads", Case(method="POST", path="/users", body=b'{"n": 1}')
    about = f"content-type: application/json\r\ncontent-length: 35\r\n{ABOUT}\r\n"
    yield "HEAD", Case([f"HTTP/1.1 200 OK\r\n{about}".encode()], method="HEAD")
    yield "not modified", Case([f"HTTP/1.1 304 Not Modified\r\n{about}".encode()], more='if-none-match: "1"\r\n')
    yield "no content", Case([b"HTTP/1.1 204 No Content\r\nx-user: ada@example.com\r\n\r\n"])
    yield "an empty answer", Case([response(b"")])
    yield "trailers", Case(chunked([MAIL], "text/plain", trailers=b"x-who: ada@example.com\r\n"))
    yield "a method of its own", Case(method="PURGE", path="/orders")


def _watched() -> Iterator[tuple[str, Case]]:
    text = BOTH.replace("{user.contact.email: mask}, else: deny}", "{}, else: deny, mode: observe}")
    yield "observed", Case([response(b'{"mail": "ada@example.com"}', more='etag: "1"\r\n')], policy=text)
    yield "observed, unreadable", Case([response(b"\x89PNG", "image/png")], policy=text)
    yield "observed head", Case(path=f"/orders/{MAIL.decode()}?n=4111+1111+1111+1111", policy=text)
    whole = BOTH.replace(
        "carry: {user.contact.email: mask}, else: deny", 'carry: {"*": clear}, else: clear, unknown: clear'
    )
    yield "everything passes", Case([response(b"\x89PNG ada", "image/png", more='etag: "1"\r\n')], policy=whole)


def _long() -> Iterator[tuple[str, Case]]:
    lines = b'{"mail": "ada@example.com", "n": 1}\n' * 9000
    yield "a long answer", Case([response(lines, "application/x-ndjson")])
    text = b"nothing to be found here\n" * 9000
    yield "a long plain answer", Case([response(text, "text/plain", more='etag: "1"\r\n')])
    yield "a long request", Case(method="POST", body=lines, kind="application/x-ndjson")
    yield "a long plain request", Case(method="POST", body=text, kind="text/plain")


ASKED = """
version: 1
zones: {core: {label: core}, staff: {label: staff}, partners: {label: partners}, street: {label: street}}
assets:
  shop:
    zone: core
    kind: http
    at: "http://127.0.0.1:1"
    endpoints:
      GET /customers/{id}: {request: {path.id: none}, response: {nick: user.name, mail: user.contact.email}}
      GET /by-mail/{mail}: {request: {path.mail: user.contact.email}}
      POST /customers: {request: {nick: user.name}, response: {ok: none}}
roles:
  support: {group: support, purposes: [care]}
  dpo: {group: dpo}
  oncall: {group: oncall, needs: [reason]}
  partner: {group: partners}
purposes: {care: {basis: contract}, ads: {basis: consent}}
principals:
  sso: {jwks: "file:jwks.json", issuer: "https://id.example.com", audience: ringfence, zone: staff}
  shops: {api_keys: "file:shops.users", zone: partners}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, principals: [sso, shops], clients: street, bodies: BODIES}
flows:
  - id: staff-reads
    from: shop
    to: staff
    via: {gate: api}
    carry:
      user.contact.email: [{role: dpo, form: clear}, {purpose: care, form: mask}, {form: redact}]
      user.name: [{role: oncall, form: clear}, {form: redact}]
  - {id: partners-read, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: redact}}
  - {id: all-read, from: shop, to: street, via: {gate: api}, carry: {user.contact.email: "null", user.name: "null"}}
  - {id: staff-writes, from: staff, to: shop, via: {gate: api, match: {method: POST}}, carry: {user.name: redact}}
"""
KEY = make_api_key()
BEARERS = "authorization: Bearer {}\r\n"
CUSTOMER = b'{"nick": "xyz", "mail": "ada@example.com"}'
TRACE = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"


def make_askers(folder: Path) -> None:
    """Write the files of those who are asked in `ASKED`, and the key of placeholders."""
    acme = User("acme", None, ("partners",), None, "", hash_of(KEY))
    for name, text in {"jwks.json": published().decode(), "shops.users": spell(acme)}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    (folder / ".ringfence").mkdir(exist_ok=True)
    create(folder / ".ringfence" / "keys", "k-models")


def bearer(*groups: str, ended: bool = False) -> str:
    now = int(datetime.now(UTC).timestamp())
    said = claims(groups=list(groups), iat=now - 7200, exp=now - 3600 if ended else now + 3600)
    return BEARERS.format(token(said=said).decode())


def _asking() -> Iterator[tuple[str, Case]]:
    one = Case([response(CUSTOMER)], path="/customers/7", policy=ASKED)
    who = {
        "nobody": "",
        "a token": bearer("support"),
        "a token whose role sees more": bearer("dpo"),
        "a token without a role": bearer("choir"),
        "a token of two roles": bearer("dpo", "support"),
        "a token of two roles, and which": bearer("dpo", "support") + "x-role: dpo\r\n",
        "a role that is not his": bearer("support") + "x-role: dpo\r\n",
        "a role without a token": "x-role: dpo\r\n",
        "a token that has ended": bearer("support", ended=True),
        "a token that is none": BEARERS.format("x.y.z"),
        "two tokens": bearer("support") + bearer("dpo"),
        "another scheme": "authorization: Basic YWRhOnNlY3JldA==\r\n",
        "a purpose": bearer("support") + "x-purpose: care\r\n",
        "a purpose that is not the role's": bearer("support") + "x-purpose: ads\r\n",
        "a purpose that there is not": bearer("support") + "x-purpose: fun\r\n",
        "no reason where one is needed": bearer("oncall"),
        "a reason": bearer("oncall") + "x-reason: ticket 7 of ada@example.com\r\n",
        "an API key": f"x-api-key: {KEY}\r\n",
        "a wrong API key": f"x-api-key: {make_api_key()}\r\n",
        "an API key and a token": f"x-api-key: {KEY}\r\n" + bearer("support"),
        "a forged certificate": 'x-forwarded-client-cert: Hash=00;Cert="x"\r\n',
    }
    for name, more in who.items():
        not_in = ("requests",) if name == "two tokens" else ()  # its header fields are a dictionary
        yield f"asked by {name}", replace(one, more=more, not_in=not_in)
        yield f"asked by {name}, traced", replace(one, more=more + TRACE, not_in=not_in)
    yield "written by a token", replace(one, method="POST", path="/customers", body=CUSTOMER, more=bearer("support"))
    yield "written by nobody", replace(one, method="POST", path="/customers", body=CUSTOMER)
    for name, path in {
        "nobody declared": "/admin/export",
        "of another's name": "/users/ada/notes",
        "with a slash at its end": "/customers/7/",
        "with a personal parameter": "/by-mail/ada@example.com",
        "with a personal parameter, escaped": "/by-mail/ada%40example.com",
    }.items():
        for who_asks in ("", bearer("support")):
            yield f"an endpoint {name}{', with a token' if who_asks else ''}", replace(one, path=path, more=who_asks)
    yield "an endpoint behind another method", replace(one, path="/customers/7", method="DELETE")
    yield "an endpoint by an override", replace(one, more="x-http-method-override: DELETE\r\n")
    yield "an endpoint by an override of its path", replace(one, more="x-http-path-override: /admin\r\n")


TOLD = """
version: 1
zones: {core: {label: core, controlled: false}, partners: {label: partners}}
assets: {shop: {zone: core, kind: http, at: "http://127.0.0.1:1"}}
keys: {k-models: {zones: [partners]}}
forms: {ph: {transform: placeholder, key: k-models}}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, clients: partners, bodies: BODIES,
        conversation: [header.x-chat]}
flows:
  - {id: asks, from: partners, to: shop, via: {gate: api}, carry: {user.contact.email: ph}, else: deny}
  - {id: says, from: shop, to: partners, via: {gate: api}, carry: {"*": clear}, unknown: scan, restore: true}
"""


def _told() -> Iterator[tuple[str, Case]]:
    asked = Case(method="POST", path="/ask", body=b'{"say": "mail ada@example.com, not bob@example.com"}', policy=TOLD)
    cut = chunked([b"mail [EMA", b"IL_2], not [email_1", b"]; [EMAIL_9]"], "text/plain")
    lines = chunked([b'{"t": "[EMAIL', b'_1]"}\n{"t": "\\u005bEMAIL_2]"}\n'], "application/x-ndjson")
    whole = [response(b'{"t": "[EMAIL_1] and [EMAIL_2]"}', more="x-who: [EMAIL_1]\r\n")]
    for name, says in {"cut": cut, "in lines": lines, "whole": whole}.items():
        yield f"placeholders and back, {name}", replace(asked, says=says)
        in_one = "in a conversation"
        yield f"placeholders and back, {name}, {in_one}", replace(asked, says=says, more="x-chat: 7\r\n")
    later = replace(asked, says=whole, body=b'{"say": "and then?"}')
    yield "placeholders of before", replace(later, more="x-chat: 7\r\n")
    yield "placeholders of another conversation", replace(later, more="x-chat: 8\r\n")


CASES: Mapping[str, Case] = {
    name: replace(case)
    for cases in (_answers(), _broken(), _heads(), _watched(), _long(), _asking(), _told())
    for name, case in cases
}
