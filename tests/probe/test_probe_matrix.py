"""The matrix of the demo's shop: nothing leaks through its gate, and something does where a protection is taken out."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from probe_house import House, attacked, leaking, shop_with_reader

from postgres_servers import Servers
from ringfence.policy import Mode
from ringfence.probe import Chosen, NothingToAsk, Verdict, attacks

LEAST = 60
QUICK = ("select", "alias", "encoding", "letters", "error text", "comparison", "copy out", "files and programs")
SWITCHED = {  # a protection, with a category and routes of which at least one leaks without it
    "forms": ("user.contact.email", ("select",)),  # origins: what a column comes from
    "contents": ("scan", ("select",)),
    # What only reads, and might fail with a hidden value, is refused before it runs: errors are met by what writes.
    "errors": ("user.contact.email", ("writing",)),
    "comparisons": ("user.financial.bank_account", ("comparison", "bit by bit")),
    "copied out": ("user.contact.email", ("copy out",)),
    "unknown": ("unknown", ("select",)),
    "computed": ("user.financial.credit_card", ("letters",)),
    "statements": ("user.contact.email", ("code and identity",)),
}


@pytest.fixture(scope="module")
def dsn(servers: Servers) -> str:
    return shop_with_reader(servers.preferred)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, dsn: str) -> Iterator[House]:
    with attacked(tmp_path_factory.mktemp("attacked") / "gate", dsn) as one:
        yield one


def test_the_table_holds_enough_attacks_each_under_a_name_of_its_own() -> None:
    assert len(attacks()) >= LEAST
    assert len({one.id for one in attacks()}) == len(attacks())


def test_nothing_leaks_and_the_matrix_says_what_it_was_tried_against(house: House) -> None:
    matrix = house.probe(Chosen(roles=("support", "analyst"), routes=QUICK))
    assert not leaking(matrix)
    assert {"support", "analyst"} == set(matrix.roles())
    assert matrix.counts()[Verdict.BLOCKED] > 50
    assert matrix.counts()[Verdict.CHANGED] > 50
    assert matrix.counts()[Verdict.CLEAR] > 10
    assert all(cell.why for cell in matrix.cells if cell.verdict is Verdict.NOT_RUNNABLE)
    assert matrix.against.gate == "pg"
    assert set(matrix.against.flows) == {"staff-reads", "analytics-reads"}
    assert matrix.against.values > 100
    assert matrix.statements > matrix.ran


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_role_reads_any_category_by_any_route(house: House) -> None:
    for writes in (False, True):
        matrix = house.probe(write=writes, budget=1_000_000)
        assert not leaking(matrix)
        assert {"support", "analyst", "privacy"} == set(matrix.roles())
        assert {cell.route for cell in matrix.cells} == {one.route for one in attacks()}


@pytest.mark.parametrize("switch", SWITCHED)
def test_a_protection_that_is_switched_off_makes_a_cell_leak(
    tmp_path_factory: pytest.TempPathFactory, dsn: str, switch: str
) -> None:
    category, routes = SWITCHED[switch]
    with attacked(tmp_path_factory.mktemp("off") / "gate", dsn, switched_off=switch) as house:
        matrix = house.probe(Chosen(("support",), (category,), routes), write=switch == "errors")
    assert matrix.leaks


def test_a_role_without_a_login_is_not_runnable_and_never_blocked(house: House) -> None:
    users = {"support": house.policy.probe.users["support"]}
    matrix = house.probe(Chosen(routes=("alias",)), users=users)
    cells = [cell for cell in matrix.cells if cell.role != "support"]
    assert {cell.role for cell in cells} == {"analyst", "privacy"}
    assert {cell.verdict for cell in cells} == {Verdict.NOT_RUNNABLE}
    assert all("no login for it" in cell.why for cell in cells)


def test_without_a_reference_values_are_not_known_and_comparisons_are_tried_all_the_same(house: House) -> None:
    matrix = house.probe(Chosen(roles=("support",), routes=("select", "comparison", "bit by bit")), reference="")
    shows = [cell for cell in matrix.cells if cell.route == "select"]
    assert {cell.verdict for cell in shows} == {Verdict.NOT_RUNNABLE}
    assert all("reference" in cell.why for cell in shows)
    asked = [
        cell for cell in matrix.cells if cell.route == "bit by bit" and cell.category == "user.financial.bank_account"
    ]
    assert Verdict.BLOCKED in {cell.verdict for cell in asked}
    assert not leaking(matrix)


def test_a_flow_that_observes_counts_as_no_protection(house: House) -> None:
    flows = {name: replace(flow, mode=Mode.OBSERVE) for name, flow in house.policy.flows.items()}
    observing = House(house.gate, house.dsn, replace(house.policy, flows=flows), house.environment, house.folder)
    with pytest.raises(NothingToAsk, match="observes"):
        observing.probe(Chosen(roles=("support",)))


def test_a_budget_that_is_spent_leaves_the_rest_not_runnable(house: House) -> None:
    matrix = house.probe(Chosen(roles=("support",), routes=("select",)), budget=100)
    assert matrix.statements <= 100
    assert "the budget of 100 statements was spent" in matrix.reasons()


def test_a_run_stands_in_the_ledger_from_its_beginning_and_names_no_value(house: House) -> None:
    house.recorded.clear()
    matrix = house.probe(Chosen(roles=("support",), routes=("alias",)))
    began, ended = house.recorded
    assert (began["kind"], began["stage"], began["run"]) == ("probe", "began", matrix.run)
    assert (ended["kind"], ended["stage"], ended["outcome"]) == ("probe", "ended", "held")
    assert ended["counts"]["leaked"] == 0
