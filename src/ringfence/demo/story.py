"""The first ten minutes with a database of one's own, as they were: mapped, put into zones, observed, enforced.

The rule: nothing is prepared for it but a database. Every step is the command that a user types, and what it said is kept as it
was said; what the map found is compared with what whoever made the shop says of it, which no command has read.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.atlas import MAP_FILE, read_map
from ringfence.demo.asking import Answer, ask
from ringfence.demo.place import DemoProblem, Done, Place
from ringfence.demo.postgres_gate import User, gate_up
from ringfence.demo.postgres_server import Server
from ringfence.demo.running import stop_writer
from ringfence.policy import Judgement, Policy
from ringfence.policy.announcing import judge_path
from ringfence.policy.model import NONE, SCAN, UNKNOWN

FLOW = "staff-reads"
KEY = "user.unique_id"
LOOK = "select name, email, birth_date, card from customer where id in (35, 36) order by id"
LOAD = (
    LOOK,
    "select upper(email) from customer where id = 35",
    "select id from customer where birth_date > '1990-01-01' limit 3",
    "copy (select name, iban from customer where id = 35) to stdout",
    "select attachment from support_ticket where id = 25",
    "select segment, count(*) from customer group by segment",
)
"""What somebody at support asks on an ordinary morning."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a map compares with what is known: of the fields that hold personal data, and of those said to."""

    right: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Give the share of the personal fields that were found."""
        return self.right / max(1, self.right + len(self.missed))

    @property
    def precision(self) -> float:
        """Give the share of what was said to be personal that is."""
        return self.right / max(1, self.right + len(self.wrong))


@dataclass(frozen=True, slots=True)
class Story:
    """What the scenes look at."""

    place: Place
    fields: Mapping[str, Judgement]
    measured: Measured
    init: Done
    lint: Done
    report: Mapping[str, object] = field(repr=False)
    switch: Done
    observed: Sequence[Answer]  # what LOAD gave while the flows observed, and after the switch
    enforced: Sequence[Answer]


def live(folder: Path, server: Server, database: str, known: Policy) -> Story:
    """Go the way of a new user. `known` says what is true of the shop."""
    place = Place(folder)
    if folder.is_dir():  # of an earlier run: this user is new each time
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    init = place.call("init", "--pg", server.dsn(database))
    if init.code:
        raise DemoProblem("the shop's database could not be mapped", init.err.strip())
    server.psql(database, (folder / "ringfence.logins.sql").read_text(encoding="utf-8"))
    lint = place.call("policy", "lint")
    ada = User("ada", "a password of ada's own", "support")
    place.call("user", "add", ada.name, "--group", ada.group, typed=f"{ada.password}\n")
    environment = {f"{database.upper()}_LISTEN": "127.0.0.1:0"}
    try:
        with gate_up(place.policy, environment) as gate:
            observed = [ask(server, gate.port, ada, database, statement) for statement in LOAD]
            report = json.loads(place.call("report", "observe", "--format", "json", environment=environment).out)
            switch = place.call("enforce", FLOW, environment=environment)
            enforced = [ask(server, gate.port, ada, database, statement) for statement in LOAD]
    finally:
        stop_writer(place)
    fields = read_map(folder / MAP_FILE)[database].fields
    return Story(
        place,
        fields,
        measure(fields, known),
        init,
        lint,
        report,
        switch,
        observed,
        enforced,
    )


def measure(found: Mapping[str, Judgement], known: Policy) -> Measured:
    """Compare a map with what a policy declares of the same database.

    Free text that is taken for personal is not wrong; keys of people are counted apart, for the shop's makers judged them harmless.
    """
    (asset,) = [each for each in known.assets.values() if each.kind == "postgres"]
    longest = max(map(len, asset.fields))
    truth = {path: judge_path(asset.fields, path, longest) for path in found}
    personal = {path for path, judged in truth.items() if judged not in (NONE, SCAN, UNKNOWN)}
    said = {path for path, judged in found.items() if judged not in (NONE, SCAN, UNKNOWN)}
    keys = {path for path, judged in found.items() if judged == KEY}
    free = {path for path, judged in truth.items() if judged in (SCAN, UNKNOWN)}
    return Measured(len(said & personal), tuple(sorted(personal - said)), tuple(sorted(said - personal - free - keys)))
