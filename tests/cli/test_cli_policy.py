"""`ringfence policy` as a process: what it prints, its exit codes, and that no error is a traceback or shows a value."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "policy"))
from wrong_policies import ENVIRONMENT, RIGHT, SECRETS, WRONG

from ringfence.cli._policy import load_policy
from ringfence.cli._program import run
from ringfence.policy import PolicyError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the right policy, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("RINGFENCE_POLICY", "RINGFENCE_OVERLAY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "ringfence.yaml").write_text(RIGHT, encoding="utf-8")
    return tmp_path


Captured = pytest.CaptureFixture[str]


def said(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    code = run(["policy", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_wrong_policy_ends_with_two_lines_and_code_2(here: Path, capsys: Captured, wrong: Any) -> None:
    (here / "ringfence.yaml").write_text(RIGHT.replace(wrong.old, wrong.new), encoding="utf-8")
    code, out, err = said(capsys, "lint")
    assert (code, out) == (2, "")
    assert f"ringfence.yaml:{wrong.line}:{wrong.column}: " in err
    assert wrong.what in err
    assert wrong.mend in err
    assert "Traceback" not in err
    assert not any(secret in err for secret in SECRETS)


def test_a_wrong_policy_as_a_real_process(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "ringfence.yaml").write_text(RIGHT.replace("    carry:", "    carrry:"), encoding="utf-8")
    done = cli("policy", "lint", env=ENVIRONMENT)
    assert done.returncode == 2
    assert done.stderr.decode() == 'ringfence: ringfence.yaml:27:5: unknown key "carrry"\n  did you mean "carry"?\n'


def test_a_right_policy_is_clean_and_its_warnings_do_not_fail(here: Path, capsys: Captured) -> None:
    code, out, err = said(capsys, "lint")
    assert (code, err) == (0, "")
    assert "warning: no flow uses form contact-token [unused]" in out
    assert out.splitlines()[-1] == "ringfence.yaml: 2 flows, 1 assertions: 0 errors, 1 warnings"


def test_lint_fails_with_code_1_where_an_assertion_does_not_hold(here: Path, capsys: Captured) -> None:
    (here / "ringfence.yaml").write_text(RIGHT.replace("credit_card: last4", "credit_card: clear"), encoding="utf-8")
    code, out, _ = said(capsys, "lint", "--format", "json")
    report = json.loads(out)
    assert (code, report["errors"]) == (1, 1)
    broken = [problem for problem in report["problems"] if problem["code"] == "never"]
    assert broken[0]["line"] == 36
    assert "over staff-reads" in broken[0]["what"]


def test_show_prints_who_gets_what_and_marks_what_protects_nothing(here: Path, capsys: Captured) -> None:
    text = RIGHT.replace("user.name: clear", '"*": clear').replace("else: redact}", "else: redact, mode: observe}")
    (here / "ringfence.yaml").write_text(text, encoding="utf-8")
    code, out, _ = said(capsys, "show")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["user.contact.email", "mask", "clear"] in rows
    assert ["!", "*", "clear", "clear"] in rows
    assert ["user.financial.credit_card", "last4", "(mask)", "last4", "(mask)"] in rows
    assert "! observe: everything passes; the forms below are what would be done" in out
    assert "flow logs: core -> log-saas (outside), gate logs, stream stdout" in out


def test_show_as_json_holds_every_category_for_every_asker(here: Path, capsys: Captured) -> None:
    _, out, _ = said(capsys, "show", "--format", "json")
    reads = json.loads(out)["flows"][0]
    assert reads["askers"] == [
        {"role": None, "purpose": "customer-support"},
        {"role": "privacy", "purpose": "customer-support"},
    ]
    assert [each["form"] for each in reads["categories"]["user.contact.email"]] == ["mask", "clear"]
    assert [each["form"] for each in reads["categories"]["user.device.ip_address"]] == ["redact", "redact"]
    assert reads["protects"] is True


DECIDE = ("decide", "--flow", "staff-reads", "--purpose", "customer-support")


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("--category", "user.contact.email"), 0, "user.contact.email: crosses staff-reads as mask"),
        (
            ("--category", "user.contact.email", "--role", "privacy", "--reason"),
            0,
            "user.contact.email: crosses staff-reads as clear",
        ),
        (
            ("--category", "user.contact.email", "--role", "privacy"),
            1,
            "user.contact.email: denied on staff-reads (no-reason)",
        ),
        (("--field", "customer.email"), 0, "user.contact.email: crosses staff-reads as mask"),
        (("--field", "product.name"), 0, "a field judged none: passes staff-reads unscanned"),
        (("--field", "customer.note"), 1, "a field judged unknown: denied on staff-reads (field)"),
    ],
)
def test_decide_says_form_and_rule_and_fails_where_it_is_denied(
    here: Path, capsys: Captured, arguments: tuple[str, ...], code: int, line: str
) -> None:
    got, out, err = said(capsys, *DECIDE, *arguments)
    assert (got, err) == (code, "")
    assert out.splitlines()[0] == line


def test_decide_names_the_rule(here: Path, capsys: Captured) -> None:
    _, out, _ = said(capsys, *DECIDE, "-c", "user.contact.email", "--format", "json")
    verdict = json.loads(out)
    assert (verdict["verdict"], verdict["form"]) == ("crosses", "mask")
    assert verdict["rule"] == "flows.staff-reads.carry[user.contact.email][1]"


def test_decide_on_plain_logs_says_that_content_decides(here: Path, capsys: Captured) -> None:
    code, out, _ = said(capsys, "decide", "-f", "logs", "--field", "message")
    assert (code, out) == (0, "a field judged unknown: scanned on logs: what is found in it is decided by category\n")


@pytest.mark.parametrize(
    ("arguments", "said_"),
    [
        (
            ("decide", "-f", "staff-read", "-c", "user.name"),
            '--flow: there is none of that name\n  did you mean "staff-reads"?',
        ),
        (
            ("decide", "-f", "logs", "-c", "user.nmae"),
            '--category: there is none of that name\n  did you mean "user.name"?',
        ),
        (
            ("decide", "-f", "logs", "-c", "user.name", "--role", "privcy"),
            '--role: there is none of that name\n  did you mean "privacy"?',
        ),
        (("decide", "-f", "logs"), "give --category or --field"),
        (("decide", "-f", "logs", "-c", "user.name", "--field", "x"), "give --category or --field"),
        (
            ("lint", "nowhere.yaml"),
            "nowhere.yaml: there is no such policy file\n  write a first one with `ringfence init`",
        ),
        (("lint", "folder"), "folder:1:1: this is a folder, not a policy"),
        (("lint", "latin.yaml"), "latin.yaml:1:1: the file is not UTF-8, from line 2 on"),
        (("lint", "--overlay", "nowhere.yaml"), "nowhere.yaml: there is no such policy file"),
        (("lint", "linked.yaml"), "linked.yaml:2:11: an include that leads out of the policy's folder"),
        (("lint", "large.yaml"), "large.yaml:1:1: the file has more than 1048576 characters"),
    ],
)
def test_what_cannot_be_done_is_said_in_two_lines(
    here: Path, capsys: Captured, arguments: tuple[str, ...], said_: str
) -> None:
    (here / "folder").mkdir()
    (here / "latin.yaml").write_bytes(b"version: 1\n# caf\xe9\n")
    (here / "linked.yaml").write_text("version: 1\ninclude: [out.yaml]\n", encoding="utf-8")
    outside = here.parent / f"{here.name}-outside.yaml"
    outside.write_text("zones: {}\n", encoding="utf-8")
    (here / "out.yaml").symlink_to(outside)
    (here / "large.yaml").write_bytes(b"#" * (5 << 20))
    code, out, err = said(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said_ in err
    assert err.count("\n") == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission_is_said_so(here: Path, capsys: Captured) -> None:
    (here / "ringfence.yaml").chmod(0)
    code, _, err = said(capsys, "lint")
    assert code == 2
    assert "the file cannot be read: Permission denied" in err


def test_an_overlay_is_laid_over(here: Path, capsys: Captured) -> None:
    (here / "prod.yaml").write_text("flows: [{id: logs, mode: observe}]\n", encoding="utf-8")
    code, out, _ = said(capsys, "lint", "--overlay", "prod.yaml")
    assert "flow logs observes" in out
    assert code == 1  # what observes protects nothing, so the assertion about the zone behind it does not hold
    assert "comes to hold user.financial.credit_card as clear, over logs" in out


def test_the_schema_is_printed_as_one_json_document(here: Path, capsys: Captured) -> None:
    code, out, _ = said(capsys, "schema")
    assert code == 0
    assert json.loads(out)["title"] == "ringfence policy"


def test_load_policy_reads_includes_beside_the_policy_and_below(here: Path) -> None:
    (here / "parts").mkdir()
    (here / "parts" / "more.yaml").write_text(
        "assets: {shop-db: {fields: {customer.phone: user.contact.phone_number}}}\n", encoding="utf-8"
    )
    (here / "ringfence.yaml").write_text(f"include: [parts/more.yaml]\n{RIGHT}", encoding="utf-8")
    fields = next(iter(load_policy(here / "ringfence.yaml").assets.values())).fields
    assert "customer.phone" in fields


def test_a_byte_order_mark_is_no_error(here: Path) -> None:
    (here / "ringfence.yaml").write_bytes(b"\xef\xbb\xbf" + RIGHT.encode())
    assert load_policy(here / "ringfence.yaml").flows


def test_a_variable_that_is_not_set_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_DSN")
    with pytest.raises(PolicyError, match='the variable "SHOP_DSN" is not set'):
        load_policy(here / "ringfence.yaml")
