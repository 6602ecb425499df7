"""The outputs of a scan of real files, as the command writes them."""

import json
from html import unescape
from urllib.parse import unquote

import pytest
from scans import EMAIL, IBAN, NAMES, PLANTED

FILES = {
    "f\udcfcr.txt": f"Zoë 🙂: {EMAIL}\n",
    f"exports/{EMAIL}.csv": f"id,email\n1,{PLANTED[3]}\n",
    "two\nlines.txt": f"IBAN {IBAN}\n",
    "<script>.md": f"write to {EMAIL}, or to info@example.com\n",
    "broken.zip": "PK\x03\x04",
}


@pytest.fixture
def tree(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_no_value_of_a_file_is_in_what_the_command_writes(cli, tree, name):
    done = cli("scan", ".", "--format", name)
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 2
    assert "broken.zip" in said
    for value in PLANTED:
        assert value not in "\n".join((said, unescape(said), unquote(said)))


def test_columns_are_those_that_an_editor_counts(cli, tree):
    (run,) = json.loads(cli("scan", "f\udcfcr.txt", "--format", "sarif").stdout)["runs"]
    (place,) = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert place["artifactLocation"]["uri"] == "f%FCr.txt"
    line = FILES["f\udcfcr.txt"].encode("utf-16-le")
    first = line.index(EMAIL.encode("utf-16-le")) // 2 + 1
    assert (place["region"]["startColumn"], place["region"]["endColumn"]) == (first, first + len(EMAIL))
