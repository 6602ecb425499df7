"""The new user's way: the commands of the README, on a database that nobody prepared, to a masked row in psql."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from docs.docs_pages import DOCS, ROOT, Command, blocks, commands
from postgres_servers import Server
from sakila import sakila_database

MOST_COMMANDS = 7
PASSWORD = "a password of ada's own"
ADDRESS = re.compile(r"postgresql://postgres@127\.0\.0\.1:5432/sakila")
PAGES = (ROOT / "README.md", DOCS / "start.md")


def way(page: Path) -> list[Command]:
    """Give the commands of a page that begin with the installation and end in psql."""
    found = [
        commands(block) for block in blocks(page) if block.kind == "console" and "ringfence init --pg" in block.text
    ]
    assert len(found) == 1, f"{page.name} shows the way once"
    return found[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_way_is_at_most_seven_commands(page: Path) -> None:
    shown = way(page)
    assert len(shown) <= MOST_COMMANDS
    assert [command.text for command in shown] == [command.text for command in way(PAGES[0])]
    assert shown[0].text.startswith("pip install")
    assert shown[-1].text.startswith("psql ")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Shell:
    """A user's terminal in an empty folder: `ringfence` and `psql` on its path."""

    def __init__(self, folder: Path, server: Server, dsn: str) -> None:
        self.folder = folder
        self.dsn = dsn
        self.database = urlsplit(dsn).path[1:]
        self.port = free_port()
        listen = "".join(one if one.isalnum() else "_" for one in self.database.upper()) + "_LISTEN"
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{server.bin}:{os.environ['PATH']}",
            "PGPASSWORD": PASSWORD,
            listen: f"127.0.0.1:{self.port}",
            "COLUMNS": "200",
        }

    def spelt(self, command: str) -> str:
        """Give a command as this user types it: the database is another one, and so is the gate's port."""
        typed = ADDRESS.sub(self.dsn, command)
        return typed.replace("port=6432", f"port={self.port}").replace("dbname=sakila", f"dbname={self.database}")

    def run(self, command: str, typed: str = "") -> str:
        done = subprocess.run(
            ["/bin/sh", "-c", self.spelt(command)],
            input=typed.encode(),
            capture_output=True,
            cwd=self.folder,
            env=self.environment,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    @contextmanager
    def running(self, command: str) -> Iterator[str]:
        """Run what goes on until it is ended; give its first line."""
        log = (self.folder / "up.log").open("wb")
        with subprocess.Popen(
            ["/bin/sh", "-c", f"exec {self.spelt(command)}"],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=self.folder,
            env=self.environment,
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline().decode()
                assert line, (self.folder / "up.log").read_text()
                yield line
            finally:
                process.terminate()
                process.wait(30)
                log.close()


def test_seven_commands_lead_to_a_masked_row(postgres: Server, tmp_path: Path) -> None:
    """All but the first, which the environment of the tests has behind it."""
    _install, init, logins, user, up, enforce, psql = (command.text for command in way(PAGES[0]))
    shell = Shell(tmp_path, postgres, sakila_database(postgres))
    said = shell.run(init)
    assert "made  ringfence.yaml" in said
    for name in ("ringfence.yaml", "ringfence.map.yaml", "ringfence.logins.sql"):
        assert (tmp_path / name).is_file()
    shell.run("ringfence policy lint")
    shell.run(logins)
    shell.run(user, f"{PASSWORD}\n")
    with shell.running(up) as ready:
        assert ready.startswith("ready ")
        observed = shell.run(psql)
        assert re.search(r"[A-Za-z.0-9]+@sakilacustomer\.org", observed)  # nothing is changed while it observes
        shell.run(enforce)
        masked = shell.run(psql)
    row = masked.splitlines()[2]
    assert re.search(r"\|\s*[A-Z]\*+@sakilacustomer\.org", row), "the address is masked"
    name = row.split("|")[0].strip()
    assert name.isalpha(), "the name is shown"
    assert name == observed.splitlines()[2].split("|")[0].strip()
