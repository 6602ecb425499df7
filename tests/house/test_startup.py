"""What beginning costs, counted in what is loaded: seconds are for `make bench`."""

import subprocess
import sys

import pytest


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_no_room_and_no_engine() -> None:
    modules = loaded_by("import ringfence")
    assert not {name for name in modules if name.startswith("ringfence.")}
    assert not modules & {"re2", "cryptography", "pydantic", "ruamel.yaml", "rich", "typer", "apsw", "phonenumbers"}


def test_showing_help_loads_no_command_and_no_parser() -> None:
    modules = loaded_by(
        "import sys\nsys.argv = ['ringfence', '--help']\nfrom ringfence.cli._program import run\nrun(['--help'])"
    )
    assert not modules & {"typer", "rich", "pydantic", "apsw", "re2", "cryptography", "ringfence.cli.demo"}


@pytest.mark.parametrize("room", ["ringfence.policy.plan", "ringfence.policy.model"])
def test_deciding_loads_neither_yaml_nor_schema(room: str) -> None:
    assert not loaded_by(f"import {room}") & {"pydantic", "ruamel.yaml", "apsw"}


def test_every_public_name_can_be_loaded() -> None:
    import ringfence

    for name in ringfence.__all__:
        assert getattr(ringfence, name) is not None
    with pytest.raises(AttributeError):
        _ = ringfence.no_such_name
