"""`ringfence version`."""

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import version
from importlib.util import find_spec

import typer

app = typer.Typer(add_completion=False)


@app.command(help="Print the version.\n\nExample: ringfence version")
def show() -> None:
    """Print the version of the installed package, and whether its hot loops are compiled."""
    print(f"ringfence {version('ringfence')} ({'compiled' if is_compiled() else 'uncompiled'})")


def is_compiled() -> bool:
    """Say whether the hot loops are compiled."""
    found = find_spec("ringfence.wire.postgres.rows")
    return found is not None and (found.origin or "").endswith(tuple(EXTENSION_SUFFIXES))
