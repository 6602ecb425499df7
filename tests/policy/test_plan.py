"""What a plan says: examples that read as documentation, and the cases that were wrong once."""

import random
import subprocess
import sys

import pytest
from random_policies import random_policy, resolved
from wrong_policies import ENVIRONMENT, RIGHT

from ringfence.policy import (
    Announced,
    Asker,
    Decision,
    Denial,
    FieldUse,
    FlowId,
    Policy,
    PurposeName,
    RoleName,
    Shape,
    Use,
    ZoneName,
    plan,
    read,
)
from ringfence.policy.asking import askers
from ringfence.policy.model import SCAN, UNKNOWN
from ringfence.policy.plan import Plan

READS = FlowId("staff-reads")
SUPPORT = PurposeName("customer-support")
PRIVACY = RoleName("privacy")
ASKER = Asker(purpose=SUPPORT)


def policy(*changes: tuple[str, str]) -> Policy:
    text = RIGHT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read("p.yaml", {"p.yaml": text}, ENVIRONMENT)


def planned(*fields: FieldUse, asker: Asker = ASKER, changes: tuple[tuple[str, str], ...] = ()) -> Plan:
    return plan(policy(*changes), READS, asker, Shape(fields))


def test_the_first_line_that_fits_role_and_purpose_decides() -> None:
    assert planned().decide("user.contact.email").form.name == "mask"
    privacy = Asker(PRIVACY, SUPPORT, has_reason=True)
    assert planned(asker=privacy).decide("user.contact.email").form.name == "clear"
    assert planned(asker=privacy).decide("user.contact.email").rule == "flows.staff-reads.carry[user.contact.email][0]"


def test_the_longest_path_decides_and_what_none_covers_takes_else() -> None:
    assert planned().decide("user.name.first").form.name == "clear"
    assert planned().decide("user.contact.phone_number").form.name == "redact"
    assert planned().decide("user.contact.phone_number").rule == "flows.staff-reads.else"


def test_a_category_that_the_taxonomy_lacks_is_denied() -> None:
    assert planned().decide("user.shoe_size").form.denies


@pytest.mark.parametrize(
    ("asker", "denial"),
    [
        (Asker(), Denial.NO_PURPOSE),
        (Asker(purpose=PurposeName("curiosity")), Denial.NO_PURPOSE),
        (Asker(RoleName("nobody"), SUPPORT), Denial.NO_ROLE),
        (Asker(PRIVACY, SUPPORT), Denial.NO_REASON),
    ],
)
def test_who_does_not_say_what_is_asked_for_gets_nothing_and_hears_what_would_mend_it(
    asker: Asker, denial: Denial
) -> None:
    refused = planned(asker=asker).refused
    assert refused is not None
    assert refused.denial is denial
    assert refused.mend


def test_a_purpose_that_the_policy_does_not_know_is_refused_where_the_flow_asks_for_none() -> None:
    refused = plan(policy(), FlowId("logs"), Asker(purpose=PurposeName("curiosity"))).refused
    assert refused is not None
    assert refused.denial is Denial.NO_PURPOSE


def test_where_no_flow_is_declared_nothing_crosses() -> None:
    made = plan(policy(), FlowId("nowhere"), ASKER)
    assert made.refused is not None
    assert made.refused.denial is Denial.NO_FLOW
    assert all(decision.form.denies for decision in made.table.values())


def test_the_longest_declared_path_that_covers_a_field_judges_it() -> None:
    made = planned()
    assert made.judge("customer.email") == "user.contact.email"
    assert made.judge("customer.email[].local") == "user.contact.email"
    assert made.judge("customer.emails") == UNKNOWN
    assert made.judge("product.name.first") == "none"
    assert made.judge("products") == UNKNOWN
    assert made.judge("") == UNKNOWN
    assert made.judge("[].customer.email") == UNKNOWN


def test_a_field_of_an_asset_without_declared_fields_is_scanned_unless_the_flow_says_otherwise() -> None:
    logs = plan(policy(), FlowId("logs"), Asker())
    assert (logs.judge("message"), logs.unknown) == (UNKNOWN, "scan")
    strict = plan(
        policy(("else: redact}", "else: redact, unknown: deny}")),
        FlowId("logs"),
        Asker(),
        Shape((FieldUse("message"),)),
    )
    assert strict.refused is not None
    assert strict.refused.denial is Denial.FIELD


def test_an_unjudged_field_is_denied_however_silent_detection_is() -> None:
    refused = planned(FieldUse("customer.note")).refused
    assert refused is not None
    assert (refused.denial, refused.rule) == (Denial.FIELD, "flows.staff-reads.unknown")


def test_a_comparison_reveals_a_value_so_only_what_is_clear_may_be_compared() -> None:
    assert planned(FieldUse("customer.email")).refused is None
    refused = planned(FieldUse("customer.email", Use.COMPARED)).refused
    assert refused is not None
    assert refused.category == "user.contact.email"
    assert planned(FieldUse("product.id", Use.COMPARED)).refused is None


def test_free_text_may_be_shown_but_not_compared_for_a_comparison_has_no_content_to_scan() -> None:
    scanned = (("product: none", "product: scan"),)
    assert planned(FieldUse("product.text"), changes=scanned).refused is None
    assert planned(FieldUse("product.text", Use.COMPARED), changes=scanned).refused is not None
    assert (
        planned(FieldUse("customer.note", Use.COMPARED), changes=(("unknown: deny", "unknown: scan"),)).refused
        is not None
    )
    everything = (
        *scanned,
        ("user.name: clear", '"*": clear'),
        ("credit_card: last4", "credit_card: clear"),
        ("{form: mask}", "{form: clear}"),
    )
    assert planned(FieldUse("product.text", Use.COMPARED), changes=everything).refused is None


def test_a_field_that_is_a_long_path_costs_no_more_than_a_short_one() -> None:
    made = planned()
    assert made.judge("a." * 1_000_000) == UNKNOWN
    assert made.judge("product." + "a." * 1_000_000) == "none"


def test_what_a_plan_remembers_of_a_payloads_paths_is_bounded() -> None:
    made = planned()
    for number in range(5_000):
        made.judge(f"customer.x{number}")
    made.judge("customer." + "x" * 10_000)
    assert len(made._judged) <= 2_000
    assert max(map(len, made._judged)) <= 256


def test_a_plan_is_made_once_for_the_same_content_and_again_when_it_changes() -> None:
    assert planned() is planned()
    assert planned(changes=(("file:users.scram", "file:more.scram"),)) is planned()
    assert planned(changes=(("keep_last: 4", "keep_last: 5"),)) is not planned()


def test_the_scope_of_a_key_is_the_destination_unless_zones_are_joinable() -> None:
    forms = policy().forms
    made = planned()
    assert made.scope(forms["last4"]) == "zone:staff"
    assert made.scope(forms["contact-token"]) == "joinable:staff"
    assert made.sink_zone == ZoneName("staff")


def test_a_scanned_field_is_judged_so_by_the_map() -> None:
    assert planned(changes=(("product: none", "product: scan"),)).judge("product.text") == SCAN


def test_every_asker_that_a_flow_tells_apart_is_asked_for() -> None:
    told = askers(policy(), policy().flows[READS])
    assert {(asker.role, asker.purpose) for asker in told} == {(None, SUPPORT), (PRIVACY, SUPPORT)}


@pytest.mark.parametrize("seed", range(150))
def test_no_asker_gets_a_form_that_those_told_apart_do_not(seed: int) -> None:
    raw = random_policy(random.Random(seed))
    made = resolved(raw)
    for flow in made.flows.values():
        told = [plan(made, flow.id, asker) for asker in askers(made, flow)]
        for role in (None, *made.roles):
            for purpose in (None, *made.purposes):
                each = plan(made, flow.id, Asker(role, purpose, has_reason=True))
                if each.refused is None:
                    assert any(each.table == other.table for other in told)


def test_planning_loads_neither_parser_nor_schema() -> None:
    code = "import sys, ringfence.policy.plan; print([each for each in ('pydantic', 'ruamel.yaml') if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_form_fits_a_fields_own_value_so_what_is_computed_from_it_is_redacted() -> None:
    own, computed = (planned(FieldUse("customer.email", computed=made)).announced[0] for made in (False, True))
    assert (_form(own), _form(computed)) == ("mask", "redact")
    assert own.judgement == computed.judgement == "user.contact.email"


def test_a_column_made_from_several_fields_is_decided_by_the_strictest_of_them() -> None:
    both = planned(FieldUse("product.id", sources=("customer.email",), computed=True))
    assert _form(both.announced[0]) == "redact"
    assert planned(FieldUse("product.id", sources=("customer.note",))).refused is not None
    assert planned(FieldUse("product.id", sources=("product.text",), computed=True)).announced[0].decision is None


def test_a_column_that_holds_nothing_of_any_field_passes() -> None:
    made = planned(FieldUse("", computed=True), FieldUse("product.id"))
    assert made.refused is None
    assert made.passes
    assert not planned(FieldUse("", computed=True), FieldUse("customer.email")).passes


def test_equality_with_given_values_is_allowed_where_the_flow_says_so_and_is_charged() -> None:
    equated = FieldUse("customer.email", Use.EQUATED)
    assert planned(equated).refused is not None
    allowed = planned(equated, changes=(PREDICATES,))
    assert allowed.refused is None
    assert [(category, predicate.count) for category, predicate in allowed.charges] == [("user.contact.email", 100)]
    assert planned(FieldUse("customer.email", Use.COMPARED), changes=(PREDICATES,)).refused is not None
    assert planned(FieldUse("customer.email", Use.COMPARED), changes=(PREDICATES,)).charges == ()


def test_a_copy_of_what_is_not_clear_may_only_go_where_it_is_judged_alike() -> None:
    copied = FieldUse("product.text", Use.STORED, ("customer.email",))
    refused = planned(copied).refused
    assert refused is not None
    assert refused.category == "user.contact.email"
    assert planned(FieldUse("customer.email", Use.STORED, ("customer.email",))).refused is None
    assert planned(FieldUse("customer.email", Use.STORED, ("product.id",))).refused is None


PREDICATES = ("    else: redact\n", "    else: redact\n    predicates: {user.contact.email: equality}\n")


def _form(announced: Announced) -> str:
    assert isinstance(announced.decision, Decision)
    return announced.decision.form.name
