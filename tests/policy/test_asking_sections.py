"""Who is asked at a gate, and which purposes a role may state: what the policy says of it, and what cannot be said."""

import pytest

from ringfence.policy import Asker, Denial, Policy, PolicyError, PurposeName, RoleName, lint, plan, read, read_located
from ringfence.policy.asking import askers
from ringfence.policy.model import AskingFields, FlowId

RIGHT = """
version: 1
zones: {core: {label: core}, staff: {label: staff}, partners: {label: partners}}
assets: {shop: {zone: core, kind: http}, db: {zone: core, kind: postgres}}
roles:
  support: {group: support, purposes: [care]}
  audit: {group: audit, needs: [purpose], purposes: [law]}
purposes: {ads: {}, care: {}, law: {}}
principals:
  sso: {jwks: "file:jwks.json", zone: staff}
  shops: {api_keys: "file:shops.users", zone: partners}
  users: {scram: "file:users.scram", zone: staff}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, principals: [sso, shops, sso]}
  open: {kind: http, upstream: shop, clients: partners}
  pg: {kind: postgres, upstream: db, logins: {support: s, audit: a}}
flows:
  - id: reads
    from: core
    to: staff
    carry: {user.name: [{role: audit, form: clear}, {role: support, form: mask}], user.contact: redact}
"""


def policy(text: str = RIGHT) -> Policy:
    return read("p.yaml", {"p.yaml": text}, {})


def asked(role: str | None, purpose: str | None) -> Denial | None:
    asker = Asker(RoleName(role) if role else None, PurposeName(purpose) if purpose else None)
    refused = plan(policy(), FlowId("reads"), asker).refused
    return refused.denial if refused is not None else None


def test_a_gate_says_who_is_asked_and_in_which_header_fields() -> None:
    gates = policy().gates
    assert gates["api"].principals == ("sso", "shops")
    assert gates["api"].asking == AskingFields("x-api-key", "x-role", "x-purpose", "x-reason")
    assert (gates["open"].asking, gates["open"].principals) == (None, ())
    named = policy(RIGHT.replace("clients: partners", "clients: partners, headers: {purpose: X-Why}"))
    assert named.gates["open"].asking == AskingFields(purpose="x-why")
    assert named.hash == policy(RIGHT.replace("clients: partners", "clients: partners, headers: {}")).hash
    assert named.hash != policy().hash  # else a client could state a purpose, and the policy would be called the same


def test_who_is_asked_and_what_a_role_may_state_are_part_of_the_policys_hash() -> None:
    hashes = {
        policy(text).hash
        for text in (
            RIGHT,
            RIGHT.replace("[sso, shops, sso]", "[sso]"),
            RIGHT.replace("purposes: [care]", "purposes: [ads]"),
        )
    }
    assert len(hashes) == 3


WRONG = {
    "no such principals": ("[sso, shops, sso]", "[sso, shop]", 'no principals "shop"', "shops"),
    "passwords over HTTP": ("[sso, shops, sso]", "[users]", "cannot be asked at a gate of kind http", "api_keys"),
    "API keys over PostgreSQL": ("logins: {", "principals: [shops], logins: {", "gate of kind postgres", "scram"),
    "a field of HTTP's own": (
        "[sso, shops, sso]",
        "[sso], headers: {api_key: Authorization}",
        "something else",
        "x-api-key",
    ),
    "a field of a proxy's": (
        "[sso, shops, sso]",
        "[sso], headers: {role: X-Forwarded-For}",
        "something else",
        "x-api-key",
    ),
    "one field for two": (
        "[sso, shops, sso]",
        "[sso], headers: {role: x-purpose}",
        "the same header field",
        "of its own",
    ),
    "no header's name": (
        "[sso, shops, sso]",
        '[sso], headers: {role: "x role"}',
        "not the name of a header field",
        "x-role",
    ),
    "headers of PostgreSQL": ("logins: {", "headers: {}, logins: {", "headers belongs to gates of kind http", "remove"),
    "no such purpose": ("purposes: [care]", "purposes: [car]", 'no purpose "car"', "care"),
    "no purpose at all": ("purposes: [care]", "purposes: []", "purposes", ""),
    "two sources": (
        'api_keys: "file:shops.users"',
        'api_keys: "file:a", scram: "file:b"',
        "exactly one source",
        "api_keys",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_said_with_its_place(case: str) -> None:
    old, new, what, mend = WRONG[case]
    with pytest.raises(PolicyError) as caught:
        policy(RIGHT.replace(old, new))
    problem = caught.value.problems[0]
    assert what in problem.what
    assert mend in problem.mend
    assert problem.line > 1


def test_a_role_may_state_only_the_purposes_that_it_names() -> None:
    assert asked("support", "care") is None
    assert asked("support", None) is None
    assert asked("support", "ads") is Denial.NO_PURPOSE
    assert asked("audit", None) is Denial.NO_PURPOSE
    assert asked("audit", "law") is None
    assert asked(None, "ads") is None
    refused = plan(policy(), FlowId("reads"), Asker(RoleName("support"), PurposeName("ads"))).refused
    assert refused is not None
    assert (refused.rule, refused.mend) == (
        "roles.support.purposes",
        "state a purpose that role support may state: care",
    )


def test_whoever_can_ask_is_counted_among_those_who_can() -> None:
    """A role that needs a purpose, of which the flow names none: what it gets is proved, too."""
    found = {(asker.role, asker.purpose) for asker in askers(policy(), policy().flows[FlowId("reads")])}
    assert ("audit", "law") in found
    assert ("support", "ads") not in found


@pytest.mark.parametrize(
    ("listen", "tls", "told"),
    [
        ("0.0.0.0:8080", "", True),
        ("shop.example.com:8080", "", True),
        ("[::]:8080", "", True),
        ("[::1]:8080", "", False),
        ("localhost:8080", "", False),
        ("0.0.0.0:8080", ", tls: {certificate: c, key: k}", False),
    ],
)
def test_credentials_that_others_can_overhear_are_worth_a_warning(listen: str, tls: str, told: bool) -> None:
    text = RIGHT.replace('"127.0.0.1:8080"', f'"{listen}"{tls}')
    located = read_located("p.yaml", {"p.yaml": text}, {})
    found = lint(located.policy, located.positions)
    assert ("overheard" in [problem.code for problem in found]) is told
