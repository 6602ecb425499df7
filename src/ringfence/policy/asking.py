"""Everybody who can ask: the askers that a flow tells apart, and the forms that any of them gets.

The rule: what is proved about a policy is proved about `plan`'s own table, asked for every asker there can be.
"""

from collections.abc import Mapping

from ringfence.policy.model import CLEAR, Flow, Form, Mode, Policy, PurposeName, RoleName
from ringfence.policy.plan import Plan, plan
from ringfence.policy.verdict import Asker, Decision
from ringfence.taxonomy import CATEGORIES


def askers(policy: Policy, flow: Flow) -> tuple[Asker, ...]:
    """Give an asker for every role and purpose that the flow tells apart, as far as the policy lets it ask at all.

    A role that the flow does not name is told apart only by what it needs, and gets what no role gets; a purpose likewise.
    """
    rules = [rule for rules in flow.carry.values() for rule in rules]
    roles: set[RoleName | None] = {None, *(rule.role for rule in rules)}
    purposes: set[PurposeName | None] = {None, *flow.purposes, *(rule.purpose for rule in rules)}
    for may_state in (None, *(policy.roles[role].purposes for role in roles if role is not None)):
        others = set(policy.purposes if may_state is None else may_state) - purposes
        purposes.update(sorted(others)[:1])  # one that the flow does not name: for roles that need any
    asking = [
        Asker(role, purpose, has_reason=True)
        for role in sorted(roles, key=lambda name: name or "")
        for purpose in sorted(purposes, key=lambda name: name or "")
    ]
    return tuple(asker for asker in asking if plan(policy, flow.id, asker).refused is None)


def forms_carried(policy: Policy, flow: Flow) -> Mapping[str, tuple[Form, ...]]:
    """Give, for every category, the forms in which it may cross: for any asker, and in a field that nobody has judged.

    In `observe` everything crosses as it is.
    """
    if flow.mode is Mode.OBSERVE:
        return dict.fromkeys(CATEGORIES, (CLEAR,))
    plans = [plan(policy, flow.id, asker) for asker in askers(policy, flow)]
    return {category: _forms(plans, category) for category in CATEGORIES}


def _forms(plans: list[Plan], category: str) -> tuple[Form, ...]:
    decided: list[Decision] = [each.decide(category) for each in plans]
    decided += [each.unknown for each in plans if isinstance(each.unknown, Decision)]
    forms = {decision.form for decision in decided if not decision.form.denies}
    return tuple(sorted(forms, key=lambda form: form.name))
