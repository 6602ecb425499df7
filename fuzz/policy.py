"""Arbitrary text as a policy, as a file that it includes and as an overlay: a `Policy` or a `PolicyError`, and nothing else.

What is read is also linted. Half of a text behind a form feed is the included file, so that mutations reach merging too.
"""

from ringfence.policy import Policy, PolicyError, lint, read_located

_MAIN = """\
version: 1
include: [map.yaml]
zones:
  core: &z {label: high sensitivity, residency: [EU], retention: 7y}
  staff: {<<: *z, label: staff}
  outside: {label: public, controlled: false}
assets: {shop: {zone: core, kind: postgres, at: "${DSN:-x}", subject: person.id}, saas: {zone: outside, kind: http}}
keys: {k: {zones: [core]}}
forms: {last4: {transform: mask, keep_last: 4}, tok: {transform: token, key: k, joinable: [staff]}, h: {transform: hash, key: k}}
roles: {privacy: {group: privacy, reverse: [k], needs: [reason]}}
purposes: {support: {basis: contract}}
principals: {users: {scram: "file:users", zone: staff}}
gates: {pg: {kind: postgres, listen: "127.0.0.1:1", upstream: shop, logins: {privacy: "${LOGIN}"}}, log: {kind: log}}
flows:
  - id: reads
    from: shop
    to: staff
    via: {gate: pg}
    purposes: [support]
    index: k
    carry: {user.name: clear, user.contact.email: [{role: privacy, form: clear}, {form: tok}], "*": last4}
    else: redact
    unknown: scan
  - {id: logs, from: core, to: outside, via: {gate: log, match: {stream: stdout}}, carry: {user.contact: h}, mode: observe}
detect: {thresholds: {US_SSN: 0.6}, recognizers: [], allow: [hotline]}
assert:
  - never: {category: user.financial.credit_card, form: clear, zones: [outside]}
"""
_MAP = "assets:\n  shop: {fields: {person.email: user.contact.email, product: none}}\n"
_OVERLAY = 'gates: {pg: {listen: "0.0.0.0:1"}}\nflows: [{id: reads, mode: observe}]\n'

SEEDS: list[bytes] = [
    _MAIN.encode(),
    f"{_MAIN}\x0c{_MAP}".encode(),
    f"{_MAIN}\x0c{_MAP}\x0c{_OVERLAY}".encode(),
    b"a: &a [1, 1]\nb: &b [*a, *a]\nc: &c [*b, *b]\nversion: *c\n",
    b"version: 1\nzones: {a: {label: ${X}}}\n",
    b'"\\U00110000": !!str &x "\\uFFFF"\n%YAML 1.1\n',
]

_ENVIRONMENT = {"DSN": "dsn", "LOGIN": "login"}


def target(data: bytes) -> None:
    main, *rest = data.decode("utf-8", "replace").split("\x0c", 2)
    texts = {"p.yaml": main, "map.yaml": rest[0] if rest else _MAP}
    if len(rest) > 1:
        texts["over.yaml"] = rest[1]
    try:
        read = read_located("p.yaml", texts, _ENVIRONMENT, overlay="over.yaml" if "over.yaml" in texts else None)
    except PolicyError as error:
        check(error)
        return
    assert isinstance(read.policy, Policy)
    lint(read.policy, read.positions)


def check(error: PolicyError) -> None:
    """An error has places, words and mends, of one line each."""
    assert error.problems
    for problem in error.problems:
        assert min(problem.line, problem.column) > 0
        assert problem.what
        assert problem.mend
        assert "\n" not in problem.what + problem.mend
