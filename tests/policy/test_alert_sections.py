"""`receivers` and `alert`: what they come to, what an environment may change of them, and that they decide nothing."""

import pytest
from wrong_policies import ENVIRONMENT, RIGHT

from ringfence.policy import Policy, PolicyError, lint, read, read_located
from ringfence.policy.alerts import AlertKind, AlertRule, Receiver

RULES = """
receivers:
  ops: {webhook: "${OPS_URL}", secret: "env:OPS_SECRET", link: "https://console.shop.test/crossings/"}
  chat: {apprise: "env:CHAT"}
  sys: {syslog: "udp:logs.shop.test:514"}
  out: {stdout: true}
alert:
  - {on: [refused, probe-leak], to: [ops, ops, chat], flows: [staff-reads], within: 30s, most: 5 per 10m}
  - {on: [volume], to: [sys, out], categories: [user.financial]}
"""
VARIABLES = {**ENVIRONMENT, "OPS_URL": "https://ops.shop.test/hook?key=hunter2"}


def policy(text: str = RULES, **texts: str) -> Policy:
    return read("p", {"p": RIGHT + text, **texts}, VARIABLES, overlay="over" if "over" in texts else None)


def test_rules_and_receivers_come_with_their_defaults_filled_in() -> None:
    made = policy()
    assert made.alerts == (
        AlertRule(
            frozenset({AlertKind.REFUSED, AlertKind.PROBE_LEAK}),
            ("ops", "chat"),
            frozenset({"staff-reads"}),
            (),
            30.0,
            5,
            600.0,
        ),
        AlertRule(frozenset({AlertKind.VOLUME}), ("sys", "out"), frozenset(), ("user.financial",), 300.0, 60, 3600.0),
    )
    assert made.receivers["ops"] == Receiver(
        "ops", "webhook", VARIABLES["OPS_URL"], "env:OPS_SECRET", "https://console.shop.test/crossings/"
    )
    assert {name: each.kind for name, each in made.receivers.items()} == {
        "ops": "webhook",
        "chat": "apprise",
        "sys": "syslog",
        "out": "stdout",
    }


def test_one_rule_may_stand_without_a_list() -> None:
    made = policy("receivers: {out: {stdout: true}}\nalert: {on: [drift], to: [out]}\n")
    assert [rule.on for rule in made.alerts] == [{AlertKind.DRIFT}]


def test_alerts_decide_nothing_so_the_hash_is_the_same_without_them() -> None:
    assert policy().hash == policy("").hash


def test_no_address_shows_in_a_repr() -> None:
    assert "hunter2" not in repr(policy().receivers)


def test_an_overlay_changes_addresses_and_credentials_and_no_rule() -> None:
    over = 'receivers: {ops: {webhook: "https://ops.staging.shop.test/hook", secret: "file:ops.secret"}}'
    changed = policy(over=over)
    assert changed.receivers["ops"].at == "https://ops.staging.shop.test/hook"
    assert changed.receivers["ops"].secret == "file:ops.secret"
    assert changed.alerts == policy().alerts
    for wrong in ("alert: {on: [refused], to: [out]}", "receivers: {new: {stdout: true}}"):
        with pytest.raises(PolicyError, match=r"over:1:\d+"):
            policy(over=wrong)


def test_rules_of_included_files_add_up() -> None:
    texts = {
        "p": RIGHT.replace("version: 1\n", "version: 1\ninclude: [more.yaml]\n") + RULES,
        "more.yaml": "alert: [{on: [drift], to: [out]}]",
    }
    assert [len(rule.on) for rule in read("p", texts, VARIABLES).alerts] == [2, 1, 1]


def test_a_receiver_that_nothing_is_sent_to_is_found() -> None:
    text = RULES.replace("to: [sys, out]", "to: [sys]")
    located = read_located("p", {"p": RIGHT + text}, VARIABLES)
    assert [each.what for each in lint(located.policy, located.positions) if "receiver" in each.what] == [
        "no alert goes to receiver out"
    ]


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080/x", "http://[::1]/x", "http://localhost/x"])
def test_this_machine_may_be_reached_without_tls(address: str) -> None:
    text = f'receivers: {{ops: {{webhook: "{address}", secret: "env:S"}}}}\nalert: {{on: [drift], to: [ops]}}\n'
    assert policy(text).receivers["ops"].at == address
