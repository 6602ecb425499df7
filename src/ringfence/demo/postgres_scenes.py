"""The scenes about the database: what three see of the same rows, what is refused, what the ledger says of it.

The rule: as for all scenes. Whether a step held is judged by the values in the database, sought in all that came through.
"""

from ringfence.demo.ledgers import entry_row
from ringfence.demo.planting import Sight
from ringfence.demo.postgres_server import ServerMissing
from ringfence.demo.postgres_stage import Exchange
from ringfence.demo.screen import Screen, left_out
from ringfence.demo.stage import Stage
from ringfence.ledger import Reader, canonical

NEWEST = 12  # entries in the table
SHOWN = ("crossed", "refused", "opened", "closed")  # the others count, and tell of policies


def show_queries(stage: Stage, screen: Screen) -> bool:
    """Show ten questions, each asked straight and through the gate as two roles; see that no hidden value came through."""
    shop = stage.shop
    if isinstance(shop, ServerMissing):
        return left_out(shop, screen)
    for exchange in shop.exchanges:
        screen.say(f"{exchange.question.title}:", "bold")
        screen.command(exchange.question.statement)
        answers = (exchange.straight, exchange.support, exchange.analyst)
        screen.table(
            ("straight", "through the gate: support (staff)", "through the gate: analyst (analytics)"),
            [tuple(answer.shown for answer in answers)],
        )
    straight = shop.seen_of((one.straight for one in shop.exchanges), "analyst")
    support = shop.seen_of((one.support for one in shop.exchanges), "support")
    analyst = shop.seen_of((one.analyst for one in shop.exchanges), "analyst")
    alike = [one for one in shop.exchanges if one.straight == one.support == one.analyst]
    screen.say(
        f"Of the values of the two customers asked about, {straight} can be read off the straight answers. The gate knows of every "
        "column which columns it comes from, so that an alias, a view, a function or a case changes nothing."
    )
    answered = all(map(_is_as_expected, shop.exchanges))
    return screen.held(
        holds=support == analyst == 0 < straight and bool(alike) and answered,
        text=f"hidden values that came through the gate: {support} for support, {analyst} for the analyst",
    )


def show_transfers(stage: Stage, screen: Screen) -> bool:
    """Show what is refused outright, and why."""
    shop = stage.shop
    if isinstance(shop, ServerMissing):
        return left_out(shop, screen)
    for question, answer in shop.transfers:
        screen.say(f"{question.title}:", "bold")
        screen.command(question.statement)
        screen.output(answer.shown)
    return screen.held(
        holds=all(answer.is_refused and not answer.out for _, answer in shop.transfers),
        text=f"{len(shop.transfers)} of {len(shop.transfers)} were refused, each with what would mend it",
    )


def show_gate_entries(stage: Stage, screen: Screen) -> bool:
    """Show what the gate recorded, and see that no value of the customers stands in it."""
    shop = stage.shop
    if isinstance(shop, ServerMissing):
        return left_out(shop, screen)
    with Reader(shop.place.ledger) as reader:
        entries = list(reader.since(0))
    told = [one for one in entries if one.body is not None and one.body.get("kind") in SHOWN]
    screen.table(
        ("entry", "what", "crossing", "found, how often, in which form it crossed"),
        [entry_row(one) for one in told[-NEWEST:]],
    )
    refused = sum(one.body is not None and one.body.get("kind") == "refused" for one in entries)
    sight = Sight(b"\n".join(canonical(one.body) for one in entries if one.body is not None))
    quoted = sum(map(sight.shows, shop.planted("analyst")))
    return screen.held(
        holds=quoted == 0 and refused >= len(shop.transfers),
        text=f"{len(entries)} entries, {refused} of them refusals; values of customers in them: {quoted}",
    )


def _is_as_expected(exchange: Exchange) -> bool:
    question = exchange.question
    return (exchange.support.is_refused, exchange.analyst.is_refused) == (not question.support, not question.analyst)
