"""`ringfence close`: shut a flow."""

from typing import Annotated

import typer

from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption
from ringfence.cli._switching import switch
from ringfence.policy import Mode

app = typer.Typer(add_completion=False)


@app.command(
    help=(
        "Shut a flow at once: nothing crosses, whatever it carries, until `ringfence enforce` opens it again.\n\n"
        "For when something leaks. Written, recorded and followed as `ringfence enforce` is. `probe: {on_leak: close}` in the "
        "policy has the probe do it.\n\n"
        "Example: ringfence close staff-reads"
    )
)
def close(
    flow: Annotated[str, typer.Argument(help="The flow's id in the policy.", show_default=False)],
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Write the mode into the overlay, record it, and have what runs follow."""
    return switch(flow, Mode.CLOSED, policy, overlay, folder)
