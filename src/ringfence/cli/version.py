"""`ringfence version`."""

from importlib.metadata import version

import typer

app = typer.Typer(add_completion=False)


@app.command(help="Print the version.\n\nExample: ringfence version")
def show() -> None:
    """Print the version of the installed package."""
    print(f"ringfence {version('ringfence')}")
