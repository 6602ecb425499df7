"""`ringfence up`: the gates of a policy, as supervised processes."""

import json
import os
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._extras import HTTP, POSTGRES, need
from ringfence.cli._formats import Format
from ringfence.cli._home import Home, HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._policy import overlay_of, texts
from ringfence.cli._session import principal
from ringfence.cli._table import is_plain
from ringfence.policy import Policy
from ringfence.serve import Event, EventKind, GaveUp, Instance, LogFormat, Place, Reading, capture, parse_address, run

app = typer.Typer(add_completion=False)

NEVER_READY = 2


@app.command(
    help=(
        "Run the gates of a policy until a signal ends them.\n\n"
        "A gate is announced on standard output when all its workers have seen a canary masked; the log is standard error. "
        "SIGTERM or Ctrl-C lets what runs end, a second one ends at once. SIGHUP or `ringfence reload`, reads the policy again.\n\n"
        "Exit code: 0 after a drain, 2 on an error, and where a worker never becomes ready.\n\n"
        "Example: ringfence up --health 127.0.0.1:9090"
    )
)
def up(
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
    gate: Annotated[
        list[str] | None, typer.Option("--gate", "-g", help="Run this gate only; may be given again.")
    ] = None,
    health: Annotated[
        str, typer.Option("--health", help="Serve /health and /metrics here: 127.0.0.1:PORT or unix:PATH.")
    ] = "",
    drain: Annotated[float, typer.Option("--drain", min=0, max=3600, help="Seconds that a drain may take.")] = 30.0,
    envoy_sockets: Annotated[
        Path | None,
        typer.Option(
            "--envoy-sockets",
            help="Start no Envoy for HTTP gates: your own meets them at sockets in this folder. See `ringfence envoy config`.",
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to announce what is ready.")] = Format.TEXT,
    log_format: Annotated[
        LogFormat | None, typer.Option("--log-format", help="How to log.", show_default="text on a terminal, else json")
    ] = None,
) -> int:
    """Run the gates; give the exit code."""
    place = home(policy, folder).made()
    if not place.ledger.is_file():
        raise Problem(f"{place.ledger}: no such ledger", "make it with `ringfence init`")
    read = partial(_read, place.policy.absolute(), overlay.absolute() if overlay is not None else None)
    _need_extras(read()[1], gate or [])
    chosen = log_format or (LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON)
    instance = Instance(
        place.folder.absolute(),
        _place(place),
        read,
        principal(),
        chosen,
        _announce_json if output is Format.JSON else _announce_text,
        tuple(gate or ()),
        health,
        drain,
        envoy_sockets=envoy_sockets,
    )
    try:
        return run(instance)
    except GaveUp as given_up:  # its words are clean already, and name the policy's own addresses
        print(f"ringfence: {given_up.what}" + (f"\n  {given_up.mend}" if given_up.mend else ""), file=sys.stderr)
        return NEVER_READY


def _need_extras(policy: Policy, named: list[str]) -> None:
    """Ask for what the gates that are to run need, and for no other's."""
    kinds = {gate.kind for gate in policy.gates.values() if not named or gate.name in named}
    if "http" in kinds:
        need("http", HTTP)
    if "postgres" in kinds or "http" not in kinds:
        need("postgres", POSTGRES)


def _read(policy: Path, overlay: Path | None) -> tuple[Reading, Policy]:
    laid_over = overlay_of(policy, overlay)  # asked at each reading: it may have come since
    over = os.fspath(laid_over) if laid_over is not None else None
    return capture(os.fspath(policy), over, texts(policy, laid_over))


def _place(place: Home) -> Place:
    return Place(place.keys.absolute(), place.ledger.absolute(), place.signing_key.absolute())


def _client(event: Event) -> tuple[str, str]:
    """Give a program that connects, and the line that does."""
    if event.gate_kind != "http":
        return "psql", _psql(event)
    if event.address.startswith("unix:"):
        return "curl", "(your own Envoy)"
    return "curl", f"curl {event.scheme}://{event.address}{event.path}"


def _psql(event: Event) -> str:
    """Give the line that connects; user and database are the reader's own."""
    address = parse_address(event.address, event.gate)
    host = os.path.dirname(address.path) if address.path else address.host  # noqa: PTH120 (a text, as it is handed on)
    port = "" if address.path else f" port={address.port}"
    return f"psql {shlex.quote(f'host={host}{port} user=USER dbname=DATABASE')}"


def _announce_text(event: Event) -> None:
    bold, plain = ("\x1b[1;32m", "\x1b[0m") if sys.stdout.isatty() and not is_plain() else ("", "")
    if event.kind is EventKind.HEALTH:
        print(f"health   {event.address}", flush=True)
        return
    workers = f"{event.workers} worker" + ("s" if event.workers != 1 else "")
    print(f"{bold}ready{plain}    {event.gate} on {event.address} ({workers}): {_client(event)[1]}", flush=True)


def _announce_json(event: Event) -> None:
    line: dict[str, str | int] = {"event": event.kind.value, "address": event.address}
    if event.kind is EventKind.READY:
        program, command = _client(event)
        line |= {"gate": event.gate, "workers": event.workers, program: command}
    print(json.dumps(line), flush=True)
