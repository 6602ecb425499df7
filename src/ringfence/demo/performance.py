"""The demo from beginning to end: perform, show every scene, say how many held."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress

from ringfence.demo.place import Place
from ringfence.demo.postgres_server import ServerMissing
from ringfence.demo.postgres_stage import open_shop
from ringfence.demo.running import listening, service, stop_writer
from ringfence.demo.scenes import SCENES, Scene
from ringfence.demo.screen import Screen
from ringfence.demo.stage import Stage, perform

BANNER = (
    "A shop's service writes its logs as services do, with its customers' data in them. Between it and a log store that "
    "belongs to somebody else stands ringfence. Everything here runs on this machine; the customers are synthetic."
)


def show(place: Place, screen: Screen, *, policy: str | None = None, scenes: Sequence[Scene] = SCENES) -> bool:
    """Run the demo in a folder; say whether every step held. `policy` takes the place of the demo's own."""
    screen.banner("ringfence: personal data stays out of a real log stream", BANNER)
    try:
        stage = perform(place, policy)
        if stage.kept:
            screen.say(f"Policy, keys and ledger of an earlier run in {place.folder} are used again.")
        held = [_show(scene, f"{number}. {scene.title}", stage, screen) for number, scene in enumerate(scenes, 1)]
    finally:
        stop_writer(place)
    screen.say("")
    return screen.held(holds=all(held), text=f"{sum(held)} of {len(held)} steps held")


def _show(scene: Scene, title: str, stage: Stage, screen: Screen) -> bool:
    screen.title(title, scene.text)
    return scene.show(stage, screen)


def stay(place: Place, screen: Screen) -> None:
    """Run service and shop again behind ringfence, the service's log on this terminal, until Ctrl-C or the service's own end."""
    try:
        with ExitStack() as stack:
            with suppress(ServerMissing):
                shop = stack.enter_context(open_shop(place.folder / "shop"))
                screen.say("The shop's database is up behind its gate. As support, and as an analyst:")
                for role in shop.users:
                    screen.command(shop.psql(role))
            process, port = stack.enter_context(listening(service, place, None))
            screen.say(
                "The service is up behind `ringfence run`. It is silent until somebody asks something of it; then its log "
                "appears here, as it crosses. Ctrl-C ends everything. Ask it, in another terminal:"
            )
            screen.command(
                f'curl -d \'{{"email": "you@somewhere.net", "note": "call +49 151 23456789"}}\' http://127.0.0.1:{port}/support'
            )
            with suppress(KeyboardInterrupt):
                process.wait()
    finally:
        stop_writer(place)
