"""Turns: however many ask for however much, nobody waits for all of them, and nobody for ever."""

from ringfence.gates.postgres.turns import MOST_REMEMBERED, Turns

LONG, SHORT = 3.0, 0.001


def test_a_short_one_is_next_however_many_ask_for_long_ones_again_and_again() -> None:
    turns = Turns[str]()
    for number in range(100):
        turns.add(number, f"long {number}", LONG)
    for number in range(300):
        if number % 7 == 0:
            turns.add("victim", "short", SHORT)
        taken = turns.take()
        assert (taken == "short") is (number % 7 == 0)
        if taken == "short":
            turns.charge("victim", SHORT, SHORT)
        else:
            asker = int(taken.removeprefix("long "))
            turns.charge(asker, LONG, LONG)
            turns.add(asker, taken, LONG)


def test_long_ones_have_their_share_while_short_ones_never_end() -> None:
    turns = Turns[str]()
    turns.add("long", "long", LONG)
    for number in range(20_000):
        turns.add(number % 4, "short", SHORT)
        turns.add((number + 1) % 4, "short", SHORT)
        if turns.take() == "long":
            break
        turns.charge(number % 4, SHORT, SHORT)
    assert number * SHORT < LONG * 6  # five ask: a fifth of the time is its own


def test_what_cost_more_than_it_looked_is_its_askers_to_pay_for() -> None:
    turns = Turns[str]()
    turns.add("slow", "slow 1", SHORT)
    turns.add("slow", "slow 2", SHORT)
    assert turns.take() == "slow 1"
    turns.charge("slow", SHORT, LONG)
    turns.add("slow", "slow 3", SHORT)
    turns.add("other", "long of another", LONG / 4)
    assert [turns.take() for _ in range(3)] == ["slow 2", "long of another", "slow 3"]


def test_one_asker_is_served_in_its_order_and_askers_that_are_gone_are_forgotten() -> None:
    turns = Turns[int]()
    for number in range(10):
        turns.add("one", number, SHORT)
    assert [turns.take() for _ in range(10)] == list(range(10))
    for number in range(10 * MOST_REMEMBERED):
        turns.add(number, number, SHORT)
        assert turns.take() == number
        turns.charge(number, SHORT, SHORT)
    assert len(turns._ends) <= MOST_REMEMBERED + 2
