"""The policy as typed values: what has been read, checked and resolved.

The rule: nothing here is raw. Every name in these values (of a zone, a form, a key, a category) exists, every default is filled
in, every `${VARIABLE}` is replaced. `ringfence.policy.reading` is the only maker of a `Policy`; everybody else only reads one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NewType, TypeAlias

from ringfence.detect.own import Detection
from ringfence.policy.alerts import AlertRule, Receiver

ZoneName = NewType("ZoneName", str)
AssetName = NewType("AssetName", str)
FlowId = NewType("FlowId", str)
KeyName = NewType("KeyName", str)
RoleName = NewType("RoleName", str)
PurposeName = NewType("PurposeName", str)

Judgement: TypeAlias = str
"""What is known of a field: a category's path, or one of `NONE`, `SCAN`, `UNKNOWN`."""

NONE: Judgement = "none"  # judged harmless: passes unscanned
SCAN: Judgement = "scan"  # free text: its content decides
UNKNOWN: Judgement = "unknown"  # nobody has judged it

EVERY_CATEGORY = "*"

ARGUMENTS: Judgement = "arguments"  # of a function: its result holds nothing but what its arguments hold


class Mode(StrEnum):
    """Whether a flow's verdicts bind."""

    ENFORCE = "enforce"
    OBSERVE = "observe"
    CLOSED = "closed"  # nothing crosses, whatever it carries


class FormKind(StrEnum):
    """What a form does to a value. `CLEAR` and `DENY` are not transforms: the first passes, the second refuses."""

    CLEAR = "clear"
    REDACT = "redact"
    MASK = "mask"
    TRUNCATE = "truncate"
    BUCKET = "bucket"
    HASH = "hash"
    TOKEN = "token"  # noqa: S105 (the word for it)
    PLACEHOLDER = "placeholder"
    SURROGATE = "surrogate"
    NULL = "null"
    DENY = "deny"


NUMBERED = frozenset({FormKind.PLACEHOLDER, FormKind.SURROGATE})
"""The kinds whose values are numbered, and lead back only through who remembers the numbers."""

KEPT = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Form:
    """How a category appears on the far side of a boundary.

    `name` is what the policy calls it; where a policy uses a kind by its own name (``mask``), name and kind are the same word.
    Parameters that a kind does not have stay at their default; the reader refuses them in a policy.
    """

    name: str
    kind: FormKind
    key: KeyName | None = None  # hash, token, placeholder, surrogate
    joinable: frozenset[ZoneName] = (
        frozenset()
    )  # token, surrogate: the zones that get the same token for the same value
    keep_first: int = 0  # mask, truncate: characters
    keep_last: int = 0  # mask: characters
    keep_domain: bool = False  # mask: what follows the last @ of an e-mail address
    fill: str = "*"  # mask: one character
    width: int = 0  # bucket: of numbers; 0 where `unit` is given
    unit: Literal["", "month", "year", "decade"] = ""  # bucket: of dates
    length: int = 32  # hash: hexadecimal digits, 16 to 64
    keep: float = KEPT  # placeholder, surrogate: seconds in the vault after the value was last sent

    @property
    def passes_clear(self) -> bool:
        """Whether the value itself crosses."""
        return self.kind is FormKind.CLEAR

    @property
    def denies(self) -> bool:
        """Whether nothing crosses."""
        return self.kind is FormKind.DENY


CLEAR = Form("clear", FormKind.CLEAR)
DENY = Form("deny", FormKind.DENY)
REDACT = Form("redact", FormKind.REDACT)
BUILT_IN_FORMS: Mapping[str, Form] = {
    form.name: form for form in (CLEAR, DENY, REDACT, Form("mask", FormKind.MASK), Form("null", FormKind.NULL))
}
"""The forms that a policy may use without declaring them."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A trust domain."""

    name: ZoneName
    label: str
    controlled: bool = True
    at_rest: str = ""
    in_transit: str = ""
    residency: tuple[str, ...] = ()
    retention: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What an HTTP service declares of one method and path: the fields of its requests and responses, as an asset's.

    `path` is a template, as OpenAPI's: ``/customers/{id}``.
    """

    method: str
    path: str
    request: Mapping[str, Judgement] = field(default_factory=dict)
    response: Mapping[str, Judgement] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called everywhere: ``GET /customers/{id}``."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Asset:
    """A store, service, log, pipeline or environment, in exactly one zone.

    `fields` maps a field's path to its judgement. A path names everything under it (``public.product`` covers
    ``public.product.id``); the longest path that covers a field decides.
    """

    name: AssetName
    zone: ZoneName
    kind: str
    at: str = ""
    subject: str = ""  # the path of the field that identifies the person a record is about
    fields: Mapping[str, Judgement] = field(default_factory=dict)
    functions: Mapping[str, Judgement] = field(
        default_factory=dict
    )  # "schema.name" -> its result: ARGUMENTS or a judgement
    endpoints: Mapping[str, Endpoint] = field(
        default_factory=dict
    )  # http: by their names; none declared: any may be asked
    undeclared: Literal["deny", "observe"] = "deny"  # http: what becomes of an endpoint that nobody declared
    conversation: tuple[str, ...] = ()  # fields by which its API names a conversation

    @property
    def judgements(self) -> Iterator[Judgement]:
        """What all its fields are judged, those of its endpoints among them."""
        ways = (way for each in self.endpoints.values() for way in (each.request, each.response))
        return (judged for fields in (self.fields, *ways) for judged in fields.values())


@dataclass(frozen=True, slots=True)
class Key:
    """A named key and the zones that may hold it."""

    name: KeyName
    zones: frozenset[ZoneName]


@dataclass(frozen=True, slots=True)
class Role:
    """What a principal may; `group` is what the identity provider calls those who have it."""

    name: RoleName
    group: str
    reverse: frozenset[KeyName] = frozenset()
    needs: frozenset[Literal["reason", "purpose"]] = frozenset()
    purposes: frozenset[PurposeName] | None = None  # those that it may state; None: any


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why data is processed, with its legal basis."""

    name: PurposeName
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Principals:
    """A source of identities, and the zone in which those whom it names stand."""

    name: str
    zone: ZoneName
    kind: Literal["scram", "jwks", "local", "certificate", "api_key"]
    at: str = ""
    audience: str = ""
    issuer: str = ""
    groups: str = "groups"  # jwks: the claim that lists the groups
    subject: str = "sub"  # jwks: the claim that names the principal


@dataclass(frozen=True, slots=True)
class Login:
    """An account upstream. `secret` says where its password is (``env:NAME``, ``file:PATH``); "" where it needs none."""

    user: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate that a gate shows its clients, and the authorities whose client certificates it takes. Paths."""

    certificate: str
    key: str
    clients: str = ""
    required: bool = True  # refuse clients that do not ask for TLS


@dataclass(frozen=True, slots=True)
class Limits:
    """What a gate bears. What exceeds a limit is refused (law 7). 0: none, where a field says so."""

    connections: int = 500
    per_principal: int = 100
    statement: int = 1_000_000  # bytes of one statement's text
    nesting: int = 200  # levels of brackets in a statement
    parameters: int = 65_535
    prepared: int = 5_000  # named statements of one session
    rows: int = 0  # of one result; 0: none
    message: int = 64 * 1024 * 1024  # bytes of one message from a client
    idle: float = 0.0  # seconds; 0: none
    login: float = 15.0  # seconds from connecting to being known


@dataclass(frozen=True, slots=True)
class AskingFields:
    """The header fields of a request in which a client says who it is and what for. Names in lower case."""

    api_key: str = "x-api-key"
    role: str = "x-role"
    purpose: str = "x-purpose"
    reason: str = "x-reason"


@dataclass(frozen=True, slots=True)
class Gate:
    """A running enforcement point."""

    name: str
    kind: Literal["postgres", "http", "log", "git", "file", "queue"]
    listen: str = ""
    upstream: AssetName | None = None
    logins: Mapping[RoleName, Login] = field(default_factory=dict)
    allow: frozenset[str] = (
        frozenset()
    )  # refusals that are lifted, by name: ``function:pg_read_file``, ``statement:do``
    origins: Literal["window", "strict"] = "window"
    tls: Tls | None = None
    workers: int = 1
    limits: Limits = Limits()
    clients: ZoneName | None = None  # http: where those stand who bring no credential; None: they are refused
    bodies: Literal["streamed", "buffered"] = "streamed"  # http
    upstreams: tuple[
        AssetName, ...
    ] = ()  # http: the services outside that clients reach through it; then no `upstream`
    hosts: tuple[str, ...] = ()  # http, with `upstreams`: further names of the gate itself, as authorities
    principals: tuple[str, ...] = ()  # who is asked; none: postgres all that it can ask, http nobody
    asking: AskingFields | None = None  # http: None where a client says nothing of itself
    forward_token: bool = False  # http: whether the service gets the token that the gate has verified
    conversation: tuple[str, ...] = ()  # http: fields of a request that name its conversation: the first that is met


@dataclass(frozen=True, slots=True)
class Via:
    """The gate of a flow, and what narrows it (``match: {stream: stderr}``). No gate named: any gate."""

    gate: str | None = None
    match: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CarryRule:
    """One line of a category's list: the form for those whom role and purpose fit; None fits everyone."""

    form: Form
    role: RoleName | None = None
    purpose: PurposeName | None = None


@dataclass(frozen=True, slots=True)
class Predicate:
    """That a category which does not cross clear may yet be compared with single given values: how often a principal may."""

    count: int = 100
    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Flow:
    """A declared way from one zone to another: what it carries, in which form, for which purpose."""

    id: FlowId
    source: AssetName | ZoneName
    sink: AssetName | ZoneName
    source_zone: ZoneName
    sink_zone: ZoneName
    via: Via
    carry: Mapping[str, tuple[CarryRule, ...]]  # category path or "*" -> first fitting rule decides
    otherwise: Form  # `else` in the policy: found, but not carried
    unknown: Form | Literal["scan"] | None  # None: not said, law 1's default
    mode: Mode = Mode.ENFORCE
    purposes: tuple[PurposeName, ...] = ()  # none declared: no purpose is asked for
    relaxed: bool = False  # durability: relaxed
    record_all: bool = False  # record: all
    index: KeyName | None = None  # the key of the subject's blind index
    predicates: Mapping[str, Predicate] = field(default_factory=dict)  # category path -> equality with given values
    restore: bool = False  # what stands for a value becomes that value again where its category crosses clear


@dataclass(frozen=True, slots=True)
class Probing:
    """How the running gates are attacked. Secrets stay where they are: ``env:NAME``, ``file:PATH``."""

    users: Mapping[RoleName, str] = field(default_factory=dict)
    gate: str | None = None  # None: the only one
    reference: str = ""  # a straight address that may read
    writer: str = ""  # a straight address that may insert and delete
    write: bool = False
    every: float = 0.0  # seconds; 0: not said
    on_leak: Literal["", "close"] = ""
    budget: int = 50_000  # statements of a run
    rate: int = 200  # statements in a second


@dataclass(frozen=True, slots=True)
class Assertion:
    """`never`: no zone of these comes to hold the category (and all under it) in that form."""

    category: str
    form: str
    zones: tuple[ZoneName, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy. `hash` is the SHA-256 of its resolved, canonical content, in hexadecimal."""

    hash: str
    zones: Mapping[ZoneName, Zone]
    assets: Mapping[AssetName, Asset]
    keys: Mapping[KeyName, Key]
    forms: Mapping[str, Form]  # built-in ones included
    roles: Mapping[RoleName, Role]
    purposes: Mapping[PurposeName, Purpose]
    principals: Mapping[str, Principals]
    gates: Mapping[str, Gate]
    flows: Mapping[FlowId, Flow]
    detect: Detection = field(default_factory=Detection)
    assertions: tuple[Assertion, ...] = ()
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    alerts: tuple[AlertRule, ...] = ()
    probe: Probing = field(default_factory=Probing)
