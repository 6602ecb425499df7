"""The map's page: it asks for nothing, tells every field in words, and draws what the policy says without crossing a box."""

import re
from itertools import pairwise
from xml.etree import ElementTree as Tree

import pytest

from ringfence.atlas import AssetMap, Lineage, Mapped, MappedTable
from ringfence.atlas.drawing import Arrow, Box, Column, draw
from ringfence.atlas.page import map_page
from ringfence.policy import read

POLICY = """
version: 1
zones: {core: {label: inner}, staff: {label: staff}, outside: {label: out, controlled: false}}
assets:
  shop: {zone: core, kind: postgres}
  app: {zone: core, kind: service}
  saas: {zone: outside, kind: log, fields: {a: user.name}}
flows:
  - {id: reads, from: shop, to: staff, carry: {user.name: clear}, mode: observe}
  - {id: writes, from: staff, to: shop, carry: {}}
  - {id: logs, from: app, to: saas, carry: {}}
"""
HOSTILE = "<script>alert(1)</script>"
FOUND = AssetMap(
    "shop",
    "core",
    "postgres",
    (
        MappedTable(
            "public.customer",
            "table",
            (
                Mapped("public.customer.email", "text", "user.contact.email", 0.98, ("values:EMAIL_ADDRESS:0.97",)),
                Mapped(f'public.customer."{HOSTILE}"', "text", "unknown", 0.5, ("locked",)),
                Mapped("public.customer.note", "text", "scan", 1.0, ("reviewed",), reviewed=True),
            ),
            120,
        ),
        MappedTable(
            "public.orders",
            "view",
            (
                Mapped(
                    "public.orders.mail",
                    "text",
                    "user.contact.email",
                    0.9,
                    ("lineage:public.customer.email",),
                    (Lineage("copy", "public.customer.email"),),
                ),
            ),
        ),
    ),
    left_out=("3 parts of documents",),
)


def page() -> str:
    return map_page(FOUND, read("p.yaml", {"p.yaml": POLICY}, {}))


def test_the_page_asks_for_nothing_and_escapes_what_it_tells() -> None:
    html = page()
    assert "<script" not in html
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", html)
    assert not re.findall(r"\s(?:src|srcset|on\w+)=", html)
    assert "&lt;script&gt;" in html


def test_every_field_is_told_with_how_sure_and_why() -> None:
    html = page()
    for words in (
        "97 % of the values are EMAIL_ADDRESS",
        "its table was locked",
        "a person judged it",
        "copy of public.customer.email",
        "98 %",
        "120 rows sampled",
        "Left out: 3 parts of documents",
    ):
        assert words in html, words


def test_the_headings_are_in_order() -> None:
    levels = [int(level) for level in re.findall(r"<h(\d)", page())]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_without_a_policy_there_is_the_asset_alone() -> None:
    html = map_page(FOUND)
    assert "There is no policy yet" in html
    assert "Flows of the policy" not in html


def drawing(html: str) -> Tree.Element:
    found = re.search(r"<svg.*?</svg>", html, re.DOTALL)
    assert found is not None
    return Tree.fromstring(found[0])  # noqa: S314 (our own)


SVG = "{http://www.w3.org/2000/svg}"


def test_zones_assets_and_flows_are_drawn_and_described() -> None:
    svg = drawing(page())
    texts = [each.text for each in svg.iter(f"{SVG}text")]
    assert {"core", "staff", "outside", "shop", "app", "saas"} <= set(texts)
    assert any("reads: from shop to staff, observed" in (text or "") for text in texts)
    paths = [each.get("class") for each in svg.iter(f"{SVG}path") if "flow" in (each.get("class") or "")]
    assert paths == ["flow observed", "flow", "flow"]
    assert svg.get("role") == "img"
    description = svg.find(f"{SVG}desc")
    assert description is not None
    assert "writes: from staff to shop" in (description.text or "")


def many() -> tuple[list[Column], list[Arrow]]:
    columns = [
        Column(f"z{n}", "label", n == 3, tuple(Box(f"a{n}-{m}", "log", "nothing") for m in range(n % 3 + 1)))
        for n in range(5)
    ]
    names = [box.name for column in columns for box in column.boxes] + [column.name for column in columns]
    arrows = [Arrow(f"f-{a}-{b}", a, b, a < b) for a in names[::2] for b in names[1::3] if a != b]
    return columns, arrows


def test_no_line_crosses_a_box_and_none_lies_on_another() -> None:
    columns, arrows = many()
    svg = Tree.fromstring(draw(columns, arrows))  # noqa: S314 (our own)
    boxes = [
        tuple(float(each.get(key) or 0) for key in ("x", "y", "width", "height"))
        for each in svg.iter(f"{SVG}rect")
        if each.get("class") == "asset"
    ]
    verticals: list[float] = []
    for line in svg.iter(f"{SVG}path"):
        if "flow" not in (line.get("class") or ""):
            continue
        steps = re.findall(r"([MHV])([\d.]+)(?: ([\d.]+))?", line.get("d") or "")
        x, y = float(steps[0][1]), float(steps[0][2])
        for letter, first, _ in steps[1:]:
            to_x, to_y = (float(first), y) if letter == "H" else (x, float(first))
            for left, top, wide, high in boxes:
                low_x, high_x = sorted((x, to_x))
                low_y, high_y = sorted((y, to_y))
                inside = low_x < left + wide - 2 and high_x > left + 2 and low_y < top + high - 2 and high_y > top + 2
                assert not inside, line.get("d")
            if letter == "V":
                verticals.append(x)
            x, y = to_x, to_y
    assert len(verticals) == len(set(verticals)) > 20


@pytest.mark.parametrize("word", ["x" * 400, HOSTILE, "Straße 7 \x07"])
def test_long_and_hostile_words_stay_in_their_boxes(word: str) -> None:
    svg = Tree.fromstring(draw([Column(word, word, False, (Box(word, word, word),))], []))  # noqa: S314 (our own)
    assert all(len(each.text or "") < 60 for each in svg.iter(f"{SVG}text"))
