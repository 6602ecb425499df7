"""What a refused client is told: a code that drivers act on rightly, and a mend that it can follow."""

from datetime import UTC, datetime

import pytest

from ringfence.crossing import Reason, Refusal
from ringfence.gates.carrying import new_crossing_id
from ringfence.gates.postgres import errors

CROSSING = new_crossing_id(datetime(2031, 1, 1, tzinfo=UTC))


def _told(reason: Reason, mend: str = "try again", **code: str) -> dict[str, str]:
    return errors.fields_of(errors.refusal(Refusal(CROSSING, reason, mend), "a statement", **code)[5:])


@pytest.mark.parametrize(
    ("reason", "code"),
    [(each, "58030" if each is Reason.LEDGER else "54000" if each is Reason.TOO_LARGE else "42501") for each in Reason],
)
def test_a_refusal_for_the_ledger_may_pass_and_one_for_size_is_about_size(reason: Reason, code: str) -> None:
    assert _told(reason)["C"] == code


def test_a_code_that_was_chosen_stays_where_the_reason_has_none() -> None:
    assert _told(Reason.NOT_ALLOWED, code="54000")["C"] == "54000"
    assert _told(Reason.LEDGER, code="42501")["C"] == "58030"
