"""The scenes about the database: they hold where the gate holds, fail where a value comes through, and are left out in words."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ringfence.demo import postgres_stage
from ringfence.demo.api_stage import EnvoyMissing
from ringfence.demo.code_stage import GitMissing
from ringfence.demo.place import Place
from ringfence.demo.postgres_scenes import show_gate_entries, show_queries, show_transfers
from ringfence.demo.postgres_server import ServerMissing, find_installations
from ringfence.demo.postgres_shop import PEOPLE, customers
from ringfence.demo.postgres_stage import Answer, ShopStage, perform_shop
from ringfence.demo.screen import Screen
from ringfence.demo.stage import Stage

SCENES = (show_queries, show_transfers, show_gate_entries)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> ShopStage:
    if not find_installations():
        pytest.skip("no PostgreSQL is installed here: pip install 'ringfence[dev]'")
    stage = perform_shop(tmp_path_factory.mktemp("shop"))
    assert isinstance(stage, ShopStage)
    return stage


def shown(scene: object, shop: ShopStage | ServerMissing) -> tuple[bool, str]:
    """Show a scene; give whether it held, and what was seen."""
    out = io.StringIO()
    stage = Stage(Place(Path()), False, [], [], {}, shop, EnvoyMissing(), GitMissing())
    held = scene(stage, Screen(Console(file=out, width=200)))  # type: ignore[operator]
    return held, out.getvalue()


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_holds_where_the_gate_does(shop: ShopStage, scene: object) -> None:
    held, text = shown(scene, shop)
    assert held, text
    assert "[FAILED]" not in text


def test_ten_questions_are_asked_and_the_straight_answers_show_everything(shop: ShopStage) -> None:
    assert len(shop.exchanges) == 10
    assert len(shop.customers) == PEOPLE
    straight = "".join(one.straight.shown for one in shop.exchanges).lower()
    for one in shop.customers[postgres_stage.SHOWN - 1 : postgres_stage.SHOWN + 1]:
        assert one.email.lower() in straight


def test_a_value_that_comes_through_fails_the_scene(shop: ShopStage) -> None:
    first = shop.exchanges[0]
    leaked = replace(shop, exchanges=[replace(first, support=first.straight), *shop.exchanges[1:]])
    held, text = shown(show_queries, leaked)
    assert not held
    assert "[FAILED]" in text


def test_a_question_that_is_answered_otherwise_than_expected_fails_the_scene(shop: ShopStage) -> None:
    first = shop.exchanges[0]
    refused = replace(shop, exchanges=[replace(first, support=Answer("", "ERROR:  no")), *shop.exchanges[1:]])
    assert not shown(show_queries, refused)[0]


def test_a_transfer_that_is_let_through_fails_the_scene(shop: ShopStage) -> None:
    through = [(question, Answer("", "")) for question, _ in shop.transfers]
    assert not shown(show_transfers, replace(shop, transfers=through))[0]


@pytest.mark.parametrize("scene", SCENES)
def test_without_a_postgresql_a_scene_says_what_to_install_and_does_not_fail(scene: object) -> None:
    held, text = shown(scene, ServerMissing())
    assert held
    assert "pip install 'ringfence[demo]'" in text


def test_where_none_is_installed_the_stage_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def none() -> Sequence[object]:
        return ()

    monkeypatch.setattr("ringfence.demo.postgres_server.find_installations", none)
    assert isinstance(perform_shop(tmp_path / "shop"), ServerMissing)


def test_the_customers_are_the_same_each_time_and_no_two_share_an_address() -> None:
    assert customers(300) == customers(300)
    assert len({one.email for one in customers(2000)}) == 2000
