"""`ringfence enforce`: switch a flow."""

from typing import Annotated

import typer

from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption
from ringfence.cli._switching import switch
from ringfence.policy import Mode

app = typer.Typer(add_completion=False)


@app.command(
    help=(
        "Have a flow's verdicts bind.\n\n"
        "Writes the flow's mode into the overlay (ringfence.overlay.yaml beside the policy, or --overlay), records the switch "
        "in the ledger first, and has what runs follow without dropping a session. `ringfence report observe` says "
        "beforehand what will be changed and refused.\n\n"
        "Example: ringfence enforce staff-reads"
    )
)
def enforce(
    flow: Annotated[str, typer.Argument(help="The flow's id in the policy.", show_default=False)],
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Write the mode into the overlay, record it, and have what runs follow."""
    return switch(flow, Mode.ENFORCE, policy, overlay, folder)
