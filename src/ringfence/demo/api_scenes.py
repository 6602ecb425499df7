"""The scenes about HTTP: what a partner gets of a service, which endpoints nobody uses, and what a language model is told.

The rule: as for all scenes. Whether a step held is judged by what came back, by what the model wrote down, and by the ledger.
"""

import json

from ringfence.demo.api_stage import ApiStage, EnvoyMissing
from ringfence.demo.planting import Kind
from ringfence.demo.screen import Screen, left_out
from ringfence.demo.stage import Stage

_HIDDEN = (Kind.EMAIL, Kind.CARD, Kind.PHONE, Kind.BIRTH_DATE)
_REFUSED = 403


def show_api(stage: Stage, screen: Screen) -> bool:
    """Show what a partner gets, straight and through the gate."""
    api = stage.api
    if isinstance(api, EnvoyMissing):
        return left_out(api, screen)
    screen.command("ringfence map --openapi api.yaml --asset shop-api")
    screen.output(_last_but_one(api))
    screen.command("ringfence up")
    reads, refusals = api.asked[:2], api.asked[2:]
    for one in reads:
        title = f"{one.question.title}: {one.question.method} {one.question.path}"
        screen.sides(title, ("straight", one.straight.text), ("through the gate", one.through.text))
    rows = [
        (f"{one.question.method} {one.question.path}", str(one.through.status), _mend(one.through.body))
        for one in refusals
    ]
    screen.table(("a partner asks", "status", "what would mend it"), rows)
    straight = api.seen_of(b"".join(one.straight.body for one in api.asked), *_HIDDEN)
    through = api.seen_of(b"".join(one.through.body for one in api.asked), *_HIDDEN)
    refused = sum(one.through.status == _REFUSED for one in refusals)
    named = api.seen_of(reads[0].through.body, Kind.NAME)
    return screen.held(
        holds=straight == len(_HIDDEN)
        and through == 0
        and refused == len(refusals)
        and named == 1
        and api.lint.code == 0,
        text=f"hidden values straight: {straight}, through the gate: {through}; refused: {refused} of {len(refusals)}; "
        "the name, which may cross, did",
    )


def show_endpoints(stage: Stage, screen: Screen) -> bool:
    """Show what is declared and never called, and what is called that nobody declared."""
    api = stage.api
    if isinstance(api, EnvoyMissing):
        return left_out(api, screen)
    screen.command("ringfence endpoints")
    found = json.loads(api.endpoints.out)["endpoints"]
    rows = [
        (
            str(one["standing"]),
            str(one["endpoint"]),
            str(one["calls"]),
            ", ".join(one["exposes"]),
            ", ".join(one["seen"]),
        )
        for one in found
    ]
    screen.table(("", "endpoint", ">calls", "exposes", "seen"), rows)
    standings = {str(one["endpoint"]): str(one["standing"]) for one in found}
    screen.say(
        "The export is declared, nobody has called it, and whoever finds it gets every customer: it can go. The debug page "
        "answers, and nobody declared it: it was refused."
    )
    unused = standings.get("GET /export/customers") == "never called"
    undeclared = standings.get("GET /debug/last-error") == "undeclared"
    return screen.held(
        holds=unused and undeclared and api.endpoints.code == 1,
        text="one endpoint is exposed and unused, one is called and undeclared: exit code 1",
    )


def show_model(stage: Stage, screen: Screen) -> bool:
    """Show what a model is told, and what comes back."""
    api = stage.api
    if isinstance(api, EnvoyMissing):
        return left_out(api, screen)
    chat = api.chat
    told = json.loads(chat.heard.splitlines()[-1])["messages"][-1]["content"]
    screen.sides("A prompt", ("the program says (core)", chat.prompt), ("the model was told (models)", str(told)))
    screen.say(
        f"The answer streams: {len(chat.events)} events of three characters each. It comes back with the values in their places:"
    )
    screen.output(chat.answer)
    screen.say("The same to a host that nobody declared:")
    screen.output(_mend(chat.elsewhere.body))
    leaked = api.seen_of(chat.heard, Kind.EMAIL, Kind.CARD)
    restored = chat.prompt in chat.answer
    return screen.held(
        holds=leaked == 0 and restored and chat.elsewhere.status == _REFUSED,
        text=f"values that the model was told: {leaked}; the answer names them again; another destination: refused",
    )


def _last_but_one(api: ApiStage) -> str:
    """Give the map's summary: how much of what it found."""
    return next((line for line in api.mapped.out.splitlines() if " fields in " in line), api.mapped.out)


def _mend(body: bytes) -> str:
    """Give what a refused client is told."""
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, LookupError):
        return body.decode(errors="replace")
