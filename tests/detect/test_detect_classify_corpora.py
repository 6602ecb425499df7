"""Judgements of whole houses, against what others say is in them: the demo's shop, Sakila, FHIR bundles, Twilio's interfaces.

How the truths are read. A field is personal where its truth names a kind of personal data. `user.unique_id`, the key of a person,
is counted apart: none of the truths marks keys, and each must be one that leads to a person. FHIR's truth marks who somebody is and
how he is reached, and says nothing of demography, so `user.demographic` (but for the birth date, which it marks) is listed, not
counted as wrong. Twilio's marks are the vendor's, and many of the same fields stand elsewhere without one: see there.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest

from corpora import bundles, corpus, leaves
from detect.sql_scripts import Column, columns_of
from ringfence.demo.postgres_shop import shop
from ringfence.detect import Classified, classify
from ringfence.detect.recognizer import listed
from ringfence.policy import AssetName, read

KEY = "user.unique_id"


@dataclass(frozen=True, slots=True)
class Score:
    """How a house was judged."""

    missed: list[str]
    false: list[str]
    keys: list[str]
    hits: int

    @property
    def recall(self) -> float:
        return self.hits / (self.hits + len(self.missed))

    @property
    def precision(self) -> float:
        return self.hits / (self.hits + len(self.false))


def scored(rows: Iterable[tuple[str, bool, Classified]]) -> Score:
    rows = list(rows)
    personal = {name for name, _, said in rows if said.judgement.startswith("user")}
    keys = {name for name, _, said in rows if said.judgement == KEY}
    return Score(
        missed=[name for name, truth, _ in rows if truth and name not in personal],
        false=[name for name, truth, _ in rows if not truth and name in personal - keys],
        keys=[name for name, truth, _ in rows if not truth and name in keys],
        hits=sum(truth and name in personal for name, truth, _ in rows),
    )


def judged(column: Column) -> Classified:
    return classify(column.path, column.type, "", column.values)


# --- the shop -------------------------------------------------------------------------------------------------------------


def shop_truth() -> dict[str, str]:
    text = files("ringfence.demo").joinpath("shop.yaml").read_text(encoding="utf-8")
    return {
        path: str(said)
        for path, said in read("shop.yaml", {"shop.yaml": text}, {}).assets[AssetName("shop-db")].fields.items()
    }


def covering(truth: dict[str, str], path: str) -> str:
    while path not in truth and path:
        path = path.rpartition(".")[0]
    return truth.get(path, "unknown")


def test_the_shop_is_judged_as_its_policy_says() -> None:
    truth = shop_truth()
    columns = columns_of(shop(5_000).decode()).values()
    rows = [(column, covering(truth, column.path), judged(column)) for column in columns]
    score = scored((column.path, said.startswith("user"), answer) for column, said, answer in rows)
    assert (score.missed, score.false) == ([], [])
    assert score.keys == [
        "public.customer.id",
        "public.address.customer_id",
        "public.orders.customer_id",
        "public.support_ticket.customer_id",
    ]
    assert score.hits == 23
    scans = {column.path for column, said, _ in rows if said == "scan"}
    assert scans <= {column.path for column, _, answer in rows if answer.judgement == "scan"}


# --- Sakila ---------------------------------------------------------------------------------------------------------------


def test_sakila_is_judged_as_its_labels_say() -> None:
    folder = corpus("db/sakila")
    script = "\n".join(
        (folder / name).read_text(encoding="utf-8")
        for name in ("postgres-sakila-schema.sql", "postgres-sakila-insert-data-using-copy.sql")
    )
    columns = {path.removeprefix("public."): column for path, column in columns_of(script).items()}
    truth = [json.loads(line) for line in (folder / "columns.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = []
    for row in truth:
        name = f"{row['table']}.{row['column']}"
        rows.append((name, row["label"] is not None, judged(columns[name])))
    score = scored(rows)
    assert (score.missed, score.false) == ([], [])
    assert score.hits == 18
    # Its labels mark no keys. These are the keys of people, and no other key is taken for one.
    assert {name.rpartition(".")[2] for name in score.keys} == {
        "actor_id",
        "customer_id",
        "staff_id",
        "manager_staff_id",
    }


# --- FHIR -----------------------------------------------------------------------------------------------------------------


def fields_of_bundles(*, by_kind: bool) -> Iterable[tuple[str, bool, Classified]]:
    samples: dict[tuple[str, str], list[str]] = defaultdict(list)
    personal: set[str] = set()
    for raw, truth in bundles():
        bundle = json.loads(raw)
        for pointer, value in leaves(bundle):
            parts = pointer.split("/")[1:]
            if parts[0] != "entry" or parts[2] != "resource":
                continue
            kind = bundle["entry"][int(parts[1])]["resource"]["resourceType"]
            top = f"$.{kind}" if by_kind else "$.entry[].resource"
            name = top + "".join("[]" if part.isdigit() else f".{part}" for part in parts[3:])
            type_ = "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
            if len(samples[name, type_]) < 1_000:
                samples[name, type_].append(str(value))
            if pointer in truth:
                personal.add(name)
    for (name, type_), sample in samples.items():
        yield name, name in personal, classify(name, type_, "", sample)


@pytest.mark.parametrize("by_kind", [True, False], ids=["one path a resource's kind", "one path for all resources"])
def test_fhir_bundles_are_judged_as_their_fields_mean(by_kind: bool) -> None:
    rows = list(fields_of_bundles(by_kind=by_kind))
    demography = [
        name for name, truth, said in rows if not truth and said.judgement.startswith("user.demographic")
    ]  # gender, marital status, language: personal, and not of a kind that this truth marks
    score = scored(row for row in rows if row[0] not in demography)
    assert score.missed == []
    assert score.false == []
    assert len(demography) <= 4
    assert score.hits / (score.hits + len(demography)) >= 0.8  # and were they wrong
    assert not any(name.endswith((".system", ".url", ".status", ".sequence")) for name in score.keys)


# --- Twilio ---------------------------------------------------------------------------------------------------------------

CONTACT = listed(
    "phonenumber, phonenumbers, phone, toformatted, fromformatted, forwardedfrom, email, emails, emailaddress, "
    "customername, callername, firstname, lastname, givenname, familyname, displayname, address, street, "
    "streetsecondary, streetaddress, addressline, city, state, subdivision, postalcode, countrycode, "
    "nationalformat, callerid, whatsapp"
)
"""Names of fields by which a person is named or reached: those that the vendor marks somewhere, and the same in other spelling."""
ENDS = ("to", "from", "callfrom", "callto")
REACHING = ("user.contact", "user.name")


def is_contact(row: dict[str, Any]) -> bool:
    name = "".join(letter for letter in row["field"].rpartition(".")[2].casefold() if letter.isalpha())
    if name.startswith("in"):
        return False  # what is looked for in a place: InPostalCode
    return row["format"] in ("phone-number", "email") or name in ENDS or name.endswith(CONTACT)


def twilio(document: str = "") -> list[tuple[dict[str, Any], Classified]]:
    rows = [json.loads(line) for line in corpus("openapi_twilio_fields.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        (
            row,
            classify(
                f"{row['where'].partition(':')[2]}.{row['field']}",
                row["format"] or row["type"] or "",
                row["description"] or "",
                [],
            ),
        )
        for row in rows
        if document in row["spec"]
    ]


@pytest.mark.parametrize("document", ["twilio_api_v2010", ""], ids=["the main document", "all documents"])
def test_twilio_contact_fields_are_found(document: str) -> None:
    """Recall over the contact fields that the vendor marks; precision over all that is judged to be one."""
    rows = twilio(document)
    marked = [(row, said) for row, said in rows if row["pii"] and is_contact(row)]
    found = [row for row, said in marked if said.judgement.startswith("user")]
    assert len(found) / len(marked) >= 0.95
    reaching = [(row, said) for row, said in rows if said.judgement.startswith(REACHING)]
    right = [row for row, _ in reaching if row["pii"] or is_contact(row)]
    assert len(right) / len(reaching) >= 0.8


# --- how sure is sure -----------------------------------------------------------------------------------------------------


def test_confidence_is_about_the_share_of_answers_that_are_right() -> None:
    truth = shop_truth()
    answers = [
        (said.confidence, said.judgement.startswith("user") == wanted)
        for path, column in columns_of(shop(500).decode()).items()
        for wanted, said in [(covering(truth, path).startswith("user"), judged(column))]
        if said.judgement not in (KEY, "unknown")
    ]
    answers += [
        (said.confidence, said.judgement.startswith("user") == wanted)
        for _, wanted, said in fields_of_bundles(by_kind=True)
        if said.judgement not in (KEY, "unknown")
    ]
    answers += [
        (said.confidence, said.judgement.startswith("user") == (bool(row["pii"]) or is_contact(row)))
        for row, said in twilio()
        if said.judgement.startswith(REACHING)
    ]
    for low, high in ((0.5, 0.7), (0.7, 0.85), (0.85, 1.0)):
        within = [(confidence, right) for confidence, right in answers if low <= confidence < high]
        share = sum(right for _, right in within) / len(within)
        assert share >= low - 0.1, f"of {len(within)} answers from {low} to {high}, {share:.2f} are right"
