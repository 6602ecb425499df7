"""Every command that a page shows is run in a folder with a log, a service and payloads of one's own, and prints what is said."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs_pages import PAGES, ROOT, Command, all_blocks, as_pattern, blocks, commands, name_of

from ringfence.demo.place import Place
from ringfence.demo.running import stop_writer

YOURS = Path(__file__).with_name("yours")
PATIENCE = 240  # seconds for all commands of a page, on a busy machine
MOST_NOT_RUN = 10  # blocks of all pages together

# One shell for a whole page, so that `cd`, variables and `$?` are as a reader's. Each command's output and code go to files.
STEP = 'command=$(cat {number}.command); (exit $last); eval "$command" >{number}.out 2>&1; last=$?; echo $last >{number}.code\n'


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder as a reader has one, and end what was started in it."""
    made = tmp_path / "yours"
    shutil.copytree(YOURS, made)
    (made / "my-service").chmod(0o755)
    yield made
    stop_writer(Place(made))


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Give a folder with `ringfence` and `python3` of this installation, whatever is on PATH."""
    made = tmp_path / "programs"
    made.mkdir()
    shims = {"ringfence": '-c "from ringfence.cli import main; main()"', "python": "", "python3": ""}
    for name, arguments in shims.items():
        shim = made / name
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        shim.chmod(0o755)
    return made


def environment(programs: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGFENCE_", "LOGS_", "GIT_"))}
    return {
        **kept,
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONIOENCODING": "utf-8",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,  # a page's commands do the same for everybody
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def run_all(shown: list[Command], folder: Path, programs: Path) -> list[tuple[str, str]]:
    """Run commands in one shell; give the output and the exit code of each."""
    steps = folder.parent / "steps"
    steps.mkdir()
    script = "last=0\n"
    for number, command in enumerate(shown):
        (steps / f"{number}.command").write_text(command.text)
        script += STEP.format(number=steps / str(number))
    subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(programs),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=True,
    )
    return [
        ((steps / f"{number}.out").read_text(errors="replace"), (steps / f"{number}.code").read_text().strip())
        for number in range(len(shown))
    ]


def shown_on(page: Path) -> list[Command]:
    return [command for block in blocks(page) if block.kind == "console" and block.runs for command in commands(block)]


@pytest.mark.parametrize("page", [page for page in PAGES if shown_on(page)], ids=name_of)
def test_the_commands_of_a_page_print_what_it_says(page: Path, folder: Path, programs: Path) -> None:
    shown = shown_on(page)
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text)
    done = run_all(shown, folder, programs)
    for number, (command, (output, code)) in enumerate(zip(shown, done, strict=True)):
        where = f"{command.block}: $ {command.text}"
        following = shown[number + 1] if number + 1 < len(shown) else None
        if following is None or following.block is not command.block or following.text != "echo $?":
            assert code == "0", f"{where}\nended with {code}:\n{output}"
        if command.shown:
            plain = re.sub(r"[ \t]+\n", "\n", output)
            plain = plain if plain.endswith("\n") else f"{plain}\n"
            assert as_pattern(command.shown).fullmatch(plain), f"{where}\nprinted something else:\n{output}"


def test_what_a_page_shows_is_compared_and_not_only_run() -> None:
    assert as_pattern(["made  …", "...", "end"]).fullmatch("made  ringfence.yaml\na\nb\nend\n")
    assert not as_pattern(["made  …", "end"]).fullmatch("made  ringfence.yaml\na\nend\n")
    assert not as_pattern(["1"]).fullmatch("12\n")


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    skipped = [block for block in all_blocks() if not block.runs]
    elsewhere = [
        block
        for block in skipped
        if (named := re.search(r"(tests/\S+\.py) runs it$", block.said)) and (ROOT / named[1]).is_file()
    ]
    assert len(skipped) - len(elsewhere) <= MOST_NOT_RUN, [str(block) for block in skipped]
    for block in skipped:
        assert re.fullmatch(r"norun: \S.{10,}", block.said), f"{block}: say why it is not run"
