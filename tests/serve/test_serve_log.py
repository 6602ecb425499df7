"""The log says what happened, and never what somebody's data was."""

import json
import subprocess
import sys

import pytest
from serve_plays import Client, Place, one_worker, running, until

from ringfence.serve.faults import ServeFault
from ringfence.serve.log import Log, LogFormat

place = pytest.fixture(one_worker)

MAIL = "ada.nowak@posta-nova.net"


def written(format_: LogFormat) -> tuple[Log, list[bytes]]:
    lines: list[bytes] = []
    return Log(format_, {"gate": "pg"}, lines.append), lines


def test_a_line_is_one_json_object_with_time_level_and_where_it_is_from() -> None:
    log, lines = written(LogFormat.JSON)
    log.within(worker=3).warning("slow", "reading", seconds=1.5)
    (line,) = lines
    said = json.loads(line)
    assert said.pop("time").endswith("Z")
    assert said == {"level": "warning", "gate": "pg", "worker": 3, "event": "slow", "text": "reading", "seconds": 1.5}
    assert line.count(b"\n") == 1


def test_text_from_outside_is_scrubbed_and_stays_one_line() -> None:
    for format_ in LogFormat:
        log, lines = written(format_)
        log.info("client", f"application {MAIL}\nlevel=error event=forged \x1b[31m" + "x" * 5000)
        (line,) = lines
        assert MAIL.encode() not in line
        assert line.count(b"\n") == 1
        assert b"\x1b" not in line
        assert len(line) < 2000


def test_of_a_foreign_error_only_its_type_and_place_are_told() -> None:
    log, lines = written(LogFormat.JSON)
    try:
        int(MAIL)
    except ValueError as error:
        log.fault("broken", error)
    said = json.loads(lines[0])
    assert said["text"].startswith("internal error (ValueError in test_serve_log.py:")
    assert "nowak" not in lines[0].decode()


def test_of_an_own_error_what_and_mend_are_told_and_of_several_the_first() -> None:
    log, lines = written(LogFormat.JSON)
    log.fault("failed", ExceptionGroup("", [ServeFault("no gate", "declare one"), ValueError()]))
    said = json.loads(lines[0])
    assert (said["text"], said["mend"]) == ("no gate", "declare one")


FOREIGN = f"""
import asyncio, logging, warnings
from ringfence.serve.log import Log, LogFormat, silence_foreign_words, watch_loop
silence_foreign_words(Log(LogFormat.JSON))
logging.getLogger("some.library").error("failed for %s", "{MAIL}")
warnings.warn("{MAIL}")
class Falls:
    def __del__(self): raise ValueError("{MAIL}")
fallen = Falls()
del fallen
async def forgotten(): raise ValueError("{MAIL}")
async def main():
    watch_loop(asyncio.get_running_loop(), Log(LogFormat.JSON))
    task = asyncio.create_task(forgotten())
    await asyncio.sleep(0)
    del task
    import gc; gc.collect()
    await asyncio.sleep(0)
asyncio.run(main())
raise ValueError("{MAIL}")
"""


def test_what_python_and_libraries_would_write_by_themselves_is_told_without_their_words() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FOREIGN],
        capture_output=True,
        text=True,
    )
    assert MAIL not in done.stderr + done.stdout
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in said] == ["library", "broken", "broken", "broken"]
    assert (said[0]["library"], said[1]["type"]) == ("some", "ValueError")


def test_a_log_that_nobody_reads_stops_nothing() -> None:
    code = (
        "import os; from ringfence.serve.log import Log, LogFormat\n"
        "os.close(2); Log(LogFormat.TEXT).info('event'); print('on')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "on\n"


def test_what_a_client_of_a_running_gate_says_is_scrubbed(place: Place) -> None:
    with running(place) as up, Client(up.port) as client:
        client.ask(f"log I am {MAIL}")
        until(lambda: up.events("client"), "it is logged")
        (line,) = up.events("client")
        assert (line["text"], line["gate"], line["worker"]) == ("I am [redacted:email]", "pg", 0)


def test_the_loop_of_a_worker_is_said_once(place: Place) -> None:
    with running(place) as up:
        up.expect()
        assert [line["loop"] for line in up.log() if "loop" in line] in (["uvloop"], ["asyncio"])
        assert up.end() == 0
