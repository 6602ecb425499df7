"""The whole of the sender: each kind of alert arrives at once, none is lost, none is doubled, and each is recorded first."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from alert_plays import POLICY, RULES, SECONDS, SECRET, House, Receiver, fact, make_house, policy_of, until

from ringfence.alert import sender as sender_module
from ringfence.crossing import Body
from ringfence.ledger import BlockingClient, Query, Reader, create_ledger, make_keys, read_public_key, verify

CANARIES = ("canary.kestrel@posta-nova.net", "4929 1234 5678 9015", "ssn 212-55-0143")


def recorded(house: House) -> list[dict[str, object]]:
    with Reader(house.ledger.file) as reader:
        return [dict(each.body) for each in reader.find(Query(kind="alert"), 10_000) if each.body]


def spooled(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("alerts.db*"))


def remove_ledger(folder: Path) -> None:
    for file in folder.glob("ledger.*"):
        file.unlink()


def write_each_kind(house: House, number: int) -> list[str]:
    """Write one entry for each kind of alert, of a principal of its own; give the kinds."""
    who = f"user{number}"
    house.refuse(who)
    house.write("crossed", principal=who, found=[fact("user.device.ip_address")])
    house.write("drift", principal=who, new=["public.customer.fax"])
    house.write("probe", principal=who, leaked=1)
    house.write("closed", principal=who, found=[fact("user.name", how="declared", count=20_000)])
    return ["refused", "undeclared", "drift", "probe-leak", "volume"]


def test_an_alert_of_each_kind_arrives_within_a_second(tmp_path: Path) -> None:
    async def play() -> None:
        with Receiver() as receiver:
            house = make_house(tmp_path, receiver.port)
            async with house.sending():
                slowest = 0.0
                for number in range(4):
                    began = time.monotonic()
                    kinds = write_each_kind(house, number)
                    await until(lambda wanted=5 * (number + 1): len(receiver.got) >= wanted, "all five arrive")
                    slowest = max(slowest, receiver.got[-1].at - began)
                    assert Counter(got.body["kind"] for got in receiver.got[-5:]) == Counter(kinds)
            assert slowest < 5.0, "a busy machine's allowance: `python -m benchmarks alerts` holds it to a second"
            assert sorted(receiver.ids()) == sorted(str(body["id"]) for body in recorded(house))

    asyncio.run(play())


def test_an_alert_says_what_who_where_and_how_to_ask_further_and_never_a_value(tmp_path: Path) -> None:
    async def play() -> None:
        with Receiver() as receiver:
            rules = RULES.replace('OPS_SECRET"', 'OPS_SECRET", link: "https://console.shop.test/c/"')
            house = make_house(tmp_path, receiver.port, rules)
            async with house.sending():
                crossing = house.refuse()
                # What no gate writes: whatever stands in an entry's names, it does not go out.
                for number, canary in enumerate(CANARIES):
                    house.write(
                        "refused",
                        principal=canary,
                        refused=canary,
                        category=canary,
                        rule=canary,
                        role=canary,
                        count=number + 1,
                    )
                    house.write("crossed", principal=canary, why=canary, reason=canary, client={"user": canary})
                await until(lambda: len(receiver.got) >= 4, "all arrive")
            body = receiver.got[0].body
            assert {name: body[name] for name in ("kind", "flow", "gate", "principal", "role", "category", "reason", "count")} == {
                "kind": "refused", "flow": "reads", "gate": "pg", "principal": "ada", "role": "support",
                "category": "user.name", "reason": "category-denied", "count": 1,
            }  # fmt: skip
            assert body["crossing"] == crossing
            assert body["explain"] == f"ringfence explain {crossing}"
            assert body["link"] == f"https://console.shop.test/c/{crossing}"
            said = b"".join([*(got.raw for got in receiver.got), *house.log]).decode() + json.dumps(recorded(house))
            for canary in CANARIES:
                assert canary not in said
                assert canary.encode() not in spooled(tmp_path)

    asyncio.run(play())


def test_the_ledger_has_an_alert_before_anybody_else(tmp_path: Path) -> None:
    async def play() -> None:
        known: list[bool] = []

        def answer(handler: BaseHTTPRequestHandler) -> None:
            known.append(handler.headers["webhook-id"] in {str(body["id"]) for body in recorded(house)})
            handler.send_response(200)
            handler.end_headers()

        with Receiver(answer=answer) as receiver:
            house = make_house(tmp_path, receiver.port)
            house.appender.fails = True
            async with house.sending() as sender:
                house.refuse()
                await until(lambda: sender.figures.raised == 1, "it is raised")
                await until(
                    lambda: any(b"alert-unrecorded" in line for line in house.log), "the ledger's fault is told"
                )
                assert receiver.got == []
                house.appender.fails = False
                await until(lambda: receiver.got, "it is delivered once the ledger has it")
            assert known == [True]

    asyncio.run(play())


def test_a_receiver_that_is_down_gets_everything_once_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "LONGEST_REST", 0.5)

    async def play() -> None:
        receiver = Receiver().open()
        receiver.close()
        house = make_house(tmp_path, receiver.port)
        async with house.sending() as sender:
            for number in range(30):
                house.refuse(f"user{number}")
            await until(lambda: sender.figures.failures >= 2, "it is tried in vain")
            assert "receiver ops: no connection" in sender.trouble()
            with receiver:
                await until(lambda: len(receiver.got) >= 30, "all arrive")
                await until(lambda: not sender.trouble(), "the trouble is over")
        assert sorted(receiver.ids()) == sorted(str(body["id"]) for body in recorded(house))
        assert len(set(receiver.ids())) == 30

    asyncio.run(play())


def test_alerts_that_were_raised_before_the_sender_ended_are_delivered_by_the_next_one(tmp_path: Path) -> None:
    async def play() -> None:
        receiver = Receiver().open()
        receiver.close()
        house = make_house(tmp_path, receiver.port)
        async with house.sending() as sender:
            house.refuse("ada")
            await until(lambda: sender.figures.failures, "it is tried in vain")
        house.refuse("ben")  # while nobody looks
        with receiver:
            async with house.sending():
                await until(lambda: len(receiver.got) >= 2, "both arrive")
        assert [got.body["principal"] for got in receiver.got] == ["ada", "ben"]

    asyncio.run(play())


def test_a_message_that_is_refused_does_not_hold_up_the_others_and_is_given_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "REFUSED_REST", 0.01)
    monkeypatch.setattr(sender_module, "GIVE_UP", 3)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = receiver.got[-1].body
        handler.send_response(400 if body.get("principal") == "ada" else 204)
        handler.end_headers()

    receiver = Receiver(answer=answer)

    async def play() -> None:
        with receiver:
            house = make_house(tmp_path, receiver.port)
            async with house.sending():
                house.refuse("ada")
                house.refuse("ben")
                await until(lambda: any(b"given-up" in line for line in house.log), "it is given up")
                house.refuse("eve")
                await until(
                    lambda: any(got.body["kind"] == "summary" for got in receiver.got), "what was left out is told"
                )
            assert Counter(got.body.get("principal") for got in receiver.got)["ada"] == 3
            assert {got.body.get("principal") for got in receiver.got} >= {"ben", "eve"}

    asyncio.run(play())


def test_a_thousand_refusals_alike_are_two_alerts_and_two_entries(tmp_path: Path) -> None:
    async def play() -> None:
        now = [1_925_028_000.0]
        with Receiver() as receiver:
            house = make_house(tmp_path, receiver.port)
            async with house.sending(lambda: now[0]):
                bodies: list[Body] = [
                    {"kind": "refused", "crossing": f"{number:026d}", "at": "2031-01-01T10:00:00Z", "principal": "ada"}
                    for number in range(1, 1_001)
                ]
                house.ledger.append(bodies)
                await until(lambda: receiver.got, "the first is told")
                now[0] += 3_601.0
                await until(lambda: len(receiver.got) == 2, "the rest is summed up")
            assert [got.body["count"] for got in receiver.got] == [1, 999]
            assert receiver.got[1].body["last_crossing"] == f"{1_000:026d}"
            assert len(recorded(house)) == 2

    asyncio.run(play())


def test_what_was_before_the_first_time_is_not_told_and_a_replaced_ledger_is_begun_at_its_end(tmp_path: Path) -> None:
    async def play() -> None:
        with Receiver() as receiver:
            house = make_house(tmp_path, receiver.port)
            for number in range(20):
                house.refuse(f"old{number}")
            async with house.sending():
                house.refuse("new")
                await until(lambda: receiver.got, "the new one is told")
            assert [got.body["principal"] for got in receiver.got] == ["new"]
            house.ledger.close()

            other = make_house(tmp_path, receiver.port)
            other.refuse("older")
            async with other.sending():
                assert any(b"ledger-replaced" in line for line in other.log)
                other.refuse("newer")
                await until(lambda: len(receiver.got) == 2, "the newer one is told")
            assert receiver.got[1].body["principal"] == "newer"

    asyncio.run(play())


def test_a_changed_policy_that_no_longer_has_a_receiver_lets_its_messages_go_and_says_so(tmp_path: Path) -> None:
    async def play() -> None:
        receiver = Receiver().open()
        receiver.close()
        house = make_house(tmp_path, receiver.port)
        async with house.sending() as sender:
            house.refuse()
            await until(lambda: sender.figures.failures, "it is tried in vain")
        house.policy = policy_of(0, "receivers: {out: {stdout: true}}\nalert: {on: [drift], to: [out]}\n")
        async with house.sending() as sender:
            await until(lambda: sender.figures.waiting == 0, "nothing waits")
        assert any(b"alerts-let-go" in line for line in house.log)

    asyncio.run(play())


class Home:
    """A home whose alerts are sent by `ringfence alerts run`, a process that can be killed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        (folder / "ringfence.yaml").write_text(POLICY + RULES % port)
        self.home = folder / ".ringfence"
        self.home.mkdir()
        key = make_keys(self.home / "ledger.key", self.home / "ledger.pub", "ringfence/feedfacefeedface/0")
        create_ledger(self.home / "ledger.db", key)
        self.client = BlockingClient(self.home / "ledger.db", self.home / "ledger.key")

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", "import ringfence.cli as c; c.main()", "alerts", "run", "--log-format", "json"]
        environment = {**os.environ, "OPS_SECRET": SECRET}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, env=environment, stderr=log)

    def ready(self, times: int) -> None:
        end = time.monotonic() + SECONDS
        while (self.folder / "log").read_bytes().count(b"alerts-ready") < times:
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.02)

    def refuse(self, number: int) -> None:
        name = f"{number:026d}"
        entry = {"kind": "refused", "id": f"{name}.1", "crossing": name, "at": "2031-01-01T10:00:00Z"}
        self.client.append([{**entry, "principal": f"user{number}", "flow": "reads"}])


def test_a_sender_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing_but_under_one_id(
    tmp_path: Path,
) -> None:
    total, kills = 120, 4
    with Receiver() as receiver:
        home = Home(tmp_path, receiver.port)
        number = 0
        for life in range(kills):
            process = home.start()
            home.ready(life + 1)
            for _ in range(total // kills):
                home.refuse(number)
                number += 1
            # In the middle: some are read, some recorded, some delivered, whichever it happens to be.
            wanted = len(receiver.got) + 5 + 7 * life
            end = time.monotonic() + SECONDS
            while len(receiver.got) < min(wanted, number) and time.monotonic() < end:
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = home.start()
        end = time.monotonic() + SECONDS
        while len({str(got.body["principal"]) for got in receiver.got}) < total and time.monotonic() < end:
            time.sleep(0.02)
        process.terminate()
        assert process.wait(SECONDS) == 0
        home.client.close()
    by_id = {got.headers["webhook-id"]: got.body["principal"] for got in receiver.got}
    assert Counter(by_id.values()) == Counter(f"user{each}" for each in range(total)), "each has one id"
    doubled = len(receiver.got) - total
    assert doubled <= kills, "one delivery was under way when it was killed, at most"
    with Reader(home.home / "ledger.db") as reader:
        alerts = [str(each.body["id"]) for each in reader.find(Query(kind="alert"), 1_000) if each.body]
    assert sorted(alerts) == sorted(by_id)
    assert verify(home.home / "ledger.db", read_public_key(home.home / "ledger.pub")).holds
