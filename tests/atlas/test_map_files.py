"""Files are mapped by their fields' paths, as gates spell them: CSV, JSON, Parquet, many at once, compressed, broken."""

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from atlas_sources import CANARIES, CORPORA, EMAIL, NAME, PHONE

from ringfence.atlas import AssetMap, AtlasError, map_files
from ringfence.carriers import make_carrier

ROWS = 60


def judged(found: AssetMap) -> dict[str, str]:
    told = json.dumps([[one.path, one.evidence, one.type] for one in found.fields])
    assert not [canary for canary in CANARIES if canary in told]
    return {one.path: one.judgement for one in found.fields}


def table() -> list[list[str]]:
    head = ["id", "Full Name", "e.mail", "phone", "note", "amount"]
    said = f"wrote to {EMAIL} again"
    return [head, *([str(n), NAME, f"p{n}@posta-nova.net", PHONE, said, str(n)] for n in range(ROWS))]


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def record(number: int) -> dict[str, object]:
    return {
        "id": number,
        "user": {"email": f"p{number}@posta-nova.net", "name": NAME, "phones": [{"value": PHONE}]},
        "paid": True,
        "seen": {f"p{number}@posta-nova.net": 1},
    }


EXPECTED = {
    "user.email": "user.contact.email",
    "user.phones[].value": "user.contact.phone_number",
    "seen": "scan",
    "paid": "none",
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_file_is_mapped_by_its_first_row(tmp_path: Path, delimiter: str) -> None:
    (tmp_path / "people.csv").write_text(as_csv(table(), delimiter))
    by = judged(map_files(str(tmp_path / "people.csv")))
    assert by["Full Name"] == "user.name"
    assert by['"e.mail"'] == "user.contact.email"
    assert by["phone"] == "user.contact.phone_number"
    assert by["note"] == "scan"
    assert by["amount"] == "none"


def test_paths_are_spelt_as_the_gates_carriers_do(tmp_path: Path) -> None:
    text = as_csv(table())
    (tmp_path / "people.csv").write_text(text)
    carrier = make_carrier("csv")
    units = [*carrier.feed(text.encode()), *carrier.end()]
    assert set(judged(map_files(str(tmp_path / "people.csv")))) == {
        field.path for unit in units for field in unit.fields if not field.is_key
    }
    document = json.dumps(record(1))
    (tmp_path / "one.json").write_text(document)
    carrier = make_carrier("json")
    units = [*carrier.feed(document.encode()), *carrier.end()]
    carried = {field.path for unit in units for field in unit.fields if not field.is_key}
    assert {path for path in judged(map_files(str(tmp_path / "one.json"))) if path != "seen"} <= carried


@pytest.mark.parametrize("name", ["a.ndjson", "a.jsonl", "a.jsonl.gz", "a.json"])
def test_documents_are_mapped_by_their_parts(tmp_path: Path, name: str) -> None:
    lines = "\n".join(json.dumps(record(number)) for number in range(ROWS))
    text = json.dumps([record(number) for number in range(ROWS)]) if name == "a.json" else lines
    file = tmp_path / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    by = judged(map_files(str(file)))
    begin = "[]." if name == "a.json" else ""
    for path, judgement in EXPECTED.items():
        assert by[f"{begin}{path}"] == judgement, path


def test_a_parquet_file_is_mapped_with_its_nested_columns(tmp_path: Path) -> None:
    made = pa.table(
        {
            "email": [f"p{n}@posta-nova.net" for n in range(ROWS)],
            "who": [{"full_name": NAME, "phone": PHONE} for _ in range(ROWS)],
            "mails": [[EMAIL] for _ in range(ROWS)],
            "photo": [EMAIL.encode() for _ in range(ROWS)],
            "amount": list(range(ROWS)),
        }
    )
    pq.write_table(made, tmp_path / "people.parquet", row_group_size=20)
    found = map_files(str(tmp_path / "people.parquet"))
    by = judged(found)
    assert by["email"] == "user.contact.email"
    assert by["who.phone"] == "user.contact.phone_number"
    assert by["mails[]"] == "user.contact.email"
    assert by["amount"] == "none"
    assert by["photo"] != "none"
    assert found.by_path()["amount"].type == "int64"


def test_many_files_are_one_asset(tmp_path: Path) -> None:
    rows = table()
    for number in range(3):
        (tmp_path / f"people-{number}.csv").write_text(as_csv([rows[0], *rows[1 + number * 20 : 21 + number * 20]]))
    found = map_files(f"{tmp_path}/people-*.csv", asset="people")
    assert found.tables[0].kind == "3 csv"
    assert found.tables[0].rows == ROWS
    assert judged(found)["phone"] == "user.contact.phone_number"


def test_an_address_of_fsspec_is_reached(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(as_csv(table()))
    assert judged(map_files(f"file://{tmp_path}/people.csv"))["phone"] == "user.contact.phone_number"


def test_a_large_file_is_read_in_part_and_from_all_over(tmp_path: Path) -> None:
    file = tmp_path / "large.ndjson"
    with file.open("w") as out:
        for number in range(120_000):
            mail = f"p{number}@posta-nova.net" if number > 60_000 else None
            out.write(json.dumps({"n": number, "contact": mail, "pad": "x" * 80}) + "\n")
    found = map_files(str(file))
    assert judged(found)["contact"] == "user.contact.email"
    assert found.tables[0].rows < 2_000


BROKEN = [
    ("a.csv", b'a,b\n1,2\n"3,4\n5\n6\n', "broken CSV"),
    ("headless.csv", f"1,{EMAIL}\n2,{EMAIL}\n".encode(), "first row"),
    ("empty.csv", b"", "empty"),
    ("binary.csv", b"a,b\x00\x01", "binary"),
    ("a.ndjson", f"{{{EMAIL}\n{EMAIL}}}\n".encode(), "not JSON documents"),
    ("a.json", f'{{"a": {EMAIL}'.encode(), "not a JSON document"),
    ("a.parquet", b"PAR1 no", "not a Parquet file"),
    ("a.jsonl.gz", b"\x1f\x8bno", "damaged"),
    ("a.docx", b"PK", "its ending"),
    ("absent.csv", None, "no such file"),
    (".", None, "folder"),
]


@pytest.mark.parametrize(("name", "content", "said"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_what_cannot_be_read_is_said_in_two_lines(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(AtlasError) as caught:
        map_files(str(tmp_path / name))
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2
    assert not [canary for canary in CANARIES if canary in str(caught.value)]


def test_an_address_is_shown_without_its_password() -> None:
    with pytest.raises(AtlasError) as caught:
        map_files("nowhere://someone:hush@host/people.csv?key=hush")
    assert "hush" not in str(caught.value)


FHIR = CORPORA / "fhir"


@pytest.mark.skipif(not FHIR.exists(), reason="the corpora are not beside this checkout")
def test_fhir_bundles_are_mapped_with_their_people() -> None:
    by = judged(map_files(f"{FHIR}/*.json"))
    truth = [json.loads(line) for line in (CORPORA / "fhir_truth.jsonl").read_text(encoding="utf-8").splitlines()]
    people = ("PERSON", "PHONE_NUMBER", "LOCATION", "DATE_TIME", "NATIONAL_ID")
    paths = {mapped(one["path"]) for row in truth for one in row["pii"] if one["label"] in people}
    missed = sorted(path for path in paths if by.get(path, "none") == "none")
    assert len(missed) <= 0.05 * len(paths), missed


def mapped(pointer: str) -> str:
    """Give a JSON pointer as a path of the map."""
    path = ""
    for step in pointer.split("/")[1:]:
        path += "[]" if step.isdigit() else f".{step}"
    return path.removeprefix(".")


def test_documents_whose_names_are_all_data_are_said_to_be_left_out(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({f"p{number}@example.org": {"x": 1} for number in range(20)}), encoding="utf-8")
    found = map_files(str(file))
    assert list(found.fields) == []
    assert found.left_out == ("every field of documents whose names are data themselves: content decides of them",)


def test_a_csv_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes("name;stra\u00dfe\nAda;Am Weg\n".encode("latin-1"))
    with pytest.raises(AtlasError, match="not UTF-8\n  save it as UTF-8 text"):
        map_files(str(file))
