"""How a policy's files become one policy: includes, variables, overlays, limits, and what its hash covers."""

import pytest
from wrong_policies import ENVIRONMENT, RIGHT

from ringfence.policy import Policy, PolicyError, UnreadableError, read
from ringfence.policy.model import Login, Mode

ONE = "version: 1\nzones: {core: {label: x}}\n"


def reading(text: str, environment: dict[str, str] | None = None, overlay: str | None = None, **files: str) -> Policy:
    texts = {"ringfence.yaml": text, **{f"{name}.yaml": each for name, each in files.items()}}
    return read("ringfence.yaml", texts, environment or ENVIRONMENT, overlay=overlay)


def problems(
    text: str, environment: dict[str, str] | None = None, overlay: str | None = None, **files: str
) -> list[str]:
    with pytest.raises(PolicyError) as raised:
        reading(text, environment, overlay, **files)
    return [str(each) for each in raised.value.problems]


def test_what_the_including_file_says_wins_over_what_it_includes() -> None:
    mapped = "assets: {shop-db: {fields: {customer.email: user.name, customer.phone: user.contact.phone_number}}}\n"
    policy = reading(RIGHT.replace("version: 1\n", "version: 1\ninclude: [map.yaml]\n"), map=mapped)
    fields = next(asset.fields for name, asset in policy.assets.items() if name == "shop-db")
    assert fields == {
        "customer.email": "user.contact.email",
        "product": "none",
        "customer.phone": "user.contact.phone_number",
    }


def test_a_flow_of_the_including_file_replaces_the_one_it_includes_and_others_are_added() -> None:
    flows = (
        "flows:\n- {id: logs, from: core, to: outside, else: clear}\n- {id: more, from: core, to: staff, else: mask}\n"
    )
    policy = reading(RIGHT.replace("version: 1\n", "version: 1\ninclude: [map.yaml]\n"), map=flows)
    assert {name: flow.otherwise.name for name, flow in policy.flows.items()} == {
        "staff-reads": "redact",
        "logs": "redact",
        "more": "mask",
    }


def test_two_included_files_may_not_say_the_same_thing() -> None:
    include = "version: 1\ninclude: [a.yaml, b.yaml]\n"
    said = problems(include, a="zones: {core: {label: x}}\n", b="zones: {core: {label: y}}\n")
    assert said[0].startswith('b.yaml:1:16: the key "label" stands in two included files')
    assert "a.yaml, line 1" in said[0]


def test_a_file_that_two_files_include_is_read_once() -> None:
    include = "version: 1\ninclude: [a.yaml, b.yaml]\n"
    policy = reading(include, a="include: [c.yaml]\n", b="include: [c.yaml]\n", c="zones: {core: {label: x}}\n")
    assert set(policy.zones) == {"core"}


def test_includes_that_lead_in_a_circle_are_refused_where_the_circle_closes() -> None:
    said = problems("version: 1\ninclude: [a.yaml]\n", a="include: [b.yaml]\n", b="include: [a.yaml]\n")
    assert said[0].startswith("b.yaml:1:11: this include leads back to the file itself")


def test_files_are_found_beside_the_file_that_names_them_and_never_above_the_policy() -> None:
    texts = {
        "conf/p.yaml": "version: 1\ninclude: [parts/a.yaml]\n",
        "conf/parts/a.yaml": "include: [../b.yaml]\n",
        "conf/b.yaml": "zones: {z: {label: x}}\n",
    }
    assert set(read("conf/p.yaml", texts, {}).zones) == {"z"}
    for name in ("../b.yaml", "/etc/passwd", "parts/../../b.yaml", "a\\b.yaml"):
        with pytest.raises(PolicyError, match="outside of the policy's folder"):
            read("conf/p.yaml", {"conf/p.yaml": f"version: 1\ninclude: ['{name}']\n"}, {})


def test_an_error_names_the_included_file_in_which_it_stands() -> None:
    said = problems("version: 1\ninclude: [a.yaml]\n", a="\nzones: {core: {labl: x}}\n")
    assert said == ['a.yaml:2:16: unknown key "labl"\n  did you mean "label"?']


def test_a_file_that_cannot_be_read_is_an_error_of_the_line_that_includes_it() -> None:
    def texts(name: str) -> str:
        if name == "p.yaml":
            return "version: 1\ninclude:\n  - a.yaml\n"
        raise UnreadableError("it is on fire", "put it out")

    with pytest.raises(PolicyError) as raised:
        read("p.yaml", texts, {})
    assert str(raised.value) == "p.yaml:3:5: it is on fire\n  put it out"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "one"),
        ("${NONE:-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("x${A}y${A}", "xoneyone"),
        ("$A", "$A"),
        ("${EMPTY}", ""),
    ],
)
def test_variables_are_replaced_in_addresses(text: str, value: str) -> None:
    policy = reading(RIGHT.replace("${SHOP_DSN}", text), {"A": "one", "EMPTY": ""})
    assert next(iter(policy.assets.values())).at == value


def test_what_a_variable_holds_is_not_replaced_again() -> None:
    policy = reading(RIGHT, {"SHOP_DSN": "${HOME}"})
    assert next(iter(policy.assets.values())).at == "${HOME}"


def test_an_overlay_changes_addresses_credentials_and_modes() -> None:
    over = """\
assets: {shop-db: {at: "${OTHER}"}}
gates: {pg: {listen: "0.0.0.0:1", logins: {support: other}}}
principals: {users: {scram: "file:other"}}
flows: [{id: staff-reads, mode: observe}]
"""
    policy = reading(RIGHT, {**ENVIRONMENT, "OTHER": "there"}, "over.yaml", over=over)
    assert next(asset.at for asset in policy.assets.values()) == "there"
    assert next(iter(policy.gates.values())).listen == "0.0.0.0:1"
    assert list(next(iter(policy.gates.values())).logins.values()) == [Login("other")]
    assert policy.principals["users"].at == "file:other"
    assert [flow.mode for flow in policy.flows.values()] == [Mode.OBSERVE, Mode.ENFORCE]


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ("zones: {staff: {label: x}}", 'over.yaml:1:1: an overlay cannot change "zones"'),
        ("assets: {shop-db: {zone: outside}}", 'over.yaml:1:20: an overlay cannot change "zone"'),
        ("assets: {shop: {at: x}}", 'over.yaml:1:10: the policy has no "shop"\n  did you mean "shop-db"?'),
        ("flows: [{id: staff-reads, else: clear}]", 'over.yaml:1:27: an overlay cannot change "else"'),
        ("flows: [{id: new, mode: observe}]", 'over.yaml:1:9: the policy has no flow "new"'),
        ("flows: {}", "over.yaml:1:8: flows are not a list"),
        ("include: [x.yaml]", 'over.yaml:1:1: an overlay cannot change "include"'),
        ("gates: {pg: {upstream: log-saas}}", 'over.yaml:1:14: an overlay cannot change "upstream"'),
        ("gates: x", 'over.yaml:1:1: an overlay cannot change "gates"'),
        ("- x", "over.yaml:1:1: this is not a mapping"),
    ],
)
def test_an_overlay_cannot_change_what_may_cross(over: str, said: str) -> None:
    assert problems(RIGHT, overlay="over.yaml", over=over)[0].startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file says nothing"),
        ("# only a comment\n", "the file says nothing"),
        ("- a list\n", "this is not a mapping"),
        ("[" * 5000, "nested more than 32 deep"),
        ("- " * 5000, "nested more than 32 deep"),
        (
            "a: &a [x,x,x,x,x,x,x,x]\n"
            + "".join(f"b{n}: &b{n} [{','.join([f'*b{n - 1}' if n else '*a'] * 9)}]\n" for n in range(12)),
            "more than 100000 values",
        ),
        ("a: &a [*a]\n", "an alias of nothing"),
        ("x" * (1 << 20) + "x", "more than 1048576 characters"),
        ("\x00", "a character that YAML does not allow"),
        ('a: "\\U00110000"', "not valid YAML"),
        ('a: "\\UFFFFFFFF"', "not valid YAML"),
        ("? [a]\n: b\n", "a key that is a mapping or a list"),
        ("a: 1\n*b : 2\n", "an alias"),
        ("<<: 3\n", "`<<` merges something"),
        ("!!python/object/apply:os.system [x]\n", "a YAML tag"),
    ],
    ids=lambda each: str(each)[:24].encode("unicode_escape").decode(),
)
def test_what_is_no_policy_is_refused_soon_and_in_words(text: str, said: str) -> None:
    assert said in problems(text)[0]


def test_aliases_and_merge_keys_are_read_as_what_they_stand_for() -> None:
    text = "version: 1\nzones:\n  a: &a {label: one, retention: 7y}\n  b: {<<: *a, label: two}\n  c: *a\n"
    zones = list(reading(text).zones.values())
    assert [(zone.label, zone.retention) for zone in zones] == [("one", "7y"), ("two", "7y"), ("one", "7y")]


def test_more_files_than_the_limit_are_refused() -> None:
    files = {f"f{number}": "zones: {}\n" for number in range(80)}
    include = ", ".join(f"{name}.yaml" for name in files)
    assert "more than 64 files" in problems(f"version: 1\ninclude: [{include}]\n", **files)[0]


def hash_of(text: str, environment: dict[str, str] | None = None) -> str:
    return reading(text, environment).hash


def test_the_hash_does_not_change_with_addresses_credentials_layout_or_order() -> None:
    same = [
        RIGHT.replace("127.0.0.1:6432", "127.0.0.1:7000"),
        RIGHT.replace("shop_support", "another_login"),
        RIGHT.replace("file:users.scram", "file:others.scram"),
        RIGHT.replace("  last4:", "  # said again\n  last4:"),
        RIGHT.replace("{label: public, controlled: false}", "{controlled: false, label: public}"),
        RIGHT.replace("    mode: enforce\n", ""),
    ]
    assert {hash_of(text) for text in same} == {hash_of(RIGHT)}
    assert hash_of(RIGHT, {"SHOP_DSN": "another"}) == hash_of(RIGHT)


def test_the_hash_changes_with_everything_that_may_change_a_verdict() -> None:
    changes = [
        ("keep_last: 4", "keep_last: 5"),
        ("mode: enforce", "mode: observe"),
        ("else: redact\n    unknown", "else: deny\n    unknown"),
        ("user.name: clear", "user.name: mask"),
        ("[{role: privacy, form: clear}, {form: mask}]", "[{form: mask}, {role: privacy, form: clear}]"),
        ("product: none", "product: scan"),
        ("US_SSN: 0.6", "US_SSN: 0.7"),
        ("allow: []", "allow: [hotline]"),
        ("needs: [reason]", "needs: []"),
        ("{k-contact: {zones: [core]}}", "{k-contact: {zones: [core, staff]}}"),
        ("zones: [staff, outside]", "zones: [staff]"),
        ("zone: outside, kind", "zone: staff, kind"),
        ("stream: stdout", "stream: stderr"),
    ]
    hashes = {hash_of(RIGHT.replace(old, new)) for old, new in changes if old in RIGHT}
    assert len(hashes | {hash_of(RIGHT)}) == len(changes) + 1


def test_every_form_kind_is_read_with_its_parameters() -> None:
    text = """\
version: 1
zones: {a: {label: a}, b: {label: b}}
keys: {k: {zones: [a]}}
forms:
  r: {transform: redact}
  n: {transform: "null"}
  m: {transform: mask, keep_first: 1, keep_last: 2, keep_domain: true, fill: "x"}
  t: {transform: truncate, keep_first: 3}
  w: {transform: bucket, width: 10}
  y: {transform: bucket, unit: year}
  h: {transform: hash, key: k, length: 16}
  o: {transform: token, key: k, joinable: [b]}
  s: {transform: surrogate, key: k}
  p: {transform: placeholder, key: k, keep: 30m}
flows: [{id: f, from: a, to: b, else: "null", unknown: scan, durability: relaxed, record: all}]
"""
    policy = reading(text)
    kinds = ["redact", "null", "mask", "truncate", "bucket", "bucket", "hash", "token", "surrogate", "placeholder"]
    assert [policy.forms[name].kind.value for name in "rnmtwyhosp"] == kinds
    assert (policy.forms["s"].keep, policy.forms["p"].keep) == (86_400.0, 1_800.0)
    mask = policy.forms["m"]
    assert (mask.keep_first, mask.keep_last, mask.keep_domain, mask.fill) == (1, 2, True, "x")
    flow = next(iter(policy.flows.values()))
    assert (flow.otherwise.name, flow.unknown, flow.relaxed, flow.record_all) == ("null", "scan", True, True)


def test_the_smallest_policy_is_read() -> None:
    assert list(reading(ONE).zones) == ["core"]
