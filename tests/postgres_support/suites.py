"""The test suites of client libraries, out of their source distributions, run against any server.

The rule: the suites are fetched when they are asked for, by pip, and stay outside this repository; what is installed is tested, so
the same versions are fetched. A suite is run by pytest in a process and a folder of its own, and gives the outcome of each test.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

PASSED = "passed"
FETCHING, RUNNING = 300.0, 1500.0


@dataclass(frozen=True)
class Suite:
    """A library's suite: where its tests are in the source distribution, and what of them is run."""

    package: str
    folder: str
    paths: Sequence[str]
    user: str  # as which it connects
    database: str  # to which
    changes: Mapping[str, tuple[str, str]]  # by file: a text, and what takes its place
    deselected: Sequence[str] = ()
    needs: Sequence[str] = ()  # what its tests import beside


ASYNCPG = Suite(
    "asyncpg",
    "tests",
    ["tests"],
    "client",
    "postgres",
    {},
    # They look at asyncpg's own sources with tools of their own.
    ["tests/test__sourcecode.py", "tests/test__environment.py"],
    ["distro"],
)
PG8000 = Suite(
    "pg8000",
    "test",
    ["test/native", "test/dbapi", "test/legacy", "test/test_converters.py", "test/test_types.py"],
    "client",
    "client",
    {f"test/{one}/conftest.py": ('"user": "postgres"', '"user": "client"') for one in ("native", "dbapi", "legacy")},
    # The first need a server with accounts of several kinds, the others measure time.
    [f"test/{one}/{what}" for one in ("native", "dbapi", "legacy") for what in ("auth", "test_benchmarks.py")],
    ["pytz", "python-dateutil", "pytest-mock"],
)


class NotFetched(Exception):
    """The source distribution could not be fetched: there is no network."""


def fetch(suite: Suite, folder: Path) -> Path:
    """Fetch a suite; give the folder in which it is run. Raises `NotFetched`."""
    wanted = f"{suite.package}=={version(suite.package)}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        suite.package,
        wanted,
        "-d",
        str(folder),
    ]
    beside = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        str(folder / f"{suite.package}-needs"),
        "--no-deps",
        *suite.needs,
        "six",
    ]
    try:
        for one in (command, beside):
            subprocess.run(one, check=True, capture_output=True, timeout=FETCHING)
    except (subprocess.SubprocessError, OSError) as error:
        raise NotFetched(suite.package) from error
    archive = next(folder.glob(f"{suite.package}-*.tar.gz"))
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    place = folder / f"{suite.package}-suite"
    shutil.copytree(folder / archive.name.removesuffix(".tar.gz") / suite.folder, place / suite.folder)
    for name, (text, instead) in suite.changes.items():
        file = place / name
        before = file.read_text(encoding="utf-8")
        assert text in before, f"{suite.package} has another {name}"
        file.write_text(before.replace(text, instead), encoding="utf-8")
    (place / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return place


def run_suite(suite: Suite, place: Path, port: int, password: str) -> dict[str, str]:
    """Run a suite against a server; give each test's outcome."""
    report = place / f"report-{port}.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-p",
        "no:hypothesispytest",
    ]
    command += [
        "--continue-on-collection-errors",
        "--timeout",
        "60",
        f"--junitxml={report}",
        *suite.paths,
        *(f"--ignore={one}" for one in suite.deselected),
    ]
    where = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGUSER": suite.user,
        "PGPASSWORD": password,
        "PGDATABASE": suite.database,
    }
    where["PYTHONPATH"] = str(place.parent / f"{suite.package}-needs")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "PYTEST"))}
    subprocess.run(command, cwd=place, env={**kept, **where}, capture_output=True, timeout=RUNNING, check=False)
    return _outcomes(report)


def _outcomes(report: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (pytest wrote it)
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        found[f"{case.get('classname')}.{case.get('name')}"] = kinds[0] if kinds else PASSED
    return found
