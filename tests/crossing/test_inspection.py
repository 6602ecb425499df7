"""A payload that is only looked at leaves the entries that any crossing leaves, and goes by the same order of effects."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ringfence.carriers import make_carrier
from ringfence.crossing import (
    Crossing,
    CrossingId,
    EffectId,
    Effects,
    Ending,
    Head,
    Reason,
    Record,
    Recorded,
    Refuse,
    Release,
)
from ringfence.crossing.inspecting import inspect
from ringfence.crossing.inspection import NOWHERE, Inspection
from ringfence.crossing.judging import Sighting
from ringfence.detect import detector_for
from ringfence.policy import Asker, FlowId, Plan, plan, read
from ringfence.transform import Keyring

POLICY = """\
version: 1
zones: {dev: {label: developers}, repo: {label: repository}}
assets: {code: {zone: repo, kind: git}}
flows:
  - {id: enforced, from: dev, to: code, carry: {user.contact.email: clear}, else: deny}
  - {id: observed, from: dev, to: code, carry: {user.contact.email: clear}, else: deny, mode: observe}
  - {id: relaxed, from: dev, to: code, carry: {user.contact.email: clear}, else: deny, durability: relaxed}
  - {id: closed, from: dev, to: code, carry: {user.contact.email: clear}, else: deny, mode: closed}
"""
DECIDED = read("p.yaml", {"p.yaml": POLICY}, {})
AT = datetime(2031, 5, 1, tzinfo=UTC)
MAIL = b"write to bo@firma.example\n"
BOTH = b"write to bo@firma.example, pay with 4111 1111 1111 1111\n"
RECEIPT = Recorded(EffectId(1), "ledger:0")


def planned(flow: str) -> tuple[Plan, Head]:
    """Give a plan, and the head of a crossing under it."""
    made = plan(DECIDED, FlowId(flow), Asker())
    client = {"hook": "pre-receive", "ref": "refs/heads/for/bo@firma.example"}
    return made, Head(
        CrossingId("c1"), made.policy_hash, AT, "git", "local:git", "bo@firma.example agreed", client=client
    )


def looked_at(made: Plan, content: bytes) -> Inspection:
    """Look at a payload as a gate does."""
    inspection = Inspection(made)
    inspection.add(len(content))
    for one in inspect(made, detector_for(made.detection), [""], [content]):
        inspection.see(Sighting(one.category, one.entity, one.decision, "found", one.score, one.evidence, "", NOWHERE))
    return inspection


def bodies(effects: Effects) -> list[dict[str, object]]:
    """Give the entries among effects, without the places in a payload that one of many parts does not have."""
    told = [dict(effect.body) for effect in effects if isinstance(effect, Record)]
    for body in told:
        body["found"] = [dict(fact) | {"places": []} for fact in body.get("found", ())]  # type: ignore[arg-type, union-attr]
    return told


@pytest.mark.parametrize("flow", ["enforced", "observed", "relaxed", "closed"])
@pytest.mark.parametrize("content", [MAIL, BOTH])
def test_its_entries_are_those_of_the_same_text_on_its_way_through_a_gate(flow: str, content: bytes) -> None:
    made, head = planned(flow)
    crossing = Crossing(made, head, Keyring(()), make_carrier("text"))
    effects = [*crossing.start(), *crossing.feed(content, AT), *crossing.end(Ending.COMPLETE, AT)]
    (crossed,) = bodies(effects)
    (inspected,) = bodies(looked_at(made, content).end(head, AT))
    if flow == "closed":  # there the payload is not looked at
        crossed, inspected = (body | {"found": [], "bytes_in": 0} for body in (crossed, inspected))
    crossed.pop("changes"), inspected.pop("changes")
    if content is BOTH:  # a refusal of a stream names what came before it; one that is held whole names all
        crossed, inspected = (body | {"found": []} for body in (crossed, inspected))
    assert inspected == crossed
    assert "bo@firma.example" not in repr(inspected)


def test_it_goes_only_when_its_entry_is_durable() -> None:
    made, head = planned("enforced")
    inspection = looked_at(made, MAIL)
    (record,) = inspection.end(head, AT)
    assert isinstance(record, Record)
    assert inspection.answer(RECEIPT, AT) == [Release(b"")]
    assert inspection.summary.done
    assert inspection.answer(RECEIPT, AT) == ()
    inspection = looked_at(made, MAIL)
    inspection.end(head, AT)
    (refuse,) = inspection.answer(replace(RECEIPT, receipt=None, fault="timeout"), AT)
    assert isinstance(refuse, Refuse)
    assert refuse.refusal.reason is Reason.LEDGER
    assert not inspection.summary.done


def test_what_may_not_cross_refuses_all_of_it_after_its_record() -> None:
    made, head = planned("enforced")
    inspection = looked_at(made, BOTH)
    assert inspection.refuses
    record, refuse = inspection.end(head, AT)
    assert isinstance(record, Record)
    assert isinstance(refuse, Refuse)
    assert (record.body["kind"], record.body["bytes_out"]) == ("refused", 0)
    assert refuse.refusal.category == "user.financial.credit_card" or refuse.refusal.category is not None
    assert inspection.answer(RECEIPT, AT) == ()


def test_what_could_not_be_read_does_not_cross_and_where_a_flow_observes_it_would_not_have() -> None:
    for flow, kind in (("enforced", "refused"), ("observed", "crossed")):
        made, head = planned(flow)
        inspection = Inspection(made)
        inspection.unreadable("a part of it could not be read", "leave it out")
        record, _ = inspection.end(head, AT)
        assert isinstance(record, Record)
        assert record.body["kind"] == kind
        assert record.body.get("refused", record.body.get("would")) == "undecodable"


def test_nothing_found_is_no_news() -> None:
    made, _ = planned("enforced")
    assert not looked_at(made, b"nobody\n").has_news
    assert looked_at(made, MAIL).has_news
    closed, _ = planned("closed")
    assert looked_at(closed, b"nobody\n").refuses
