"""Protections that can be switched off (`switched_off/sitecustomize.py` does it), each with the attacks that then get through."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Switch:
    """A protection: its name, and attacks of the table of which at least one succeeds without it."""

    name: str
    lets_through: Sequence[str]


SWITCHES: Sequence[Switch] = (
    Switch("forms", ("everything", "an alias")),  # what is shown has its form
    Switch("computed", ("cut where a mask ends",)),  # what is computed is redacted
    Switch("contents", ("free text",)),  # free text is scanned
    Switch("unknown", ("a column that nobody has judged",)),  # an unknown field is denied
    Switch("comparisons", ("LIKE", "ORDER BY")),  # a comparison needs clear
    Switch("copies", ("a copy into a harmless column",)),  # a copy keeps its judgement
    Switch("keeping", ("a failing row of one's own table",)),  # what is hidden is not kept in temporary tables
    Switch("statements", ("DO", "COPY to a program")),  # statements on no list are refused
    Switch("functions", ("text that runs", "reading a file")),  # functions on no list are refused
    Switch("opaque", ("PL/pgSQL that nobody declared",)),  # what cannot be traced is refused
    Switch("relations", ("statistics",)),  # system views that hold values are refused
    Switch("settings", ("another role by a function",)),  # settings on no list are refused
    Switch("start-up", ("a role at the start",)),  # the same before the first statement
    Switch("copied out", ("COPY of a table",)),  # what is copied out takes the same way as other results
    Switch("errors", ("a row that fails", "a duplicate key")),  # errors do not quote
    Switch("inbound", ("a card number in a ticket",)),  # given values take the flow the other way
    Switch("budgets", ("a thousand addresses, one after the other",)),  # equality is counted
)
