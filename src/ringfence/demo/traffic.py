"""What the demo's driver sends to the service, and what it thereby plants.

The rule: everything that is sent about a person is noted as planted. People whose names are written as prose send their names in
no other way, so that of an arriving name it can be told whether it was covered.
"""

import http.client
import json
from collections.abc import Mapping
from urllib.parse import quote

from ringfence.demo.people import Person
from ringfence.demo.planting import Kind, Planted

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "shop-app/4.11.2",
)
ANSWERS = 10.0  # seconds that the service has for an answer
DECLINED = 3  # every third payment is


class Driver:
    """Sends requests to the service and keeps what it has planted. Each request has an id, by which its lines are found again."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWERS)
        self._sent = 0
        self.planted: list[Planted] = []

    def send(self, method: str, path: str, person: Person | None = None, body: Mapping[str, str] | None = None) -> str:
        """Send a request, wait for its answer, and give its id."""
        self._sent += 1
        request = f"r{self._sent:04}"
        headers = {"X-Request-Id": request, "User-Agent": AGENTS[self._sent % len(AGENTS)]}
        if person is not None:
            headers["X-Forwarded-For"] = person.ip
            self.plant(Kind.IP, person.ip)
        content = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, content, headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ConnectionError
        return request

    def plant(self, kind: Kind, value: str) -> None:
        """Note a value as planted."""
        self.planted.append(Planted(kind, value))

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def shop(driver: Driver, person: Person, number: int) -> Mapping[str, str]:
    """Send a customer through the shop; give the ids of the requests, by what they were."""
    look = driver.send(
        "GET", f"/account?email={_in_query(person.email, number)}&call={quote(person.phone)}&step=2", person
    )
    customer = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "phone": person.phone,
        "birth_date": person.birth_date.isoformat(),
    }
    if person.ssn is not None:
        customer["ssn"] = person.ssn
        driver.plant(Kind.SSN, person.ssn)
    register = driver.send("POST", "/customers", person, customer)
    payment = {"email": person.email, "phone": person.phone, "card": _printed(person.card, number)}
    if person.iban is not None:
        payment["iban"] = person.iban
        driver.plant(Kind.IBAN, person.iban)
    order = driver.send("POST", "/orders", person, payment)
    requests = {"access": look, "json": register, "order": order}
    if number % DECLINED == 1:
        requests["trace"] = driver.send("POST", "/payments", person, payment)
    driver.plant(Kind.EMAIL, person.email)
    driver.plant(Kind.NAME, person.first_name)
    driver.plant(Kind.NAME, person.last_name)
    driver.plant(Kind.PHONE, person.phone)
    driver.plant(Kind.BIRTH_DATE, person.birth_date.isoformat())
    driver.plant(Kind.CARD, person.card)
    return requests


def write_to_support(driver: Driver, person: Person) -> str:
    """Send a note that names a person in prose: what no recognizer of this release knows."""
    note = f"{person.name}, {person.street}, asks where the parcel is"
    request = driver.send("POST", "/support", person, {"email": person.email, "note": note})
    driver.plant(Kind.EMAIL, person.email)
    driver.plant(Kind.NAME_IN_PROSE, person.name)
    driver.plant(Kind.STREET, person.street)
    return request


def rotate_key(driver: Driver) -> str:
    """Make the service log a private key."""
    return driver.send("POST", "/keys", body={})


def _in_query(email: str, number: int) -> str:
    """Write an address into a query as different clients do: encoded whole, in part, or not at all."""
    return (quote(email, safe=""), quote(email, safe="@"), email.replace("+", "%2B"))[number % 3]


def _printed(card: str, number: int) -> str:
    """Write a card's number as it is printed, every other time."""
    if number % 2:
        return card
    sizes = (4, 6, 5) if len(card) == 15 else (4, 4, 4, 4)
    at, groups = 0, []
    for size in sizes:
        groups.append(card[at : at + size])
        at += size
    return " ".join(groups)
