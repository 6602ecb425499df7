"""What has happened when the scenes begin: the service has run behind `ringfence run`, and its log has been shipped.

The rule: scenes only look. Everything that is done to make something to look at is done here, before the first of them.
"""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from pathlib import Path

from ringfence.demo.api_stage import ApiStage, EnvoyMissing, perform_api
from ringfence.demo.code_stage import CodeStage, GitMissing, perform_code
from ringfence.demo.people import Person, make_people
from ringfence.demo.place import DemoProblem, Place
from ringfence.demo.planting import Kind, Planted
from ringfence.demo.postgres_server import ServerMissing
from ringfence.demo.postgres_stage import ShopStage, perform_shop
from ringfence.demo.running import ARRIVING, Shipper, listening, log_store, service, wait_for
from ringfence.demo.service import STREAMS
from ringfence.demo.traffic import Driver, rotate_key, shop, write_to_support

CUSTOMERS = 48
WRITERS = 12  # people whose names stand in prose
SHOWN = 31  # the customer whose lines are looked at: a German, whose payment was declined
AT_ONCE = 6  # customers that come without a pause, so that windows are of several sizes
A_MOMENT = 1.0  # seconds


@dataclass(frozen=True)
class Stage:
    """What the scenes look at. `shown` gives request ids by what is to be looked at: access, json, trace, after."""

    place: Place
    kept: bool  # whether keys and ledger of an earlier run were there
    people: Sequence[Person]
    planted: Sequence[Planted]
    shown: Mapping[str, str]
    shop: ShopStage | ServerMissing
    api: ApiStage | EnvoyMissing
    code: CodeStage | GitMissing

    def written(self, stream: str) -> bytes:
        """Give what the service wrote, from its own transcript."""
        return _log(self.place.core, stream).read_bytes()

    def arrived(self, stream: str) -> bytes:
        """Give what the log store has."""
        return _log(self.place.outside, stream).read_bytes()

    @cached_property
    def all_written(self) -> bytes:
        """Both streams, as the service wrote them."""
        return b"".join(self.written(stream) for stream in STREAMS)

    @cached_property
    def all_arrived(self) -> bytes:
        """Both streams, as they arrived."""
        return b"".join(self.arrived(stream) for stream in STREAMS)

    def record(self, side: bytes, request: str, *, in_json: bool = False) -> str:
        """Give a request's record from one side's log: its line, with those down to the next record. Empty where there is none."""
        lines = side.decode(errors="replace").splitlines()
        for number, line in enumerate(lines):
            if request in line and line.startswith("{") == in_json:
                return "\n".join([line, *_rest(lines[number + 1 :])])
        return ""


def _rest(lines: Sequence[str]) -> list[str]:
    """Give the lines that belong to the record before them: those that do not begin one."""
    for number, line in enumerate(lines):
        if line.startswith(("{", "[")) or line[:1].isdigit():
            return list(lines[:number])
    return list(lines)


def _log(folder: Path, stream: str) -> Path:
    return folder / f"{stream}.log"


def perform(place: Place, policy: str | None = None) -> Stage:
    """Make policy, keys and ledger where they are missing; run service, log store and driver to their end.

    `policy` is written where there is none yet; None: the demo's own. Leaves the ledger's writer running.
    """
    people = make_people(CUSTOMERS + WRITERS)
    kept = place.prepare(policy)
    with (
        listening(log_store, place, None) as (_, store_port),
        listening(service, place, subprocess.PIPE) as (process, port),
    ):
        driver = Driver(port)
        with Shipper(process, store_port) as shipper, closing(driver):
            shown = _drive(place, driver, people)
    if process.returncode:
        raise DemoProblem(
            f"`ringfence run` ended with code {process.returncode}", "look at what it wrote in outside/stderr.log"
        )
    if not shipper.has_delivered:
        raise DemoProblem("the log store did not take everything", "run the demo again")
    keys = _key_lines(_log(place.core, "stderr").read_text(encoding="utf-8"))
    folder = place.folder
    return Stage(
        place,
        kept,
        people,
        (*driver.planted, *keys),
        shown,
        perform_shop(folder / "shop"),
        perform_api(folder / "api"),
        perform_code(folder / "code"),
    )


def _drive(place: Place, driver: Driver, people: Sequence[Person]) -> Mapping[str, str]:
    """Send everybody through the service; give the requests that the scenes show."""
    try:
        shown: list[Mapping[str, str]] = []
        for number, person in enumerate(people[:CUSTOMERS]):
            shown.append(shop(driver, person, number))
            if number % AT_ONCE == 0:
                _let_arrive(place, "stdout", A_MOMENT, shown[-1]["access"])
        for person in people[CUSTOMERS:]:
            write_to_support(driver, person)
        # One window holds what came within two milliseconds, and is refused whole. The key has one to itself.
        _let_arrive(place, "stderr", ARRIVING, _last_trace(shown))
        key = rotate_key(driver)
        _let_arrive(place, "stderr", ARRIVING, "[ringfence: refused", key)
        after = shop(driver, people[1], 1)["trace"]
    except (OSError, HTTPException) as error:
        raise DemoProblem(f"the service did not answer ({type(error).__name__})", "run the demo again") from error
    return {**shown[SHOWN], "after": after}


def _last_trace(requests: Sequence[Mapping[str, str]]) -> str:
    return [one["trace"] for one in requests if "trace" in one][-1]


def _let_arrive(place: Place, stream: str, seconds: float, *marks: str) -> None:
    """Wait until one of the marks has arrived. Where the policy lets none, the demo goes on: it is the scenes that judge."""

    def have_arrived() -> bool:
        arrived = _log(place.outside, stream).read_bytes()
        return any(mark.encode() in arrived for mark in marks)

    with suppress(DemoProblem):
        wait_for(have_arrived, seconds, marks[0])


def _key_lines(text: str) -> list[Planted]:
    """Plant the private keys that the service made for itself, line by line: whoever has one line has a part of the key."""
    lines = text.splitlines()
    begins = [number for number, line in enumerate(lines) if "-----BEGIN " in line]
    ends = [number for number, line in enumerate(lines) if "-----END " in line]
    return [
        Planted(Kind.KEY, line) for begin, stop in zip(begins, ends, strict=True) for line in lines[begin + 1 : stop]
    ]
