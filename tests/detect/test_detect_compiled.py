"""The modules that may be compiled find the same compiled and plain, to the byte."""

from pathlib import Path

import pytest

from compiled_copy import CANNOT, ROOT, WHY, compiled, said_with

FINDINGS = Path(__file__).with_name("compiled_findings.py")


@pytest.mark.soak
@pytest.mark.skipif(CANNOT, reason=WHY)
def test_compiled_and_plain_modules_find_the_same(tmp_path: Path) -> None:
    plain, built = said_with(ROOT / "src", FINDINGS), said_with(compiled(tmp_path, ["detect"]), FINDINGS)
    assert (plain[0], built[0]) == ("false", "true")
    assert len(plain) > 6_000
    assert plain[1:] == built[1:]
