"""Knowledge: what each zone comes to hold by the flows of a policy, and by what it can infer.

The rule: this is the meaning of a policy beyond one crossing. A fact says that a zone holds a category in a form, brought there by
a flow. Facts follow from facts by Horn rules, all monotone, so that there is one least fixpoint:

- a zone where data originates may hold every category in clear, and sends it over each of its flows;
- a flow carries what is clear in each form that it gives any asker, and what is a form already as it is, where it lets the category
  pass in any form; in `observe` it carries everything as it is, for it protects nothing;
- a field that nobody has judged may hold anything, so where a flow gives it a form, every category takes that form too;
- in a zone, forms and the keys that the zone may hold give the value back where `reversing` says so.

Zones are the knowers: who stands in one is taken to share what anybody there sees. Nothing is derived about a flow within a zone,
for it crosses no boundary. Facts are found in order of the length of their derivation (Knuth's generalisation of Dijkstra's
algorithm, 1977), each once, so that a fact's witness is a shortest one and the work is polynomial.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import count

from ringfence.policy import reversing
from ringfence.policy.asking import forms_carried
from ringfence.policy.model import CLEAR, Flow, FlowId, Form, KeyName, Policy, ZoneName
from ringfence.taxonomy import CATEGORIES


@dataclass(frozen=True, slots=True)
class Fact:
    """A zone holds a category in a form."""

    zone: ZoneName
    category: str
    form: Form


@dataclass(frozen=True, slots=True)
class Why:
    """How a fact was derived: by a flow or by a rule of `reversing`, from other facts (none: from where data originates)."""

    flow: FlowId | None
    rule: str
    premises: tuple[Fact, ...]
    length: int  # flows taken, counted once for each premise that needs them


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Every fact that holds, each with how it was derived first."""

    why: Mapping[Fact, Why]
    origins: frozenset[ZoneName]

    def forms(self, zone: ZoneName, category: str) -> frozenset[Form]:
        """Give the forms in which a zone comes to hold a category."""
        return frozenset(fact.form for fact in self.why if fact.zone == zone and fact.category == category)

    def witness(self, fact: Fact) -> tuple[FlowId, ...]:
        """Give the flows by which a fact comes to hold, in an order in which they can be taken: a shortest derivation."""
        taken: dict[FlowId, None] = {}
        seen: set[Fact] = set()
        open_facts = [(fact, False)]
        while open_facts:  # each fact is looked at once: two premises that share a past would double it at every step
            each, done = open_facts.pop()
            why = self.why[each]
            if done and why.flow is not None:
                taken.setdefault(why.flow)
            elif not done and each not in seen:
                seen.add(each)
                open_facts.append((each, True))
                open_facts.extend((premise, False) for premise in reversed(why.premises))
        return tuple(taken)


def origins(policy: Policy) -> frozenset[ZoneName]:
    """Say in which zones data originates: those whose assets flows begin at, and those that only send.

    A zone without assets into which flows lead (a team at its desks) knows what these bring. Where that leaves no origin at all,
    every zone that sends is one: an assertion is never true only because nothing was assumed.
    """
    crossing = [flow for flow in policy.flows.values() if flow.source_zone != flow.sink_zone]
    sending = {flow.source_zone for flow in crossing}
    receiving = {flow.sink_zone for flow in crossing}
    names = {flow.source for flow in crossing}
    stocked = {asset.zone for asset in policy.assets.values() if asset.name in names or asset.zone in names}
    return frozenset((sending & stocked) | (sending - receiving)) or frozenset(sending)


def knowledge(policy: Policy, begins: Set[ZoneName] | None = None) -> Knowledge:
    """Compute what every zone comes to hold, given where data originates (`origins` unless said otherwise)."""
    return _closure(policy, frozenset(begins) if begins is not None else origins(policy), _inferences)


def carried_knowledge(policy: Policy, begins: Set[ZoneName]) -> Knowledge:
    """Compute what flows alone bring, where nobody infers anything."""
    return _closure(policy, frozenset(begins), lambda _category, _form, _others, _keys: iter(()))


_Infer = Callable[[str, Form, Mapping[Form, int], Set[KeyName]], Iterator[tuple[str, Form | None]]]


def _inferences(
    category: str, form: Form, others: Mapping[Form, int], keys: Set[KeyName]
) -> Iterator[tuple[str, Form | None]]:
    """Give the rules by which a form gives the value back: alone, or together with another."""
    rule = reversing.alone(category, form, keys)
    if rule is not None:
        yield rule, None
    for other in others:
        rule = reversing.together(category, form, other, keys)
        if rule is not None:
            yield rule, other


def _closure(policy: Policy, begins: frozenset[ZoneName], infer: _Infer) -> Knowledge:
    flows = [flow for flow in policy.flows.values() if flow.source_zone != flow.sink_zone]
    carried = {flow.id: forms_carried(policy, flow) for flow in flows}
    keys = {zone: frozenset(key.name for key in policy.keys.values() if zone in key.zones) for zone in policy.zones}
    outgoing: dict[ZoneName, list[Flow]] = {}
    for flow in flows:
        outgoing.setdefault(flow.source_zone, []).append(flow)

    found: dict[Fact, Why] = {}
    held: dict[tuple[ZoneName, str], dict[Form, int]] = {}
    order = count()
    waiting: list[tuple[int, int, Fact, Why]] = []

    def derive(fact: Fact, why: Why) -> None:
        if fact not in found:
            heapq.heappush(waiting, (why.length, next(order), fact, why))

    for flow in flows:
        for category in CATEGORIES if flow.source_zone in begins else ():
            for form in carried[flow.id][category]:
                derive(Fact(flow.sink_zone, category, form), Why(flow.id, "", (), 1))
    while waiting:
        length, _, fact, why = heapq.heappop(waiting)
        if fact in found:
            continue
        found[fact] = why
        here = held.setdefault((fact.zone, fact.category), {})
        for rule, other in infer(fact.category, fact.form, here, keys[fact.zone]):
            premises = (fact,) if other is None else (fact, Fact(fact.zone, fact.category, other))
            total = length if other is None else length + here[other]
            derive(Fact(fact.zone, fact.category, CLEAR), Why(None, rule, premises, total))
        here[fact.form] = length
        for flow in outgoing.get(fact.zone, ()):
            forms = carried[flow.id][fact.category]
            for form in forms if fact.form.passes_clear else (fact.form,) if forms else ():
                derive(Fact(flow.sink_zone, fact.category, form), Why(flow.id, "", (fact,), length + 1))
    return Knowledge(found, begins)
