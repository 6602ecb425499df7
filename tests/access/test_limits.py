"""What slows guessing down, and what a principal may compare."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.access import Attempts, Budgets, Principal, VerifiedBy
from ringfence.access.attempts import LONGEST_HOLD
from ringfence.policy.model import Predicate, ZoneName

EMAIL = "user.contact.email"
ANA, BEN = (
    Principal(name, ZoneName("staff"), frozenset({"support"}), "users", VerifiedBy.SCRAM) for name in ("ana", "ben")
)


def test_each_failure_makes_the_next_answer_later() -> None:
    attempts = Attempts()
    holds = [attempts.failed("192.0.2.1", 100.0) for _ in range(8)]
    assert holds == sorted(holds)
    assert holds[0] < 0.5
    assert holds[-1] == LONGEST_HOLD
    assert attempts.failed("192.0.2.2", 100.0) == holds[0]


def test_whoever_failed_twenty_times_gets_one_attempt_each_three_seconds() -> None:
    attempts = Attempts()
    now, tried = 0.0, 0
    for _ in range(10_000):  # as fast as can be, for 100 seconds
        now += 0.01
        if attempts.may_try("192.0.2.1", now):
            attempts.failed("192.0.2.1", now)
            tried += 1
    assert 20 <= tried <= 20 + 100 / 3 + 1
    assert attempts.may_try("192.0.2.2", now)
    assert attempts.may_try("192.0.2.1", now + 3.0)


def test_memory_is_bounded_and_one_customers_network_is_one_address() -> None:
    attempts = Attempts(most=100)
    for number in range(1000):
        attempts.failed(f"198.51.{number // 256}.{number % 256}", float(number))
    assert len(attempts) == 100
    attempts = Attempts()
    for number in range(50):
        attempts.failed(f"2001:db8:0:1::{number:x}", 1.0)
    assert len(attempts) == 1
    assert not attempts.may_try("2001:db8:0:1:ffff::1%eth0", 1.0)
    assert attempts.may_try("2001:db8:0:2::1", 1.0)
    for _ in range(30):
        attempts.failed("::ffff:192.0.2.9", 1.0)
    assert not attempts.may_try("192.0.2.9", 1.0)


def test_a_clock_that_goes_back_forgives_nothing() -> None:
    attempts = Attempts()
    for _ in range(20):
        attempts.failed("192.0.2.1", 1000.0)
    assert not attempts.may_try("192.0.2.1", 0.0)


def test_a_budget_is_a_principals_and_a_categorys() -> None:
    budgets = Budgets()
    ten = Predicate(10, 60.0)
    assert budgets.charge(ANA, EMAIL, ten, 10, 0.0)
    assert not budgets.charge(ANA, EMAIL, ten, 1, 0.0)
    assert budgets.charge(BEN, EMAIL, ten, 10, 0.0)
    assert budgets.charge(ANA, "user.contact.phone", ten, 10, 0.0)
    assert not budgets.charge(BEN, "user.name", ten, 11, 0.0)
    assert budgets.charge(BEN, "user.name", ten, 10, 0.0)  # what was refused took nothing
    assert budgets.charge(ANA, EMAIL, ten, 10, 61.0)


@given(
    st.integers(1, 20),
    st.sampled_from([1.0, 7.0, 60.0, 3600.0]),
    st.lists(st.tuples(st.floats(0, 0.3), st.integers(0, 5)), max_size=60),
)
def test_no_window_wherever_it_begins_has_more_than_the_count(
    count: int, seconds: float, charges: list[tuple[float, int]]
) -> None:
    budgets = Budgets()
    now, granted = 1000.0, []
    for gap, n in charges:
        now += gap * seconds
        if budgets.charge(ANA, EMAIL, Predicate(count, seconds), n, now):
            granted.append((now, n))
    for begin, _ in granted:
        assert sum(n for at, n in granted if begin <= at < begin + seconds * 0.9999) <= count


def test_a_budget_errs_by_one_slot_at_most() -> None:
    budgets = Budgets()
    assert budgets.charge(ANA, EMAIL, Predicate(1, 60.0), 1, 30.0)
    assert not budgets.charge(ANA, EMAIL, Predicate(1, 60.0), 1, 89.9)
    assert budgets.charge(ANA, EMAIL, Predicate(1, 60.0), 1, 91.0)


def test_memory_of_budgets_is_bounded_and_full_refuses() -> None:
    budgets = Budgets(most=10)
    people = [
        Principal(f"p{number}", ZoneName("staff"), frozenset(), "users", VerifiedBy.SCRAM) for number in range(11)
    ]
    one = Predicate(5, 60.0)
    assert all(budgets.charge(each, EMAIL, one, 1, 0.0) for each in people[:10])
    assert not budgets.charge(people[10], EMAIL, one, 1, 0.0)
    assert len(budgets) == 10
    assert budgets.charge(people[10], EMAIL, one, 1, 62.0)
    assert len(budgets) == 1


def test_a_policy_that_changes_the_window_wipes_nothing() -> None:
    budgets = Budgets()
    assert budgets.charge(ANA, EMAIL, Predicate(10, 60.0), 8, 10.0)
    assert not budgets.charge(ANA, EMAIL, Predicate(10, 600.0), 3, 11.0)
    assert budgets.charge(ANA, EMAIL, Predicate(10, 600.0), 2, 11.0)
