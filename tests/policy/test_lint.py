"""What lint says of policies that are allowed and unwise, and of assertions that do not hold."""

import pytest
from benchmarks.planning import POLICY
from wrong_policies import ENVIRONMENT, RIGHT

from ringfence.policy import Problem, lint, read_located, reversing
from ringfence.taxonomy import CATEGORIES, Domain

HEAD = """\
version: 1
zones: {core: {label: a}, staff: {label: b}, outside: {label: c, controlled: false}}
assets: {store: {zone: core, kind: store}}
keys: {mine: {zones: [core]}, theirs: {zones: [core, staff]}}
roles: {r: {group: r}}
forms:
  hashed: {transform: hash, key: mine}
  known: {transform: hash, key: theirs}
  token: {transform: token, key: mine}
  open-token: {transform: token, key: theirs}
  first6: {transform: truncate, keep_first: 6}
  first12: {transform: truncate, keep_first: 12}
  first8: {transform: mask, keep_first: 8}
  last8: {transform: mask, keep_last: 8}
  month: {transform: bucket, unit: month}
  year: {transform: bucket, unit: year}
"""
UNUSED = {"unused"}


def found(text: str) -> list[Problem]:
    read = read_located("p.yaml", {"p.yaml": text}, ENVIRONMENT)
    return [problem for problem in lint(read.policy, read.positions) if problem.code not in UNUSED]


def flow(carry: str, name: str = "f", to: str = "staff", begin: str = "store", more: str = "") -> str:
    return f"  - {{id: {name}, from: {begin}, to: {to}, carry: {{{carry}}}{more}}}\n"


def codes(*flows: str, rest: str = "", head: str = HEAD) -> list[tuple[str, str]]:
    return [(problem.severity, problem.code) for problem in found(f"{head}flows:\n{''.join(flows)}{rest}")]


CARD, EMAIL, BIRTH = "user.financial.credit_card", "user.contact.email", "user.demographic.date_of_birth"
PHONE, POSTCODE = "user.contact.phone_number", "user.contact.address.postal_code"


@pytest.mark.parametrize("text", [RIGHT, POLICY])
def test_a_right_policy_has_no_errors(text: str) -> None:
    read = read_located("p.yaml", {"p.yaml": text}, ENVIRONMENT)
    assert [problem for problem in lint(read.policy, read.positions) if problem.severity == "error"] == []


@pytest.mark.parametrize(
    ("carry", "expected"),
    [
        (f"{BIRTH}: token", "small-domain"),
        (f"{POSTCODE}: hashed", "small-domain"),
        ("user.demographic: token", "small-domain"),
        ('"*": token', "small-domain"),
        (f"{CARD}: token", "small-domain"),  # its verification code, which no line of its own names
        (f"{EMAIL}: [{{role: r, form: clear}}, {{form: mask}}], {BIRTH}: [{{role: r, form: token}}]", "small-domain"),
        (f"{BIRTH}: month", "fine-grain"),
        (f"{CARD}: first12", "fine-grain"),
        (f"{PHONE}: known", "gives-back"),
        (f"{CARD}: known", "gives-back"),
        (f"{EMAIL}: open-token", "gives-back"),
        (f"{EMAIL}: [{{role: r, form: known}}, {{form: first6}}]", "gives-back"),
        (f"{CARD}: [{{role: r, form: first8}}, {{form: last8}}]", "gives-back"),
    ],
)
def test_forms_that_hide_less_than_they_seem_to_are_errors(carry: str, expected: str) -> None:
    assert ("error", expected) in codes(flow(carry))


@pytest.mark.parametrize(("category", "is_wrong"), [(BIRTH, True), ("user.demographic", True), (EMAIL, False)])
def test_comparing_a_category_of_few_values_gives_it_away(category: str, is_wrong: bool) -> None:
    allowed = flow(f"{EMAIL}: mask").rstrip().removesuffix("}") + f", predicates: {{{category}: equality}}}}\n"
    assert (("error", "oracle") in codes(allowed)) == is_wrong


@pytest.mark.parametrize(
    "carry",
    [
        f"{CARD}: token, {CARD}.verification: deny, {CARD}.expiration_date: redact",
        f"{CARD}: first6, {CARD}.verification: deny, {CARD}.expiration_date: redact",
        f"{CARD}: first8",
        f"{EMAIL}: token",
        f"{BIRTH}: year",
        f"{PHONE}: hashed",
    ],
)
def test_forms_that_hide_what_they_seem_to_are_no_errors(carry: str) -> None:
    assert codes(flow(carry)) == []


def test_else_is_held_to_the_same_rule_as_carry() -> None:
    assert ("error", "small-domain") in codes(flow("", more=", else: token"))


def test_a_list_that_does_not_fit_everybody_leaves_the_rest_to_else() -> None:
    carried = f"user.demographic: [{{role: r, form: redact}}], {BIRTH}: [{{role: r, form: redact}}]"
    everything = ", ".join(
        f"{each}: redact" for each in ("user.contact", "user.financial", "user.location", "user.health")
    )
    assert ("error", "small-domain") in codes(
        flow(f"{carried}, {everything}, user.professional_information: redact", more=", else: token")
    )


def test_two_forms_that_meet_over_different_flows_give_the_value_back() -> None:
    flows = (
        flow(f"{CARD}: first8", "a", "staff"),
        flow(f"{CARD}: last8", "b", "outside"),
        flow(f"{CARD}: mask", "c", "outside", "staff"),
    )
    problems = found(f"{HEAD}flows:\n{''.join(flows)}")
    back = [problem for problem in problems if problem.code == "gives-back"]
    assert len(back) == 1
    assert (
        "zone outside gets user.financial.credit_card back: forms first8 and last8 together keep all of it"
        in back[0].what
    )


def test_a_token_whose_key_the_zone_has_is_a_warning_where_a_role_reverses_it() -> None:
    head = HEAD.replace("{r: {group: r}}", "{r: {group: r, reverse: [theirs]}}")
    assert ("warning", "gives-back") in codes(flow(f"{EMAIL}: open-token"), head=head)


def test_a_zone_that_gets_the_value_in_clear_anyway_is_not_told_that_it_can_infer_it() -> None:
    assert codes(flow(f"{EMAIL}: open-token", "a"), flow(f"{EMAIL}: clear", "b")) == []


def test_a_zone_in_which_the_data_originates_is_not_told_that_it_can_infer_it() -> None:
    head = HEAD.replace("kind: store}}", "kind: store}, desk: {zone: staff, kind: service}}")
    back = flow(f"{EMAIL}: token", "back", "core", "desk")
    assert codes(flow(f"{EMAIL}: redact"), back, head=head) == []
    assert ("error", "gives-back") in codes(back, head=head)  # a core that sends nothing is not known to hold anything


def test_what_lets_everything_through_is_always_shown() -> None:
    assert codes(flow('"*": clear')) == [("warning", "clear-all")]
    assert codes(flow("", more=", else: clear")) == [("warning", "clear-all")]
    assert codes(flow("", more=", unknown: clear")) == [("warning", "clear-all")]
    assert codes(flow(f"{EMAIL}: mask", more=", mode: observe")) == [("warning", "observe")]


def test_what_leaves_control_is_a_warning() -> None:
    assert codes(flow(f"{EMAIL}: clear", to="outside")) == [("warning", "uncontrolled")]
    keys = HEAD.replace("zones: [core, staff]", "zones: [core, outside]")
    assert codes(flow(f"{EMAIL}: redact"), head=keys) == [("warning", "key-outside")]
    joinable = HEAD.replace("transform: token, key: mine", "transform: token, key: mine, joinable: [staff, outside]")
    assert codes(flow(f"{EMAIL}: token"), head=joinable) == [("warning", "joinable")]


def test_a_role_that_reverses_what_no_end_of_a_flow_may_hold_is_a_warning() -> None:
    head = HEAD.replace("mine: {zones: [core]}", "mine: {zones: [outside]}").replace(
        "{group: r}", "{group: r, reverse: [mine]}"
    )
    assert ("warning", "no-reverse") in codes(flow(f"{EMAIL}: redact"), head=head)


def test_a_hash_whose_key_the_zone_has_can_be_guessed_at() -> None:
    assert codes(flow(f"{EMAIL}: known")) == [("warning", "guessable")]


def test_lines_that_nobody_reaches_are_warnings() -> None:
    assert codes(flow(f"{EMAIL}: [{{form: mask}}, {{role: r, form: clear}}]")) == [("warning", "unreachable")]
    assert codes(flow(f"{EMAIL}: [{{role: r, form: mask}}, {{form: clear}}]")) == []


def test_a_flow_within_one_zone_crosses_no_boundary() -> None:
    assert codes(flow(f"{EMAIL}: mask", to="core")) == [("warning", "no-boundary")]


def test_everything_declared_and_never_used_is_named_at_its_place() -> None:
    text = f"{HEAD}purposes: {{why: {{}}}}\ngates: {{g: {{kind: log}}}}\nflows: []\n"
    read = read_located("p.yaml", {"p.yaml": text}, {})
    unused = {
        problem.what: (problem.line, problem.column)
        for problem in lint(read.policy, read.positions)
        if problem.code == "unused"
    }
    assert unused["nothing stands in zone staff"] == (2, 27)
    assert unused["no flow uses form hashed"] == (7, 3)
    assert {"no flow and no login names role r", "no flow is for purpose why", "no flow goes through gate g"} <= set(
        unused
    )


def never(category: str, form: str, zones: str) -> str:
    return f"assert:\n  - never: {{category: {category}, form: {form}, zones: [{zones}]}}\n"


def test_an_assertion_is_broken_over_several_flows_and_the_shortest_way_is_told() -> None:
    flows = (
        flow(f"{EMAIL}: clear", "in"),
        flow("user.contact: clear", "out", "outside", "staff"),
        flow(f"{EMAIL}: mask", "direct", "outside"),
    )
    text = f"{HEAD}flows:\n{''.join(flows)}{never(EMAIL, 'clear', 'outside, staff')}"
    broken = [problem for problem in found(text) if problem.code == "never"]
    assert [(problem.severity, problem.line, problem.column) for problem in broken] == [("error", text.count("\n"), 12)]
    assert broken[0].what.endswith("over in")
    text = text.replace("outside, staff", "outside").replace(
        "  - {id: in,", "  - {id: in2, from: core, to: staff}\n  - {id: in,"
    )
    assert next(problem for problem in found(text) if problem.code == "never").what.endswith("over out")


@pytest.mark.parametrize(
    ("carry", "assertion", "holds"),
    [
        (f"{CARD}: mask", never(CARD, "clear", "staff"), True),
        (f"{CARD}: clear", never(CARD, "clear", "staff"), False),
        (f"{CARD}: clear", never("user.financial", "clear", "staff"), False),
        ("user.financial: clear", never(CARD, "clear", "staff"), False),
        ('"*": clear', never(CARD, "clear", "staff"), False),
        (f"{CARD}: clear", never(CARD, "mask", "staff"), False),  # whoever holds it in clear holds it masked
        (f"{CARD}: mask", never(CARD, "mask", "staff"), False),
        (f"{CARD}: mask", never(EMAIL, "mask", "staff"), True),
        (f"{CARD}: [{{role: r, form: clear}}, {{form: mask}}]", never(CARD, "clear", "staff"), False),
        (f"{CARD}: [{{form: mask}}, {{role: r, form: clear}}]", never(CARD, "clear", "staff"), True),  # never reached
        (f"{EMAIL}: open-token", never(EMAIL, "clear", "staff"), False),  # the zone may hold the key
        (f"{EMAIL}: token", never(EMAIL, "clear", "staff"), True),
        (f"{CARD}: [{{role: r, form: first8}}, {{form: last8}}]", never(CARD, "clear", "staff"), False),
    ],
)
def test_assertions_are_checked_against_what_a_zone_can_come_to_know(carry: str, assertion: str, holds: bool) -> None:
    assert (("error", "never") not in codes(flow(carry), rest=assertion)) is holds


def test_a_flow_that_observes_protects_nothing_so_assertions_about_it_fail() -> None:
    assert ("error", "never") in codes(
        flow(f"{CARD}: redact", more=", mode: observe"), rest=never(CARD, "clear", "staff")
    )


def test_a_field_that_nobody_judged_may_hold_anything() -> None:
    assert ("error", "never") in codes(
        flow(f"{CARD}: redact", more=", unknown: clear"), rest=never(CARD, "clear", "staff")
    )


def test_an_assertion_is_not_true_only_because_no_store_is_declared() -> None:
    head = HEAD.replace("assets: {store: {zone: core, kind: store}}\n", "")
    flows = (flow(f"{EMAIL}: clear", "a", "staff", "core"), flow("", "b", "core", "staff"))
    assert ("error", "never") in codes(*flows, rest=never(EMAIL, "clear", "core, staff"), head=head)


def test_the_lengths_that_rules_rely_on_are_of_categories_that_exist() -> None:
    assert set(reversing._LENGTHS) <= set(CATEGORIES)
    assert all(reversing.length_of(each) for each in CATEGORIES if CATEGORIES[each].domain is not Domain.LARGE)


def test_a_form_that_needs_a_vault_at_a_gate_without_one_is_told() -> None:
    head = HEAD + "  numbered: {transform: placeholder, key: mine}\ngates: {g: {kind: KIND}}\n"
    told = {
        kind: codes(flow(f"{EMAIL}: numbered", more=", via: {gate: g}"), head=head.replace("KIND", kind))
        for kind in ("log", "postgres", "http")
    }
    assert told == {"log": [("warning", "no-vault")], "postgres": [("warning", "no-vault")], "http": []}


FRONT = """\
version: 1
zones: {core: {label: a}, staff: {label: b}}
principals: {sso: {jwks: "https://id.example.com/jwks", issuer: "https://id.example.com", audience: a, zone: ZONE}}
assets:
  shop: {zone: core, kind: http, at: "AT"}
gates:
  api: {kind: http, listen: "LISTEN", GATE}
"""


def front(gate: str, at: str = "http://shop", listen: str = "127.0.0.1:8080", zone: str = "staff") -> list[Problem]:
    text = FRONT.replace("GATE", gate).replace("AT", at).replace("LISTEN", listen).replace("ZONE", zone)
    return [problem for problem in found(text) if problem.code in ("own-zone", "loop")]


GATE = FRONT.splitlines()[-1].replace("LISTEN", "127.0.0.1:8080")


@pytest.mark.parametrize(
    ("gate", "zone", "at"),
    [
        ("upstream: shop, clients: core", "staff", "core"),
        ("upstreams: [shop], clients: core", "staff", "core"),
        ("upstream: shop, principals: [sso]", "core", "[sso]"),
        ("upstream: shop, clients: staff, principals: [sso]", "core", "[sso]"),
    ],
)
def test_clients_in_the_zone_of_what_is_behind_their_gate_meet_no_boundary(gate: str, zone: str, at: str) -> None:
    [told] = front(gate, zone=zone)
    place = (7, GATE.replace("GATE", gate).index(at) + 1)
    assert (told.severity, told.code, told.line, told.column) == ("error", "own-zone", *place)
    assert "zones of their own" in told.mend
    assert front("upstream: shop, clients: staff, principals: [sso]") == []


@pytest.mark.parametrize(
    ("at", "listen"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://LocalHost:8080/", "127.0.0.1:8080"),
        ("http://127.0.0.1:8080", "localhost:8080"),
        ("http://[::1]:8080", "[0:0::1]:8080"),
        ("http://127.0.0.9:8080", "0.0.0.0:8080"),
        ("http://Gate.internal", "gate.internal:80"),
    ],
)
@pytest.mark.parametrize("gate", ["upstream: shop", "upstreams: [shop]"])
def test_a_service_that_is_where_its_gate_listens_is_told(at: str, listen: str, gate: str) -> None:
    [told] = front(f"{gate}, clients: staff", at, listen)
    assert (told.severity, told.code, told.file, told.line, told.column) == ("error", "loop", "p.yaml", 5, 38)
    assert told.mend == "write where the service is"


@pytest.mark.parametrize(
    ("at", "listen"),
    [
        ("http://127.0.0.1:8081", "127.0.0.1:8080"),
        ("http://127.0.0.2:8080", "127.0.0.1:8080"),
        ("http://shop:8080", "127.0.0.1:8080"),
        ("http://127.0.0.1:8080", ""),
        ("http://[::1", "127.0.0.1:8080"),
    ],
)
def test_a_service_elsewhere_is_not_its_gate(at: str, listen: str) -> None:
    assert front("upstream: shop, clients: staff", at, listen) == []


@pytest.mark.parametrize(
    ("at", "host"), [("http://shop", "shop"), ("https://shop", "shop:443"), ("http://shop:81", "shop:81")]
)
def test_a_gate_has_no_name_that_is_a_service_s_host(at: str, host: str) -> None:
    gate = f'upstreams: [shop], clients: staff, hosts: ["gate.internal", "{host}"]'
    [told] = front(gate, at)
    assert (told.code, told.line, told.column) == ("loop", 7, GATE.replace("GATE", gate).index(f'"{host}"') + 1)
    assert "gates.api.hosts" in told.mend
