"""The shop's database: a schema of our own, and synthetic people in it, the same ones for the same seed.

The rule: what is written here is a script for psql, and nothing else: the schema from `shop.sql`, then the data by COPY. Every
value of a person belongs to nobody. What stands in a person's cells is handed in as `Customer`, so that a test can put marks there
which it seeks again; whatever is not personal is the same for all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from json import dumps

from ringfence.demo.people import Person, make_crowd

PEOPLE = 5_000
SEED = 20_420_519  # other people than those of the logs
LOGINS: Mapping[str, str] = {"support": "shop_support", "analyst": "shop_analyst", "privacy": "shop_privacy"}
"""The account in the database that each role of the policy has."""

SEGMENTS = ("new", "regular", "wholesale", "lapsed")
STATES = ("open", "waiting", "closed")
COUNTRIES = {"en_US": "US", "de_DE": "DE", "fr_FR": "FR", "es_ES": "ES", "it_IT": "IT", "pl_PL": "PL"}
CITIES = ("Springfield", "Neustadt", "Villeneuve", "Villanueva", "Borgonuovo", "Nowe Miasto")
PRODUCTS = ("kettle", "lamp", "notebook", "rucksack", "bicycle bell", "teapot", "blanket", "umbrella", "desk", "clock")
FIRST_DAY = datetime(2029, 1, 3, 9, 0, tzinfo=UTC)
EMPLOYEES = 12

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Cell = str | int | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Customer:
    """What stands in a customer's personal cells, here and in the tables that speak of him."""

    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)
    birth_date: date = field(repr=False)
    ssn: str | None = field(repr=False)
    iban: str | None = field(repr=False)
    card: str = field(repr=False)
    ip: str = field(repr=False)
    street: str = field(repr=False)
    city: str = field(repr=False)
    postcode: str = field(repr=False)
    country: str = field(repr=False)


def customers(count: int, seed: int = SEED) -> list[Customer]:
    """Make customers out of Faker's people. Raises `FakerMissing`."""
    return [_customer(number, person) for number, person in enumerate(make_crowd(count, seed))]


def _customer(number: int, person: Person) -> Customer:
    return Customer(
        name=person.name,
        email=person.email,
        phone=person.phone,
        birth_date=person.birth_date,
        ssn=person.ssn,
        iban=person.iban,
        card=person.card,
        ip=person.ip,
        street=person.street,
        city=CITIES[number % len(CITIES)],
        postcode=f"{10_000 + number * 37 % 89_999}",
        country=COUNTRIES[person.locale],
    )


def shop(people: int | Sequence[Customer] = PEOPLE, *, passwords: Mapping[str, str] | None = None) -> bytes:
    """Write the whole script. `passwords` are the logins', by login; a login without one needs none where the server trusts it."""
    crowd = customers(people) if isinstance(people, int) else people
    parts = [files("ringfence.demo").joinpath("shop.sql").read_text(encoding="utf-8")]
    for login, password in (passwords or {}).items():
        secret = password.replace("'", "''")
        parts.append(f"alter role {login} password '{secret}';\n")
    parts += [_copy(table, columns, rows) for table, columns, rows in _tables(crowd)]
    parts.append("refresh materialized view public.best_customer;\n")
    for table in ("customer", "address", "support_ticket", "audit_log"):
        parts.append(f"select setval(pg_get_serial_sequence('public.{table}', 'id'), 1000000);\n")
    parts.append("analyze;\n")
    return "".join(parts).encode()


def _tables(crowd: Sequence[Customer]) -> Iterator[tuple[str, str, Iterable[Sequence[Cell]]]]:
    """Give every table with its rows, those that are referred to first."""
    numbered = list(enumerate(crowd, 1))
    yield (
        "public.customer",
        "id, name, email, phone, birth_date, ssn, iban, card, last_ip, segment, newsletter, joined, preferences, notes",
        (_customer_row(number, one) for number, one in numbered),
    )
    yield (
        "public.address",
        "id, customer_id, kind, line, street, city, postcode, country",
        (_address_row(number, one) for number, one in numbered),
    )
    yield (
        "public.product",
        "id, sku, title, price, stock, tags",
        (
            (number, f"SKU-{number:04}", title, 900 + 130 * number, 40 * number, f'{{home,"line {number % 3}"}}')
            for number, title in enumerate(PRODUCTS, 1)
        ),
    )
    orders = [(at, number, one) for number, one in numbered for at in range(number * 4, number * 4 + 1 + number % 4)]
    yield (
        "public.orders",
        "id, customer_id, placed, status, total, comment",
        (_order_row(at, number, one) for at, number, one in orders),
    )
    yield (
        "public.order_item",
        "order_id, product_id, quantity, price",
        (
            (at, 1 + (at + line) % len(PRODUCTS), 1 + line, 900 + 130 * (1 + (at + line) % len(PRODUCTS)))
            for at, _, _ in orders
            for line in range(1 + at % 2)
        ),
    )
    yield (
        "public.payment",
        "id, order_id, card, holder, expires, amount, captured",
        ((at, at, one.card, one.name, date(2033, 1 + at % 12, 28), _total(at), at % 9 != 0) for at, _, one in orders),
    )
    yield (
        "public.support_ticket",
        "id, customer_id, opened, state, subject, body, meta, attachment",
        (_ticket_row(number, one) for number, one in numbered if number % 5 == 0),
    )
    yield (
        "staff.employee",
        "id, name, email, salary, iban, hired, manager_id",
        (_employee_row(number, one) for number, one in numbered[:EMPLOYEES]),
    )
    yield (
        "public.audit_log",
        "id, at, actor, action, detail",
        (
            (number, _day(number), "web", "profile changed", dumps({"customer": number, "email": one.email}))
            for number, one in numbered
            if number % 10 == 0
        ),
    )


def _customer_row(number: int, one: Customer) -> Sequence[Cell]:
    preferences = {"language": one.country.lower(), "contact": {"email": one.email, "sms": one.phone}, "theme": "dark"}
    notes = f"asked to be called on {one.phone} about the delivery" if number % 7 == 0 else None
    segment = SEGMENTS[number % len(SEGMENTS)]
    known = (one.name, one.email, one.phone, one.birth_date, one.ssn, one.iban, one.card, one.ip)
    return (number, *known, segment, number % 3 == 0, _day(number), dumps(preferences, ensure_ascii=False), notes)


def _address_row(number: int, one: Customer) -> Sequence[Cell]:
    parts = (one.street, one.city, one.postcode, one.country)
    return (number, number, "home", _composite(parts), *parts)


def _order_row(at: int, number: int, one: Customer) -> Sequence[Cell]:
    comment = f"leave it at the door, or call {one.phone}" if at % 6 == 0 else None
    return (at, number, _day(at), ("paid", "sent", "returned")[at % 3], _total(at), comment)


def _ticket_row(number: int, one: Customer) -> Sequence[Cell]:
    body = (
        f"Hello, my parcel did not arrive. Write to {one.email} or call {one.phone}. I paid with card {one.card}"
        + (f", or take it from account {one.iban}" if one.iban else "")
        + ".\nThank you"
    )
    meta = {
        "channel": "mail",
        "reply_to": one.email,
        "client": {"ip": one.ip, "agent": "Mozilla/5.0"},
        "labels": ["parcel"],
    }
    attachment = f"\\x{one.email.encode().hex()}" if number % 25 == 0 else None
    state = STATES[number % len(STATES)]
    return (
        number,
        number,
        _day(number),
        state,
        "Where is my parcel?",
        body,
        dumps(meta, ensure_ascii=False),
        attachment,
    )


def _employee_row(number: int, one: Customer) -> Sequence[Cell]:
    salary = f"{41_000 + 1_250 * number}.00"
    manager = number // 3 if number > 2 else None  # two at the top
    iban = one.iban or "DE00 missing"
    return (number, one.name, f"employee{number}@shop-verdi.de", salary, iban, date(2020, 1, 1 + number), manager)


def _day(number: int) -> datetime:
    return FIRST_DAY + timedelta(hours=7 * number % 17_000, minutes=number % 60)


def _total(at: int) -> int:
    return sum((900 + 130 * (1 + (at + line) % len(PRODUCTS))) * (1 + line) for line in range(1 + at % 2))


def _composite(parts: Sequence[str]) -> str:
    return "(" + ",".join('"' + part.replace("\\", "\\\\").replace('"', '""') + '"' for part in parts) + ")"


def _copy(table: str, columns: str, rows: Iterable[Sequence[Cell]]) -> str:
    lines = "".join("\t".join(map(_cell, row)) + "\n" for row in rows)
    return f"copy {table} ({columns}) from stdin;\n{lines}\\.\n"


def _cell(value: Cell) -> str:
    match value:
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case datetime() | date():
            return value.isoformat()
    return str(value).translate(_ESCAPES)
