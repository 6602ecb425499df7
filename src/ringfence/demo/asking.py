"""Asking a database with psql, as a user does: what came back is kept as it came."""

import subprocess
from dataclasses import dataclass, field
from os import environ

from ringfence.demo.place import PATIENCE, DemoProblem
from ringfence.demo.postgres_gate import User
from ringfence.demo.postgres_server import Server

SEPARATOR = " | "
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What psql said: rows, and errors."""

    out: str = field(repr=False)
    err: str = field(repr=False)

    @property
    def shown(self) -> str:
        """Both, as on a terminal."""
        return "\n".join(part.rstrip() for part in (self.out, self.err) if part.strip()).replace("\t", SEPARATOR)

    @property
    def crossing(self) -> str:
        """The crossing that a refusal names; "" where there is none."""
        _, found, rest = self.err.partition("crossing ")
        return rest.split()[0] if found else ""

    @property
    def is_refused(self) -> bool:
        """Whether it ended with an error."""
        return "ERROR:" in self.err


def ask(server: Server, port: int, user: User, database: str, statement: str) -> Answer:
    """Ask whoever listens on a port, the server or a gate before it."""
    where = {
        "PGHOST": _LOOPBACK,
        "PGPORT": str(port),
        "PGUSER": user.name,
        "PGPASSWORD": user.password,
        "PGOPTIONS": user.options,
        "PGDATABASE": database,
    }
    kept = {name: value for name, value in environ.items() if not name.startswith("PG")}
    command = [str(server.bin / "psql"), "-X", "-q", "-A", "-t", "-F", SEPARATOR, "-c", statement]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**kept, **where, "PGCLIENTENCODING": "UTF8", "PGCONNECT_TIMEOUT": "10"},
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DemoProblem("psql had no answer", "run the demo again on a machine that is less busy") from None
    return Answer(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
