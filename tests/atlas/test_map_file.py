"""The map file is spliced, not rewritten: what a person wrote stays, in every way that YAML can be written."""

from pathlib import Path

import pytest

from ringfence.atlas import (
    AssetMap,
    BadMapFile,
    Lineage,
    Mapped,
    MappedTable,
    read_map,
    record_judgement,
    write_map,
)
from ringfence.policy import read

GOLDEN = """\
# Where personal data is: written by `ringfence map`, and a part of the policy that says `include: [ringfence.map.yaml]`.
# A line is a field and what it holds: a category, none, scan (free text: content decides) or unknown (denied). Mapping again writes
# the fields anew, but for those under `reviewed`: `ringfence map accept FIELD` and `reject FIELD` put them there.
version: 1

assets:
  shop:
    zone: core
    kind: postgres
    at: "postgresql://db.example.com:5432/shop"
    fields:
      # public.customer (table)
      public.customer.email: user.contact.email  # 0.98: its name says email; 97 % of the values are EMAIL_ADDRESS
      'public.customer."E-Mail 2"': unknown  # 0.50: neither its name nor its values say what it is
      public.customer.doc.tags[].x: scan  # 0.80: its values look like free text
      # public.orders (view)
      public.orders.mail: user.contact.email  # 0.98: copy of public.customer.email
      public.orders.id: none  # 0.85: it is the key of a thing
"""


def mapped(**changed: str) -> AssetMap:
    """Give a small map, some judgements of which are changed (by the last name of the path)."""
    fields = (
        Mapped(
            "public.customer.email", "text", "user.contact.email", 0.98, ("field:email", "values:EMAIL_ADDRESS:0.97")
        ),
        Mapped('public.customer."E-Mail 2"', "text", "unknown", 0.5, ("sample:says nothing",)),
        Mapped("public.customer.doc.tags[].x", "string", "scan", 0.8, ("shape:free text",), inner=True),
    )
    others = (
        Mapped(
            "public.orders.mail",
            "text",
            "user.contact.email",
            0.98,
            ("lineage:public.customer.email",),
            (Lineage("copy", "public.customer.email"),),
        ),
        Mapped("public.orders.id", "integer", changed.get("id", "none"), 0.85, ("key:of a thing",)),
    )
    tables = (
        MappedTable("public.customer", "table", fields, 120),
        MappedTable("public.orders", "view", others, 20),
    )
    return AssetMap("shop", "core", "postgres", tables, "postgresql://db.example.com:5432/shop")


def test_the_file_is_what_a_reader_expects(tmp_path: Path) -> None:
    file = tmp_path / "ringfence.map.yaml"
    assert write_map(file, mapped()) == [file]
    assert file.read_text() == GOLDEN
    write_map(file, mapped())
    assert file.read_text() == GOLDEN


def test_a_policy_includes_it(tmp_path: Path) -> None:
    write_map(tmp_path / "ringfence.map.yaml", mapped())
    record_judgement(tmp_path / "ringfence.map.yaml", ["orders.id"], "user.unique_id")
    base = "version: 1\ninclude: [ringfence.map.yaml]\nzones: {core: {label: core}}\n"
    texts = {"ringfence.yaml": base, "ringfence.map.yaml": (tmp_path / "ringfence.map.yaml").read_text()}
    policy = read("ringfence.yaml", texts, {})
    fields = next(iter(policy.assets.values())).fields
    assert fields['public.customer."E-Mail 2"'] == "unknown"
    assert fields["public.orders.id"] == "user.unique_id"
    bare = {**texts, "ringfence.map.yaml": texts["ringfence.map.yaml"].replace("      - public.orders.id\n", "")}
    bare["ringfence.map.yaml"] = bare["ringfence.map.yaml"].replace("    reviewed:\n", "")
    assert "reviewed" not in bare["ringfence.map.yaml"].partition("assets:")[2]
    assert read("ringfence.yaml", bare, {}).hash == policy.hash


def test_a_persons_judgement_is_kept_with_all_comments(tmp_path: Path) -> None:
    file = tmp_path / "ringfence.map.yaml"
    write_map(file, mapped())
    text = file.read_text().replace("    zone: core\n", "    zone: core   # ours\n") + "\n# the end\n"
    file.write_text(text)
    done = record_judgement(file, ["public.orders.id"], "user.unique_id")
    assert [(one.before, one.after) for one in done] == [("none", "user.unique_id")]
    expected = text.replace("public.orders.id: none", "public.orders.id: user.unique_id")
    expected = expected.replace("    fields:\n", "    reviewed:\n      - public.orders.id\n    fields:\n")
    assert file.read_text() == expected
    record_judgement(file, ["public.customer.email"], None)
    record_judgement(file, ["public.customer.email"], None)
    assert read_map(file)["shop"].reviewed == ("public.orders.id", "public.customer.email")
    assert "# ours" in file.read_text()
    assert file.read_text().endswith("\n# the end\n")


def test_mapping_again_keeps_the_rest_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "ringfence.map.yaml"
    write_map(file, mapped())
    other = "  other:   # by hand\n    zone: staff\n    kind: log\n"
    file.write_text(
        file.read_text().replace("    zone: core", "    zone: inner").replace("assets:\n", f"assets:\n{other}")
    )
    file.chmod(0o640)
    write_map(file, mapped(id="scan"))
    text = file.read_text()
    assert other in text
    assert "    zone: inner\n" in text
    assert "public.orders.id: scan" in text
    assert file.stat().st_mode & 0o777 == 0o640
    write_map(file, mapped(), rezoned=True)
    assert "    zone: core\n" in file.read_text()
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_a_second_asset_is_written_below_the_first(tmp_path: Path) -> None:
    file = tmp_path / "ringfence.map.yaml"
    write_map(file, mapped())
    second = AssetMap("second", "staff", "file", (MappedTable("", "1 csv", (Mapped("a", "", "none", 0.5),)),))
    write_map(file, second)
    assert list(read_map(file)) == ["shop", "second"]
    assert file.read_text().startswith(GOLDEN)
    write_map(file, mapped(id="scan"))
    assert read_map(file)["second"].fields == {"a": "none"}


HEAD = "version: 1\nassets:\n  shop:\n"
OWN = "    zone: core\n    kind: postgres\n"
HAND = [
    "version: 1\nassets: {shop: {zone: core, kind: postgres, fields: {a.b: none, a.c: scan}}}\n",
    f'{HEAD}    {{zone: core, kind: postgres, reviewed: [a.c], fields: {{"a.b": "none", a.c: scan}}}}\n',
    f"{HEAD}{OWN}    fields: {{\n      a.b: none,  # why\n      a.c: scan}}\n",
    f"{HEAD}{OWN}    fields:\n      'a.b': 'none'\n      a.c: scan\n    reviewed:\n    - a.c\n",
    f"{HEAD}    reviewed: []\n    fields:\n      a.b: none\n      a.c: scan\n{OWN.rstrip()}",
]


@pytest.mark.parametrize("text", HAND)
def test_a_judgement_is_recorded_however_the_file_is_written(tmp_path: Path, text: str) -> None:
    file = tmp_path / "ringfence.map.yaml"
    file.write_text(text)
    before = read_map(file)["shop"].reviewed
    record_judgement(file, ["a.b"], "user.name")
    after = read_map(file)["shop"]
    assert after.fields == {"a.b": "user.name", "a.c": "scan"}
    assert after.reviewed == (*before, "a.b")
    base = "version: 1\ninclude: [ringfence.map.yaml]\nzones: {core: {label: core}}\n"
    assert read("ringfence.yaml", {"ringfence.yaml": base, "ringfence.map.yaml": file.read_text()}, {}).assets


def test_a_long_map_goes_on_in_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.atlas.map_file.MOST_FIELDS", 3)
    file = tmp_path / "ringfence.map.yaml"
    written = write_map(file, mapped())
    assert [one.name for one in written] == ["ringfence.map.yaml", "ringfence.map.shop.2.yaml"]
    assert len(read_map(file)["shop"].fields) == 5
    record_judgement(file, ["public.orders.id"], "user.unique_id")
    assert "user.unique_id" in written[1].read_text()
    assert read_map(file)["shop"].judged == {"public.orders.id": "user.unique_id"}
    base = "version: 1\ninclude: [ringfence.map.yaml]\nzones: {core: {label: core}}\n"
    texts = {"ringfence.yaml": base, **{one.name: one.read_text() for one in written}}
    assert len(next(iter(read("ringfence.yaml", texts, {}).assets.values())).fields) == 5
    monkeypatch.setattr("ringfence.atlas.map_file.MOST_FIELDS", 10)
    assert write_map(file, mapped()) == [file]
    assert [one.name for one in tmp_path.iterdir()] == [file.name]
    assert "include" not in file.read_text().partition("version: 1")[2]


@pytest.mark.parametrize(
    ("text", "columns", "judgement", "said"),
    [
        (None, ["a"], "none", "no such map file"),
        (GOLDEN, ["no.such"], "none", "no such field"),
        (GOLDEN, ["public.customer.emial"], "none", "did you mean public.customer.email?"),
        (GOLDEN, ['"E-Mail 2"'], None, "nothing to confirm"),
        (GOLDEN.replace("orders.id", "orders.email"), ["email"], "none", "several fields"),
        ("assets: [", ["a"], "none", "not valid YAML"),
        ("assets: *x", ["a"], "none", "no such map file"),
    ],
)
def test_what_cannot_be_recorded_changes_nothing(
    tmp_path: Path, text: str | None, columns: list[str], judgement: str | None, said: str
) -> None:
    file = tmp_path / "ringfence.map.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadMapFile) as caught:
        record_judgement(file, ["public.orders.id", *columns] if text and "orders.id" in text else columns, judgement)
    assert said in str(caught.value)
    assert text is None or file.read_text() == text


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ringfence.map.yaml"
    write_map(file, mapped())

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_map(file, mapped(id="scan"))
    assert file.read_text() == GOLDEN
    assert [one.name for one in tmp_path.iterdir()] == [file.name]
