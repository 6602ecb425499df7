"""A page asks for nothing, escapes everything once, and has the headings, captions and marks that make it readable by all."""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from shutil import which

import pytest

from ringfence.pages import badge, facts, figure, joined, listed, page, section, table, text
from ringfence.pages.parts import drawn
from ringfence.pages.skeleton import STYLE

HOSTILE = "<script>alert('x')</script> & \"quotes\"\x00\x1b[31m"


class Reader(HTMLParser):
    """Reads a page as a browser does: tags with their attributes, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def made() -> str:
    return page(
        HOSTILE,
        [
            section(
                HOSTILE,
                [
                    text(HOSTILE),
                    table(HOSTILE, ("a", HOSTILE), [(HOSTILE, badge(HOSTILE, "personal"))]),
                    listed([HOSTILE, joined([HOSTILE, badge("none", "none")])]),
                    facts([(HOSTILE, HOSTILE)]),
                    figure(HOSTILE, drawn('<svg role="img"></svg>')),
                ],
            )
        ],
        lead=HOSTILE,
        foot=HOSTILE,
    )


def test_whatever_is_handed_in_is_text_and_stays_so() -> None:
    read = Reader(made())
    assert read.open == []
    assert "script" not in {tag for tag, _ in read.tags}
    assert sum("<script>alert" in words for words in read.words) >= 12
    assert "\x00" not in made()
    assert "\x1b" not in made()


def test_a_page_asks_for_nothing() -> None:
    read = Reader(made())
    for tag, attributes in read.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "form")
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "data", "action")
            assert name != "href" or (value or "").startswith("#")
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "default-src 'none'" in made()


def test_a_page_has_one_first_heading_a_language_and_captions() -> None:
    read = Reader(made())
    tags = [tag for tag, _ in read.tags]
    assert tags.count("h1") == 1
    assert tags.count("caption") == tags.count("table")
    assert tags.count("main") == 1
    assert ("html", {"lang": "en"}) in read.tags
    assert all("scope" in attributes for tag, attributes in read.tags if tag == "th")


def schemes() -> dict[str, dict[str, str]]:
    """Give the colours of each scheme: light, dark, print."""
    light, rest = STYLE.split("@media (prefers-color-scheme:dark)")
    dark, printed = rest.split("@media print")
    found = {"light": light, "dark": dark.partition("*{")[0], "print": printed}
    return {name: dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", css)) for name, css in found.items()}


@pytest.mark.parametrize("columns", [5, 7, 8, 13])
def test_on_paper_no_column_is_cut_off(tmp_path: Path, columns: int) -> None:
    browser, reader = (which(name) for name in ("chromium", "pdftotext"))
    if browser is None or reader is None:
        pytest.skip("no chromium and pdftotext here")
    heads = [f"of unknown outcome {number}" for number in range(columns)]
    row = ["observe", *(f"user.contact.address.postal_code{number}" for number in range(columns - 2))]
    file, paper, words = tmp_path / "page.html", tmp_path / "page.pdf", tmp_path / "words.html"
    file.write_text(page("A report", [section("Rows", [table("Rows", heads, [[*row, "last"]])])]), encoding="utf-8")
    told = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--user-data-dir={tmp_path}/b",
    ]
    subprocess.run(
        [browser, *told, f"--print-to-pdf={paper}", file.as_uri()], check=True, capture_output=True, timeout=60
    )
    subprocess.run([reader, "-bbox", paper, words], check=True, capture_output=True, timeout=60)
    text_of = words.read_text(encoding="utf-8")
    width = float(re.findall(r'<page width="([0-9.]+)"', text_of)[0])
    ends = {word: float(end) for end, word in re.findall(r'xMax="([0-9.]+)" yMax="[0-9.]+">([^<]*)</word>', text_of)}
    assert {"last", "observe"} <= ends.keys(), "a short word is not broken to make room for a long one"
    assert max(ends.values()) <= width


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_colours_keep_their_contrast(scheme: str) -> None:
    colours = schemes()[scheme]
    pairs = [(ink, ground) for ink in ("text", "soft", "accent") for ground in ("ground", "raised")]
    pairs += [(tone, f"{tone}-ground") for tone in ("personal", "scan", "unknown", "none")]
    for ink, ground in pairs:
        high, low = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)
