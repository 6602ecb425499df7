"""`ringfence observe`: switch a flow."""

from typing import Annotated

import typer

from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption
from ringfence.cli._switching import switch
from ringfence.policy import Mode

app = typer.Typer(add_completion=False)


@app.command(
    help=(
        "Have a flow only observe: everything passes, and the ledger says what would not have.\n\n"
        "Writes the flow's mode into the overlay (ringfence.overlay.yaml beside the policy, or --overlay), records the switch "
        "in the ledger first, and has what runs follow without dropping a session. What observes protects nothing.\n\n"
        "Example: ringfence observe staff-reads"
    )
)
def observe(
    flow: Annotated[str, typer.Argument(help="The flow's id in the policy.", show_default=False)],
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Write the mode into the overlay, record it, and have what runs follow."""
    return switch(flow, Mode.OBSERVE, policy, overlay, folder)
