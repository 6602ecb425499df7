"""`ringfence envoy`: the configuration of Envoy before an HTTP gate."""

import io
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._extras import HTTP, need
from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._policy import load_policy
from ringfence.policy import Gate, Policy

app = typer.Typer(add_completion=False, no_args_is_help=True)


class Kind(StrEnum):
    """Who configures the Envoy that it is for."""

    ENVOY = "envoy"
    ISTIO = "istio"
    ENVOY_GATEWAY = "envoy-gateway"


DEFAULT_SOCKETS = Path("/run/ringfence")


class Format(StrEnum):
    """How it is written."""

    YAML = "yaml"
    JSON = "json"


@app.callback(help="Show what Envoy is configured with, for an HTTP gate.\n\nExample: ringfence envoy config")
def envoy() -> None:
    """Say what the commands below are about."""


@app.command(
    help=(
        "Print what your own Envoy needs so that an HTTP gate decides about what passes it.\n\n"
        "The filter, the settings of the HTTP connection manager that belong to it, the clusters with their guard, and the "
        "listeners over which the gate sends canaries. With `--whole`: a configuration that Envoy starts with. With `--for`: the "
        "same as a resource for Istio (EnvoyFilter) or Envoy Gateway (EnvoyPatchPolicy).\n\n"
        "Example: ringfence envoy config --envoy-sockets /run/ringfence"
    )
)
def config(
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
    gate: Annotated[str, typer.Option("--gate", "-g", help="The gate; the only one where none is named.")] = "",
    sockets: Annotated[
        Path, typer.Option("--envoy-sockets", help="Where Envoy and the gate meet: as with `ringfence up`.")
    ] = DEFAULT_SOCKETS,
    whole: Annotated[bool, typer.Option("--whole", help="Print a whole configuration.")] = False,
    kind: Annotated[Kind, typer.Option("--for", help="Who configures the Envoy that it is for.")] = Kind.ENVOY,
    output: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.YAML,
) -> int:
    """Print it."""
    need("http", HTTP)
    from ringfence.gates.http.bootstrap import bootstrap, fragment
    from ringfence.gates.http.kubernetes import ENVOY_GATEWAY_NOTES, ISTIO_NOTES, envoy_gateway, istio
    from ringfence.serve.envoy_setup import check_gate, meeting_at, setup_of

    if whole and kind is not Kind.ENVOY:
        raise Problem("--whole is for an Envoy of one's own", f"leave it out: with --for {kind} patches are printed")
    place = home(policy, folder)
    decided = load_policy(place.policy, overlay=overlay)
    chosen = _chosen(decided, gate)
    check_gate(decided, chosen)
    setup = meeting_at(setup_of(decided, chosen, place.policy.absolute().parent), chosen, sockets.absolute())
    match kind:
        case Kind.ENVOY:
            _print(bootstrap(setup) if whole else fragment(setup), output)
        case Kind.ISTIO:
            _print(istio(setup, chosen.upstream or chosen.name), output, ISTIO_NOTES)
        case Kind.ENVOY_GATEWAY:
            _print(envoy_gateway(setup), output, ENVOY_GATEWAY_NOTES)
    return 0


def _chosen(policy: Policy, name: str) -> Gate:
    gates = [gate for gate in policy.gates.values() if gate.kind == "http" and name in ("", gate.name)]
    if len(gates) == 1:
        return gates[0]
    there = ", ".join(gate.name for gate in policy.gates.values() if gate.kind == "http") or "none"
    what = "the policy has several gates of kind http" if gates else "the policy has no such gate of kind http"
    raise Problem(what, f"name one with --gate; it has: {there}")


def _print(made: object, output: Format, notes: Sequence[str] = ()) -> None:
    if output is Format.JSON:
        print(json.dumps(made, indent=1))
        return
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.width = 1000  # a type's name stays on its line
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    text = io.StringIO("".join(f"# {note}\n" for note in notes))
    text.seek(0, io.SEEK_END)
    writer.dump(made, text)
    print(text.getvalue(), end="")
