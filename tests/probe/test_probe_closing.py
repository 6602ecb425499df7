"""A leak closes its flow, where the policy says so; nothing crosses it until somebody opens it again."""

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from probe_house import SECTION, House, attacked, shop_with_reader

from command_line import RINGFENCE
from postgres_servers import Servers, as_user
from postgres_support.gate import ANALYST, SUPPORT

CLOSING = SECTION.replace("  rate:", "  on_leak: close\n  rate:")
LEAKING = ("--role", "support", "--category", "user.contact.email", "--route", "select")


def ringfence(house: House, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        **house.environment,
        "SHOP_DSN": as_user(house.dsn, "").replace("//@", "//"),
        "SHOP_PASSWORD": "none",
        "SHOP_LISTEN": "127.0.0.1:0",
    }
    command = [*RINGFENCE, *arguments, "--policy", str(house.gate.place.policy)]
    return subprocess.run(command, env=environment, cwd=house.folder, capture_output=True, text=True, timeout=280)


def test_a_leak_closes_the_flow_that_it_went_through_and_no_other(tmp_path: Path, servers: Servers) -> None:
    dsn = shop_with_reader(servers.preferred, people=20)
    look = "select email from customer where id = 7"
    with (
        attacked(tmp_path / "gate", dsn, CLOSING, switched_off="forms") as house,
        psycopg.connect(house.gate.dsn(SUPPORT), autocommit=True) as support,
        psycopg.connect(house.gate.dsn(ANALYST), autocommit=True) as analyst,
    ):
        assert support.execute(look).fetchone()
        done = ringfence(house, "probe", *LEAKING)
        assert done.returncode == 1
        assert "closed flow staff-reads" in done.stderr
        assert "ringfence enforce staff-reads" in done.stderr
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="flow staff-reads is closed"):
            support.execute(look)
        assert analyst.execute("select segment from customer where id = 7").fetchone()
        assert ringfence(house, "enforce", "staff-reads").returncode == 0
        assert support.execute(look).fetchone()
        modes = [
            (body["flow"], body["was"], body["mode"])
            for entry in house.gate.entries()
            if (body := entry.body or {}).get("kind") == "mode"
        ]
        assert modes == [("staff-reads", "enforce", "closed"), ("staff-reads", "closed", "enforce")]


def test_what_holds_closes_nothing(tmp_path: Path, servers: Servers) -> None:
    dsn = shop_with_reader(servers.preferred, people=20)
    with attacked(tmp_path / "gate", dsn, CLOSING) as house:
        done = ringfence(house, "probe", *LEAKING)
        assert (done.returncode, done.stderr) == (0, "")
        assert not (house.gate.place.folder / "ringfence.overlay.yaml").exists()
