"""What the pages name exists, and what exists is named: links, files, commands, flags, keys, entities, categories, forms."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from docs_pages import DOCS, PAGES, ROOT, all_blocks, anchors, inline, links, name_of

from ringfence.carriers import FORMATS, _markup, coding, multipart
from ringfence.carriers.coding import CODINGS
from ringfence.cli import pipe
from ringfence.cli._program import COMMANDS, module_of
from ringfence.cli.explain import KINDS as ENTRY_KINDS
from ringfence.crossing import Reason, crossing
from ringfence.crossing.entries import PLACES_KEPT
from ringfence.demo.scenes import SCENES
from ringfence.detect import RECOGNIZERS
from ringfence.extract import confined
from ringfence.extract import model as extracted
from ringfence.extract.model import Bounds, Why
from ringfence.extract.recognising import READERS
from ringfence.gates.git.hooks import LOCAL_HOOKS, SERVER_HOOKS
from ringfence.gates.git.model import Standing
from ringfence.gates.git.pushing import FINDINGS_KEPT
from ringfence.gates.git.running import OLDEST
from ringfence.gates.logs import reading, stream, windows
from ringfence.ledger import client
from ringfence.ledger.address import IDLE_SECONDS
from ringfence.ledger.faults import Fault
from ringfence.ledger.schema import FORMAT
from ringfence.ledger.store import SEGMENT
from ringfence.ledger.verifying import ProblemCode
from ringfence.ledger.writer import MOST_CLIENTS
from ringfence.policy import FormKind, lint, schema
from ringfence.policy.model import BUILT_IN_FORMS
from ringfence.report import scan_text
from ringfence.report.scan_outputs import OUTPUTS
from ringfence.taxonomy import CATEGORIES, ENTITIES

FOLDERS = ("src/", "tests/", "docs/", "tools/", "benchmarks/", "fuzz/", "examples/")
PICTURES = sorted((DOCS / "images").glob("*.svg"))


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def options() -> dict[str, set[str]]:
    """Give every command as it is typed, with its options."""
    found: dict[str, set[str]] = {}
    for name in COMMANDS:
        made = typer.main.get_command(importlib.import_module(module_of(name)).app)
        subcommands = getattr(made, "commands", None)
        pairs = [(f"{name} {sub}", one) for sub, one in subcommands.items()] if subcommands else []
        if not subcommands or made.invoke_without_command:
            pairs.append((name, made))
        for typed, one in pairs:
            found[typed] = {opt for param in one.params for opt in param.opts if opt.startswith("-")} | {"--help"}
    return found


def test_generated_pages_are_what_the_code_says() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "write_docs.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_that_is_behind_the_code_is_noticed(tmp_path: Path) -> None:
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8").replace("| `EMAIL_ADDRESS` |", "| `E_MAIL` |")
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / page.name).write_text(text, encoding="utf-8")
    (tmp_path / "tools").mkdir()
    tool = tmp_path / "tools" / "write_docs.py"
    tool.write_text((ROOT / "tools" / "write_docs.py").read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "docs/entities.md: entities" in done.stdout
    assert "make docs" in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        if re.match(r"https://", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.is_relative_to(ROOT), target
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = [text.partition("::")[0] for text in inline(page) if text.startswith(FOLDERS) and "*" not in text]
    missing = [text for text in named if not (ROOT / text).exists() and "NAME" not in text]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = [line for block in all_blocks("console") if block.page == page for line in block.text.splitlines()]
    named = {word for text in (*inline(page), *shown) for word in re.findall(r"^(?:\$ )?make ([a-z]+)", text)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_flag_that_is_named_exists(page: Path) -> None:
    known = options()
    wrong = []
    for text in inline(page):
        words = text.split()
        if len(words) < 2 or words[0] != "ringfence" or not re.fullmatch(r"[a-z]+", words[1]):
            continue
        typed = " ".join(words[1:3]) if " ".join(words[1:3]) in known else words[1]
        group = any(name.partition(" ")[0] == typed for name in known)
        own = words[: words.index("--")] if "--" in words else words
        flags = {word.partition("=")[0] for word in own if word.startswith("--")}
        if (not group and typed not in known) or (typed in known and not flags <= known[typed]):
            wrong.append(text)
    assert not wrong


def test_every_command_and_flag_is_in_the_page_of_commands() -> None:
    page = text_of("cli.md")
    for typed, flags in options().items():
        section = re.search(rf"^#+ ringfence {typed}\n((?:(?!#).*\n?)*)", page, re.MULTILINE)
        assert section is not None, typed
        for flag in flags - {"--help"}:
            assert f"`{flag}`" in section[1], f"{typed} {flag}"


def test_every_environment_variable_is_in_the_page_of_commands() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    for name in set(re.findall(r'"(RINGFENCE_[A-Z]+)"', sources)):
        assert f"`{name}`" in text_of("cli.md"), name


def test_every_entity_category_and_form_has_its_place() -> None:
    assert {one.entity for one in RECOGNIZERS} == set(ENTITIES)
    for entity in ENTITIES:
        assert f"| `{entity}` |" in text_of("entities.md")
    for category in CATEGORIES:
        assert f"| `{category}`" in text_of("categories.md")
    for kind in FormKind:
        heading = f"## {kind.value}\n" in text_of("transforms.md")
        assert heading or (kind.value in BUILT_IN_FORMS and f"`{kind.value}`" in text_of("transforms.md")), kind
    for name in BUILT_IN_FORMS:
        assert f"`{name}`" in text_of("policy.md")


def test_every_policy_key_is_in_the_page_of_the_policy() -> None:
    made = schema()
    page = text_of("policy.md").partition("## Every key")[2]
    definitions = made["$defs"]
    assert isinstance(definitions, dict)
    for part in (made, *definitions.values()):
        for key in part["properties"]:
            assert f"| `{key}`" in page, key


def test_every_code_of_lint_is_in_the_page_of_the_policy() -> None:
    codes = re.findall(r"``([a-z-]+)``", lint.__doc__ or "")
    assert len(codes) > 10
    for code in codes:
        assert f"| `{code}` |" in text_of("policy.md"), code


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("logs.md", [reason.value for reason in Reason]),
        ("logs.md", list(FORMATS)),
        ("formats.md", [*FORMATS, *(name for name in CODINGS if name != "x-gzip")]),
        ("ledger.md", list(ENTRY_KINDS)),
        ("ledger.md", [fault.value for fault in Fault]),
        ("ledger.md", [problem.value for problem in ProblemCode]),
        ("code.md", list(READERS)),
        ("code.md", [word.value for word in (*Why, *extracted.Fault)]),
        ("code.md", [standing.value for standing in Standing]),
        ("code.md", list(OUTPUTS)),
        ("code.md", [*LOCAL_HOOKS, *SERVER_HOOKS]),
    ],
    ids=[
        "reasons",
        "formats",
        "formats and codings",
        "kinds of entries",
        "faults",
        "problems",
        "readers of files",
        "what is left out or not read",
        "standings",
        "outputs of a scan",
        "hooks",
    ],
)
def test_every_word_of_a_closed_set_is_explained(page: str, words: list[str]) -> None:
    for word in words:
        assert f"`{word}`" in text_of(page), word


@pytest.mark.parametrize(
    ("page", "said", "figure", "is_so"),
    [
        ("logs.md", "reached 64 KiB", windows.FULL, 64 * 1024),
        ("logs.md", "for 2 ms", reading.IDLE, 0.002),
        ("logs.md", "for 0.1 s", reading.TRACE, 0.1),
        ("logs.md", "one second after its first line", reading.LONGEST, 1.0),
        ("logs.md", "more than 1 MiB is refused", windows.LONGEST_LINE, 1024 * 1024),
        ("logs.md", "up to 128 KiB is held whole", crossing.HOLD, 128 * 1024),
        ("logs.md", "about eight windows", stream.IN_FLIGHT, 8),
        ("logs.md", "four times a second", stream.RETRY, 0.25),
        ("logs.md", "for two seconds at most", pipe.PATIENCE, 2.0),
        ("formats.md", "more than 100 times as much", coding.MAX_RATIO, 100),
        ("formats.md", "exceed 1 MiB", coding.HOLD, 1024 * 1024),
        ("formats.md", "3 codings", coding.MAX_CODINGS, 3),
        ("formats.md", "3 multiparts", multipart.MAX_DEPTH, 3),
        ("formats.md", "96 bytes on either side", _markup.AROUND, 96),
        ("ledger.md", "Version 2 of the file", FORMAT, 2),
        ("ledger.md", "each 1,024 entries", SEGMENT, 1024),
        ("ledger.md", "waits one second for a receipt", client.DEADLINE, 1.0),
        ("ledger.md", "the first eight positions", PLACES_KEPT, 8),
        ("code.md", "512 MiB come out at most", Bounds().unpacked, 512 << 20),
        ("code.md", "no more than 250 times what went in", Bounds().ratio, 250),
        ("code.md", "20,000 members", Bounds().members, 20_000),
        ("code.md", "6 archives in one another", Bounds().depth, 6),
        ("code.md", "256 levels of a document", Bounds().nesting, 256),
        ("code.md", "held whole, of more than 64 MiB", Bounds().document, 64 << 20),
        ("code.md", "after 120 seconds of a processor", confined._SECONDS, 120),
        ("code.md", "or 640 MiB", confined._MEMORY, 640 << 20),
        ("code.md", "for the first twenty", FINDINGS_KEPT, 20),
        ("code.md", "told by their first five", scan_text._FIRST, 5),
        ("code.md", "Git 2.30 or newer", OLDEST, (2, 30)),
        ("operations.md", "after half a minute without a client", IDLE_SECONDS, 30.0),
        ("operations.md", "at most 512 clients", MOST_CLIENTS, 512),
    ],
)
def test_a_figure_that_a_page_names_is_the_codes(page: str, said: str, figure: object, is_so: object) -> None:
    assert said in " ".join(text_of(page).split())
    assert figure == is_so


def test_every_benchmark_is_named() -> None:
    names = re.search(
        r"^NAMES = \((.*?)^\)$", (ROOT / "benchmarks/__main__.py").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert names is not None
    for name in re.findall(r'"(\w+)"', names[1]):
        assert f"`{name}`" in text_of("benchmarks.md"), name


def test_every_room_is_on_the_map_of_the_house() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for room in (ROOT / "src" / "ringfence").iterdir():
        if (room / "__init__.py").exists():
            assert f"`{room.name}/`" in page, room.name


def test_every_page_is_reached_from_the_readme() -> None:
    reached = set(links(ROOT / "README.md"))
    for page in DOCS.glob("*.md"):
        assert f"docs/{page.name}" in reached, page.name


def test_the_changelog_speaks_of_this_version() -> None:
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    assert f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readme_and_the_help_count_the_demos_steps() -> None:
    words = {
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
    }
    said = f"{words[len(SCENES)]} steps"
    assert said in (ROOT / "README.md").read_text(encoding="utf-8").casefold()
    assert f"in {said}" in (DOCS / "cli.md").read_text(encoding="utf-8")


def test_the_pictures_show_scenes_that_the_demo_still_has_and_fetch_nothing() -> None:
    titles = {scene.title for scene in SCENES}
    drawn = [picture.read_text(encoding="utf-8").replace("&#160;", " ") for picture in PICTURES]
    shown = {title for picture in drawn for title in re.findall(r"\d\. ([A-Z][a-z ]+?) ?<", picture)}
    assert shown
    assert shown <= titles
    for picture in drawn:
        assert not re.findall(r"(?:href|src)=.?https?:|url\(.?https?:|@import", picture)
        assert "FAILED" not in picture


@pytest.mark.parametrize("page", [*PAGES, *PICTURES], ids=name_of)
def test_no_page_knows_this_machine_or_a_registry(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"(?<![\w.])/(?:work|root|home|tmp|opt|Users)/\S*", text)
    found += re.findall(r"\b(?:pypi\.org|pythonhosted|npmjs|crates\.io|docker\.io|ghcr\.io)\S*", text)
    assert not found
    assert str(ROOT) not in text
