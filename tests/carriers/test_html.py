"""HTML: all that a browser's reader sees is in a field, and what is written is what it sees."""

import random
import warnings
from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree

import pytest
from carrier_plays import cut_at, every_byte, feed, values

from ringfence.carriers import Change, Fault, HtmlCarrier, Undecodable, released
from ringfence.carriers._markup import Kind, MarkupField
from ringfence.carriers._spans import ScatteredField
from ringfence.carriers.model import Unit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import html5lib

PAGE = (
    b"<!DOCTYPE html><html><head><title>Order of Ada &amp; Co</title><style>p {}</style></head><body class=shop>"
    b"<p title='for &quot;Ada&quot;'>Mail: ada<b>@example</b>.com<br>Call 1 < 2 &copy; now</p><!-- made for ada -->"
    b"<input name=mail value=ada@example.com disabled><script>var a = '</b>ada@example.com';</script></body></html>"
)


def test_text_attributes_comments_and_scripts_are_fields() -> None:
    assert values(feed(HtmlCarrier(), every_byte(PAGE))) == [
        ("doctype", b" html"),
        ("title", b"Order of Ada & Co"),
        ("style", b"p {}"),
        ("body.@class", b"shop"),
        ("p.@title", b'for "Ada"'),
        ("text", b"Mail: ada"),
        ("text", b"@example"),
        ("text", b".com"),
        ("text", b"Mail: ada@example.com"),
        ("text", "Call 1 < 2 © now".encode()),
        ("comment", b" made for ada "),
        ("input.@name", b"mail"),
        ("input.@value", b"ada@example.com"),
        ("script", b"var a = '</b>ada@example.com';"),
    ]


def test_an_address_that_is_cut_by_an_element_is_taken_out_whole() -> None:
    carrier = HtmlCarrier()
    [unit] = feed(carrier, [PAGE])
    joined = next(item for item in unit.fields if isinstance(item, ScatteredField))
    made = released(carrier, unit, carrier.write(unit, joined, [Change(6, 21, "***")]))
    assert b"<p title='for &quot;Ada&quot;'>Mail: ***<b></b><br>" in made


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b'<p ="a>b">', Fault.AMBIGUOUS),
        (b'<p title=a"b>x</p>', Fault.TRUNCATED),
        (b"ada@<table>example.com</table>", Fault.AMBIGUOUS),
        (b"<table><tr><td>a</td>b</tr></table>", Fault.AMBIGUOUS),
        (b"<p title= >", Fault.AMBIGUOUS),
        (b'<a href=x/y="b c">', Fault.AMBIGUOUS),
        (b"</p title=ada>", Fault.AMBIGUOUS),
        (b"<p <b>", Fault.AMBIGUOUS),
        (b"<!-->ada@example.com-->", Fault.AMBIGUOUS),
        (b"<!--->x-->", Fault.AMBIGUOUS),
        (b"<!-- a --!> x -->", Fault.AMBIGUOUS),
        (b"<p><![CDATA[x]]>", Fault.AMBIGUOUS),
        (b"ada\x00@example.com", Fault.AMBIGUOUS),
        (b"<script><!--<script></script>ada</script>", Fault.AMBIGUOUS),
        (b"<svg><style>&#64;</style></svg>", Fault.AMBIGUOUS),
        (b"<svg><desc></svg></desc><style>&#64;</style>", Fault.AMBIGUOUS),
        (b"<plaintext>x", Fault.UNSUPPORTED),
        (b"<p title='x", Fault.TRUNCATED),
        (b"<!-- x", Fault.TRUNCATED),
        (b"<script>x</scrip>", Fault.TRUNCATED),
        (b"<title>", Fault.TRUNCATED),
        (b"x</p", Fault.TRUNCATED),
    ],
)
def test_what_browsers_and_others_read_in_different_ways_is_refused(raw: bytes, fault: Fault) -> None:
    for pieces in ([raw], every_byte(raw)):
        with pytest.raises(Undecodable) as caught:
            feed(HtmlCarrier(), pieces)
        assert caught.value.fault is fault


def seen(data: bytes) -> Iterator[tuple[str, str]]:
    """Give all texts, attributes and comments that an HTML reader sees."""
    tree = html5lib.parse(data.decode("utf-8", "replace"), treebuilder="etree", namespaceHTMLElements=False)
    for element in tree.iter():
        if element.tag is ElementTree.Comment or not isinstance(element.tag, str):
            yield "comment", element.text or ""
        elif element.tag != "<!DOCTYPE>":
            yield "text", element.text or ""
            for value in element.attrib.values():
                yield "attribute", value
        yield "text", element.tail or ""


BITS = [
    b"<p>",
    b"</p>",
    b"<b>",
    b"</b>",
    b"<a href='",
    b'" title="',
    b"'>",
    b"&amp;",
    b"&lt",
    b"&#64;",
    b"&copy",
    b"<",
    b">",
    b"=",
    b'"',
    b"'",
]
BITS += [
    b"<!--",
    b"-->",
    b"<!x>",
    b"<?y>",
    b"</1>",
    b"<script>",
    b"</script>",
    b"<textarea>",
    b"</textarea >",
    b"/",
    b" ",
    b"\n",
    b"\xc3\xa9",
]
BITS += [
    b"ada@x.example",
    b"word",
    b"<table>",
    b"<td>",
    b"<br/>",
    b"<input value=",
    b"<svg>",
    b"--",
    b"!",
    b"&",
    b";",
    b"`",
]


def _words(text: str) -> list[str]:
    return text.replace("\r", "\n").split()


def test_whatever_a_reader_sees_of_a_page_that_passes_is_in_a_field() -> None:
    rng = random.Random(3)
    passed = 0
    for _ in range(5000):
        data = b"".join(rng.choices(BITS, k=rng.choice((3, 6, 12))))
        try:
            units = feed(HtmlCarrier(), cut_at(data, [rng.randrange(len(data) + 1)]))
        except Undecodable:
            continue
        passed += 1
        assert b"".join(unit.raw for unit in units) == data
        texts = [item.value.decode("utf-8", "replace") for unit in units for item in unit.fields]
        for kind, value in seen(data):
            if kind == "attribute":
                assert not value.strip() or any(value in text for text in texts), (data, value)
            else:
                for word in _words(value):
                    assert any(word in text for text in texts), (data, word)
    assert passed > 800


CHARACTERS = ["a", "B", "7", " ", "<", ">", "&", '"', "'", "é", "😹", "@", ".", ";", "#", "=", "/", "-", "amp", "x"]
TEXTS = ["*", "[mail]", "<b>", "&amp;", "é😹", "", '"', "'", "script", "/p>", "lt;", "!--", " ", "x" * 30]


def make(rng: random.Random) -> tuple[bytes, list[tuple[str, str]]]:
    """Make a page of paragraphs with attributes; give what must be read of it, in order."""
    spelt, nodes = "", []
    for _ in range(rng.choice((1, 2, 4))):
        spelt += "<p"
        if rng.random() < 0.6:
            text = words(rng)
            how = rng.randrange(3)
            if how == 0 and text.isalnum():
                spelt += f" title={text}"
            else:
                spelt += f' title="{escape(text)}"' if how == 1 else f" title = '{escape(text)}'"
            nodes.append(("attribute", text))
        spelt += ">"
        if rng.random() < 0.8:
            text = words(rng)
            nodes.append(("text", text))
            loose = rng.random() < 0.3 and not any(mark in text for mark in "<&")
            spelt += text if loose else escape(text, quote=rng.random() < 0.5)
        spelt += "</p>"
    return spelt.encode(), nodes


def words(rng: random.Random) -> str:
    return "".join(rng.choices(CHARACTERS, k=rng.choice((1, 3, 9)))).strip() or "x"


def test_what_is_written_is_what_a_reader_sees() -> None:
    rng = random.Random(12)
    for _ in range(2500):
        raw, nodes = make(rng)
        carrier = HtmlCarrier()
        units = feed(carrier, cut_at(raw, [rng.randrange(len(raw) + 1)]))
        [unit] = units
        fields = [item for item in unit.fields if isinstance(item, MarkupField) and item.kind is not Kind.NAME]
        assert [item.value.decode() for item in fields] == [text for _, text in nodes]
        edits = []
        for number, (item, (kind, text)) in enumerate(zip(fields, nodes, strict=True)):
            if rng.random() < 0.5:
                continue
            start, end = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
            new = rng.choice(TEXTS)
            edits += carrier.write(unit, item, [Change(len(text[:start].encode()), len(text[:end].encode()), new)])
            nodes[number] = (kind, text[:start] + new + text[end:])
        made = released(carrier, unit, edits)
        found = [(kind, text) for kind, text in seen(made) if text]
        assert sorted(_kept(found)) == sorted(_kept(nodes)), (raw, made)


def _kept(nodes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out what is white space alone, which is no field."""
    return [(kind, text) for kind, text in nodes if text.strip()]


def test_a_part_that_is_taken_out_leaves_neither_a_tag_nor_a_reference() -> None:
    carrier = HtmlCarrier()
    for raw, start, end in ((b"a < xb>c", 3, 5), (b"&axmp; z", 2, 3), (b"<script>a < /script</script>", 3, 4)):
        unit = feed(carrier := HtmlCarrier(), [raw])[0]
        item = unit.fields[0]
        made = released(carrier, unit, carrier.write(unit, item, [Change(start, end, "")]))
        assert len(values(feed(HtmlCarrier(), [made]))) == len(values([unit]))


def test_a_name_that_may_hold_something_is_a_field() -> None:
    units: list[Unit] = feed(HtmlCarrier(), [b"<p ada@example.com data-x=1><x-4915112345678></x-4915112345678>"])
    assert [item.value for unit in units for item in unit.fields if item.is_key] == [
        b"ada@example.com",
        b"x-4915112345678",
        b"x-4915112345678",
    ]
