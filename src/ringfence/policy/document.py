"""The policy as it is written: one model per mapping of the YAML, and the JSON Schema that editors read.

The rule: only what a single file can tell is checked here: keys, types, ranges, words of closed sets. Whether a name exists is for
`resolving`, which sees the whole. Unknown keys are errors. The descriptions are the schema's and the reference page's text.
"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, WithJsonSchema, model_validator

from ringfence.policy.document_alerts import AlertValue, ReceiverDocument
from ringfence.policy.document_asking import AskingDocument, PrincipalsDocument
from ringfence.policy.document_detect import DetectDocument
from ringfence.policy.document_forms import FormDocument
from ringfence.policy.document_probe import ProbeDocument
from ringfence.policy.document_words import Address, Category, ContradictionError, Name, Word
from ringfence.policy.document_words import DocumentModel as _Model
from ringfence.policy.model import EVERY_CATEGORY
from ringfence.taxonomy import CATEGORIES

_WORDS = sorted(CATEGORIES)
Carried: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "enum": [*_WORDS, EVERY_CATEGORY]})]
Returned: TypeAlias = Annotated[
    str, WithJsonSchema({"type": "string", "enum": [*_WORDS, "arguments", "none", "scan", "unknown"]})
]
Judged: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "enum": [*_WORDS, "none", "scan", "unknown"]})]
FieldPath: TypeAlias = Annotated[str, Field(min_length=1, max_length=500)]
EndpointName: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000)]

Authority: TypeAlias = Annotated[
    str, Field(pattern=r"^([a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?$")
]

RETENTION: Final = r"^[1-9][0-9]{0,4}[dwmy]$"

AssetKind: TypeAlias = Literal[
    "postgres", "mysql", "http", "log", "git", "file", "queue", "store", "service", "pipeline", "environment"
]
GateKind: TypeAlias = Literal["postgres", "http", "log", "git", "file", "queue"]
Basis: TypeAlias = Literal[
    "", "consent", "contract", "legal-obligation", "vital-interests", "public-task", "legitimate-interests"
]


class ZoneDocument(_Model):
    """A trust domain."""

    label: Word = Field(description="What the zone is, in words: `high sensitivity`.")
    controlled: bool = Field(
        default=True, description="Whether the zone is yours to govern. What a zone outside your control holds is out."
    )
    at_rest: Literal["", "required", "optional"] = Field(
        default="", description="Whether stores here must encrypt what they keep."
    )
    in_transit: Literal["", "tls", "mtls"] = Field(
        default="", description="The least protection of connections into the zone."
    )
    residency: list[str] = Field(
        default=[], description="Where its data may lie: countries (ISO 3166, two capitals), `EU` or `EEA`."
    )
    retention: str = Field(
        default="", pattern=f"{RETENTION}|^$", description="How long data stays: a number with d, w, m (months) or y."
    )


class EndpointDocument(_Model):
    """What an HTTP service declares of one method and path."""

    request: dict[FieldPath, Judged] = Field(
        default={},
        description="The fields of its requests: of the body by their paths, of the head as `path.id`, `query.q`, `header.x-user`, "
        "`cookie.sid`.",
    )
    response: dict[FieldPath, Judged] = Field(
        default={}, description="The fields of its responses, of every status: of the body, and `header.NAME`."
    )


class AssetDocument(_Model):
    """A store, service, log, pipeline or environment. It stands in exactly one zone."""

    zone: Name = Field(description="The zone that it stands in.")
    kind: AssetKind = Field(description="What it is.")
    at: Address = Field(
        default="", description="Where it is: an address or DSN. `${VARIABLE}` and `${VARIABLE:-default}` are replaced."
    )
    subject: str = Field(
        default="", max_length=500, description="The path of the field that identifies the person a record is about."
    )
    fields: dict[FieldPath, Judged] = Field(
        default={},
        description="Field paths, each with its category, `none` (harmless), `scan` (free text: content decides) or `unknown`. "
        "A path names everything under it; the longest decides.",
    )
    api: Literal["", "openai", "anthropic"] = Field(
        default="",
        description="A model's API that it speaks: [its fields](http.md#models) are judged without being written here. `openai`: "
        "chat completions, responses, completions, embeddings; `anthropic`: messages. What `fields` says of a path wins.",
    )
    reviewed: list[FieldPath] = Field(
        default=[],
        description="Fields whose judgement a person gave or confirmed (`ringfence map accept`, `reject`): mapping again keeps it. "
        "It decides nothing, and is no part of the policy's hash.",
    )
    functions: dict[FieldPath, Returned] = Field(
        default={},
        description="Functions that the database's own catalogue does not explain, as `schema.name`, each with what its result "
        "holds: `arguments` (nothing but what its arguments hold), a category, `none`, `scan` or `unknown`.",
    )
    endpoints: dict[EndpointName, EndpointDocument] = Field(
        default={},
        description="HTTP: the endpoints that it declares, as `GET /customers/{id}`, each with its own fields, which stand before "
        "the asset's. None declared: any may be asked for.",
    )
    undeclared: Literal["deny", "observe"] = Field(
        default="deny",
        description="HTTP: what becomes of a request to an endpoint that is not declared, where some are: `deny` refuses it, "
        "`observe` counts it, and lets it cross as the flow says.",
    )


class KeyDocument(_Model):
    """A key, and who may hold it."""

    zones: list[Name] = Field(
        min_length=1, description="The zones that may hold the key. Reversing needs the key and the role."
    )


class RoleDocument(_Model):
    """What a principal may."""

    group: Word = Field(description="What the identity provider calls those who have the role.")
    reverse: list[Name] = Field(default=[], description="The keys whose tokens the role may have reversed.")
    needs: list[Literal["reason", "purpose"]] = Field(
        default=[], description="What must be stated before anything crosses for the role."
    )
    purposes: list[Name] | None = Field(
        default=None, min_length=1, description="The purposes that the role may state. Not given: any that is declared."
    )


class PurposeDocument(_Model):
    """Why data is processed."""

    basis: Basis = Field(default="", description="The legal basis (GDPR art. 6).")


class LoginDocument(_Model):
    """An account upstream, with its password."""

    user: Address = Field(description="The account's name. Variables are replaced.")
    secret: Address = Field(
        default="", description="Where its password is: `env:NAME` or `file:PATH`. Not given: it needs none."
    )


class TlsDocument(_Model):
    """Encryption of the connections from clients."""

    certificate: Address = Field(description="The file of the gate's certificate, with its chain.")
    key: Address = Field(description="The file of the certificate's private key.")
    clients: Address = Field(default="", description="The file of the authorities whose client certificates count.")
    required: bool = Field(default=True, description="Whether clients that do not ask for TLS are refused.")


class LimitsDocument(_Model):
    """What a gate bears; what exceeds a limit is refused."""

    connections: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="Connections at once, of one worker; of an HTTP gate requests at once.",
    )
    per_principal: int = Field(default=100, ge=1, le=100_000, description="Connections at once of one principal.")
    statement: int = Field(default=1_000_000, ge=1_000, le=100_000_000, description="Bytes of a statement's text.")
    nesting: int = Field(default=200, ge=10, le=2_000, description="Levels of brackets in a statement.")
    parameters: int = Field(default=65_535, ge=1, le=65_535, description="Parameters of a statement.")
    prepared: int = Field(default=5_000, ge=1, le=1_000_000, description="Named statements of one session.")
    rows: int = Field(default=0, ge=0, description="Rows of one result; 0: as many as there are.")
    message: int = Field(default=64 * 1024 * 1024, ge=16_384, le=2**30, description="Bytes of one message.")
    idle: float = Field(default=0.0, ge=0, description="Seconds that a session may be idle; 0: any.")
    login: float = Field(default=15.0, gt=0, le=600, description="Seconds from connecting to being known.")


def _login_written_as(value: object) -> str:
    return "(login)" if isinstance(value, dict | LoginDocument) else "(user)"


LoginValue: TypeAlias = Annotated[
    Annotated[Address, Tag("(user)")] | Annotated[LoginDocument, Tag("(login)")], Discriminator(_login_written_as)
]


class GateDocument(_Model):
    """A running enforcement point."""

    kind: GateKind = Field(description="What it speaks.")
    listen: Address = Field(
        default="",
        description="Where clients reach it: `127.0.0.1:6432`. Variables are replaced. A gate of kind http without it stands in "
        "process, in an application or a client.",
    )
    upstream: Name | None = Field(default=None, description="The asset behind it.")
    logins: dict[Name, LoginValue] = Field(
        default={},
        description="Per role, the upstream's login: its name, or `{user, secret}`. Variables are replaced.",
    )
    allow: list[Annotated[str, Field(pattern=r"^(function|relation|setting|statement|type):[^\s]{1,200}$")]] = Field(
        default=[],
        description="PostgreSQL: refusals that are lifted, each by the name that the refusal gives: `function:pg_read_file`.",
    )
    origins: Literal["window", "strict"] = Field(
        default="window",
        description="PostgreSQL: `window` looks a known statement's origins up again within a second of a change behind the "
        "gate's back; `strict` asks the server each time.",
    )
    tls: TlsDocument | None = Field(default=None, description="Encryption of the connections from clients.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that serve the gate.")
    limits: LimitsDocument = Field(default=LimitsDocument(), description="What the gate bears.")
    clients: Name | None = Field(
        default=None,
        description="HTTP: the zone in which those stand who bring no credential. Not given: with `principals` they are refused.",
    )
    principals: list[Name] = Field(
        default=[],
        description="Which principals are asked who a client is. HTTP: those with `jwks`, `certificates` or `api_keys`; without "
        "any nobody is asked. PostgreSQL: where none is given, all but those with `api_keys`.",
    )
    headers: AskingDocument | None = Field(
        default=None,
        description="HTTP: the header fields in which a client says who it is and what for. They are read, and taken off, where "
        "the gate has `principals` or this.",
    )
    forward_token: bool = Field(
        default=False, description="HTTP: whether the service gets the bearer token that the gate has verified."
    )
    bodies: Literal["streamed", "buffered"] = Field(
        default="streamed",
        description="HTTP: `streamed` bodies pass in chunks, of any length; `buffered` ones whole, up to a MiB: faster if small.",
    )
    upstreams: list[Name] = Field(
        default=[],
        max_length=1000,
        description="HTTP, in place of `upstream`: the assets that clients may reach through the gate, each by its own host or by "
        "its name as the path's first part. The gate is then the way out (egress); any other destination is refused.",
    )
    hosts: list[Authority] = Field(
        default=[],
        max_length=100,
        description="HTTP, with `upstreams`: names by which clients reach the gate itself, besides what it listens on and "
        "`localhost`, as they stand in an address: `ringfence.internal:9100`.",
    )

    conversation: list[FieldPath] = Field(
        default=[],
        description="HTTP: the fields of a request that name its conversation, the first that is met counts: "
        "`header.x-conversation-id`, `query.thread`, or a body's field. Within one, a value keeps its placeholder or surrogate.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "GateDocument":
        if self.upstream is not None and self.upstreams:
            mend = "keep `upstream` before one service, or `upstreams` as the way out"
            raise ContradictionError("a gate has `upstream` or `upstreams`, not both", mend)
        return self


class MatchDocument(_Model):
    """What narrows a gate to a flow."""

    stream: Literal["stdout", "stderr"] | None = Field(default=None, description="Log: the stream.")
    method: Word | None = Field(default=None, description="HTTP: the method.")
    path: Word | None = Field(
        default=None, description="HTTP: the path without its query; git: the file's path. `*` stands for anything."
    )
    topic: Word | None = Field(default=None, description="Queue: the topic.")
    ref: Word | None = Field(default=None, description="Git: the ref; `*` stands for anything.")
    target: Word | None = Field(default=None, description="File: the copy's target.")


class ViaDocument(_Model):
    """The gate of a flow."""

    gate: Name | None = Field(default=None, description="The gate; any where none is named.")
    match: MatchDocument = Field(default=MatchDocument(), description="What narrows it.")


class CarryDocument(_Model):
    """One line of a category's list; the first that fits decides."""

    form: str = Field(description="The form in which the category crosses, or `deny`.")
    role: Name | None = Field(default=None, description="For this role only.")
    purpose: Name | None = Field(default=None, description="For this purpose only.")


def _written_as(value: object) -> str:
    return "(list)" if isinstance(value, list) else "(form)"


class PredicateDocument(_Model):
    """How often a category may be compared with given values."""

    equality: int = Field(ge=1, le=1_000_000, description="How many comparisons one principal may make.")
    per: str = Field(default="1h", pattern=r"^[1-9][0-9]{0,5}[smhd]$", description="In which time: `1h`, `30m`, `1d`.")


def _predicate_written_as(value: object) -> str:
    return "(budget)" if isinstance(value, dict | PredicateDocument) else "(word)"


PredicateValue: TypeAlias = Annotated[
    Annotated[Literal["equality"], Tag("(word)")] | Annotated[PredicateDocument, Tag("(budget)")],
    Discriminator(_predicate_written_as),
]
CarryValue: TypeAlias = Annotated[
    Annotated[str, Tag("(form)")] | Annotated[list[CarryDocument], Field(min_length=1), Tag("(list)")],
    Discriminator(_written_as),
]


class FlowDocument(_Model):
    """A declared way from one zone to another."""

    id: Name = Field(description="The flow's name, once in the policy.")
    source: Name = Field(alias="from", description="Where the data comes from: an asset or a zone.")
    sink: Name = Field(alias="to", description="Where it goes: an asset or a zone.")
    via: ViaDocument = Field(default=ViaDocument(), description="The gate, and what narrows it.")
    purposes: list[Name] = Field(
        default=[], description="What the flow is for. Where some are given, one of them must be stated."
    )
    mode: Literal["enforce", "observe", "closed"] = Field(
        default="enforce",
        description="`observe` records what would be done, and lets everything pass; `closed` lets nothing pass.",
    )
    carry: dict[Carried, CarryValue] = Field(
        default={},
        description="Per category its form, or a list whose first fitting line decides. The longest path decides; `*` is all.",
    )
    otherwise: str = Field(
        default="deny",
        alias="else",
        description="What becomes of a category that is found, but not carried: a form or `deny`.",
    )
    unknown: str | None = Field(
        default=None,
        description="What becomes of a field that nobody has judged: `deny`, a form, or `scan` (its content decides). "
        "Not given: `deny`, or `scan` where the asset declares no fields.",
    )
    durability: Literal["recorded", "relaxed"] = Field(
        default="recorded", description="`relaxed`: bytes may go before their entry is durable."
    )
    record: Literal["personal", "all"] = Field(
        default="personal", description="`all`: an entry for every payload, not only personal ones."
    )
    index: Name | None = Field(
        default=None, description="The key of the subject's blind index; without it no breach can be scoped to people."
    )
    predicates: dict[Category, PredicateValue] = Field(
        default={},
        description="PostgreSQL: categories that do not cross clear, and may yet be compared for equality with single given "
        "values: `equality` (100 in an hour for each principal) or `{equality: 20, per: 1h}`.",
    )
    restore: bool = Field(
        default=False,
        description="PostgreSQL: whether tokens that the asker's role was given become clear values again on their way in. HTTP: "
        "whether what stands for a value in a response becomes that value, where the flow carries its category clear.",
    )


class NeverDocument(_Model):
    """What must never come to be known."""

    category: Category = Field(description="The category, with all under it.")
    form: str = Field(description="The form; whoever holds a value in clear holds it in every form.")
    zones: list[Name] = Field(min_length=1, description="The zones.")


class AssertDocument(_Model):
    """An assertion about the policy itself."""

    never: NeverDocument = Field(
        description="No zone of these comes to hold the category in that form, over any number of flows."
    )


class Document(_Model):
    """A ringfence policy."""

    version: Literal[1] = Field(description="The format's version: 1.")
    include: list[Word] = Field(
        default=[], description="Policy files beside this one. What this file says wins over what they say."
    )
    zones: dict[Name, ZoneDocument] = Field(default={}, description="Trust domains.")
    assets: dict[Name, AssetDocument] = Field(default={}, description="What stands in the zones.")
    keys: dict[Name, KeyDocument] = Field(default={}, description="Keys of hashes, tokens and blind indexes.")
    forms: dict[Name, FormDocument] = Field(
        default={}, description="Forms of one's own, beside clear, deny, redact, mask and null."
    )
    roles: dict[Name, RoleDocument] = Field(default={}, description="What principals may.")
    purposes: dict[Name, PurposeDocument] = Field(default={}, description="Why data is processed.")
    principals: dict[Name, PrincipalsDocument] = Field(default={}, description="Where identities come from.")
    gates: dict[Name, GateDocument] = Field(default={}, description="Running enforcement points.")
    flows: list[FlowDocument] = Field(
        default=[], description="Declared ways between zones. Where there is none, nothing crosses."
    )
    detect: DetectDocument = Field(default=DetectDocument(), description="What detection is told.")
    receivers: dict[Name, ReceiverDocument] = Field(default={}, description="Who is told of alerts.")
    alert: AlertValue = Field(default=[], description="What is told to them: a rule, or a list of rules.")
    probe: ProbeDocument = Field(
        default=ProbeDocument(), description="How the running gates are attacked to see that they hold."
    )
    assertions: list[AssertDocument] = Field(
        default=[], alias="assert", description="What `lint` must find true of the whole policy."
    )


def schema() -> dict[str, object]:
    """Give the policy's JSON Schema (2020-12), for editors and for other programs."""
    made = Document.model_json_schema(by_alias=True)
    for part in (made, *made["$defs"].values()):
        for value in part.get("properties", {}).values():
            if "patternProperties" in value:
                value["additionalProperties"] = False  # a name that does not fit the pattern is no name
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "ringfence policy"}
