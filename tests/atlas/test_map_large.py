"""The acceptance count: 2,000 tables of 50 columns in five minutes, with memory that does not grow with the rows."""

import pytest
from benchmarks.mapping import measure

SECONDS = 300
MEGABYTES = 512


@pytest.mark.soak
def test_two_thousand_tables_are_mapped_in_five_minutes() -> None:
    _, seconds, kilobytes = measure()
    assert seconds <= SECONDS
    assert kilobytes / 1024 <= MEGABYTES
