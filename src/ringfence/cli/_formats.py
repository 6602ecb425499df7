"""How a command writes what it lists or answers.

The rule: `--format` takes the same words everywhere, but where something is written that has formats of its own.
"""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """A text for people, or JSON for programs."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to write it.")]
