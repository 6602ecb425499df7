"""Every wrong policy is refused at its place, in one or two lines, with a mend, and without showing a value."""

import pytest
from wrong_policies import ENVIRONMENT, RIGHT, SECRETS, WRONG, Wrong

from ringfence.policy import PolicyError, read


def error_of(text: str) -> PolicyError:
    with pytest.raises(PolicyError) as raised:
        read("ringfence.yaml", {"ringfence.yaml": text}, ENVIRONMENT)
    return raised.value


def test_the_right_policy_is_read() -> None:
    assert set(read("ringfence.yaml", {"ringfence.yaml": RIGHT}, ENVIRONMENT).flows) == {"staff-reads", "logs"}


def test_there_are_at_least_forty_wrong_policies_and_each_is_another() -> None:
    assert len({wrong.name for wrong in WRONG}) == len(WRONG) >= 40


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_wrong_policy_says_where_what_and_how_to_mend_it(wrong: Wrong) -> None:
    assert RIGHT.count(wrong.old) == 1
    error = error_of(RIGHT.replace(wrong.old, wrong.new))
    problem = next(each for each in error.problems if (each.line, each.column) == (wrong.line, wrong.column))
    assert wrong.what in problem.what
    assert wrong.mend in problem.mend
    assert str(problem).startswith(f"ringfence.yaml:{wrong.line}:{wrong.column}: ")
    assert str(problem).count("\n") == 1
    assert not any(secret in str(error) + repr(error) for secret in SECRETS)


def test_several_problems_are_told_at_once_in_the_order_of_their_places() -> None:
    text = (
        RIGHT.replace("user.name: clear", "user.nmae: clear").replace("to: staff", "to: stafff").replace("[EU]", "[ZZ]")
    )
    places = [(each.line, each.column) for each in error_of(text).problems]
    assert places == [(3, 52), (23, 9), (28, 7)]


def test_no_more_than_ten_problems_are_told_and_the_rest_is_counted() -> None:
    zones = "".join(f"  z{number}: {{label: x, at_rest: no{number}}}\n" for number in range(13))
    error = error_of(RIGHT.replace("assets:", f"{zones}assets:"))
    assert len(error.problems) == 10
    assert str(error).endswith("and 3 more: mend these first")
