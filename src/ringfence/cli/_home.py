"""The options that say where a policy, its keys and its ledger are (`ringfence.home`)."""

from pathlib import Path
from typing import Annotated

import typer

from ringfence.home import HOME_FOLDER, POLICY_FILE, Home, home

__all__ = [
    "HOME_FOLDER",
    "POLICY_FILE",
    "Home",
    "HomeOption",
    "OverlayOption",
    "PolicyOfOwnOption",
    "PolicyOption",
    "home",
]

PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy", help="The policy file.", envvar="RINGFENCE_POLICY", show_default=POLICY_FILE, readable=False
    ),
]
PolicyOfOwnOption = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        help="A policy whose own recognizers, lists, words and thresholds count, too.",
        envvar="RINGFENCE_POLICY",
        show_default=False,
        readable=False,
    ),
]
OverlayOption = Annotated[
    Path | None,
    typer.Option(
        "--overlay",
        help="An environment's overlay.",
        envvar="RINGFENCE_OVERLAY",
        readable=False,
        show_default="ringfence.overlay.yaml beside the policy, where it is there",
    ),
]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="The folder of keys and ledger.",
        envvar="RINGFENCE_HOME",
        show_default=".ringfence beside the policy",
    ),
]
