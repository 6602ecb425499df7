"""What passes between a gate and its parser's child comes back as it was; what no encoder wrote is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsing_table import rows

from ringfence.sql.parsing import parse
from ringfence.sql.parsing_frames import HEADER, Malformed, decode, encode, header, read_header


@pytest.mark.parametrize(
    "text", [text for *_, text in rows()] + ["", "select", "select 'x", 'select U&"x"', "select 'é'; select -1"]
)
def test_what_was_taken_apart_comes_back_as_it_was(text: str) -> None:
    parsed = parse(text)
    back = decode(encode(parsed))
    assert back.refused == parsed.refused
    assert list(back.statements) == list(parsed.statements)


def test_a_plain_statement_takes_few_bytes() -> None:
    assert len(encode(parse("SELECT abalance FROM pgbench_accounts WHERE aid = 4711"))) < 150


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_header_says_its_number_and_length(number: int, length: int) -> None:
    assert len(header(number, length)) == HEADER
    assert read_header(header(number, length)) == (number, length)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"null",
        b'{"statements": 1}',
        b'{"statements": [{}]}',
        b'{"statements": [{"kind": "no"}]}',
        b'{"statements": [{"kind": "set", "start": 0, "end": 1, "literals": [1]}]}',
        b'{"statements": [{"kind": "set", "start": 0, "end": 1, "what": 1}]}',
        b'{"refused": {"rule": "x"}}',
    ],
)
def test_what_no_encoder_wrote_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data)
