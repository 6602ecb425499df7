"""The modules that may be compiled carry and judge the same compiled and plain, to the byte, and refuse the same."""

from pathlib import Path

import pytest

from compiled_copy import CANNOT, ROOT, WHY, compiled, said_with

CROSSINGS = Path(__file__).with_name("compiled_crossings.py")


@pytest.mark.soak
@pytest.mark.skipif(CANNOT, reason=WHY)
def test_compiled_and_plain_modules_carry_and_judge_the_same(tmp_path: Path) -> None:
    built = compiled(tmp_path, ["carriers", "crossing", "gates", "wire/http2"])
    plain_says, built_says = said_with(ROOT / "src", CROSSINGS), said_with(built, CROSSINGS)
    assert (plain_says[0], built_says[0]) == ("false", "true")
    assert len(plain_says) > 6_000
    assert plain_says[1:] == built_says[1:]
