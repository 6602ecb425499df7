"""The scenes about a database of one's own: what the map found, what was observed, what is enforced.

The rule: as for all scenes. Whether a step held is judged by what stands in files and by what came back.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from ringfence.demo.postgres_server import ServerMissing
from ringfence.demo.screen import Screen, left_out
from ringfence.demo.stage import Stage
from ringfence.demo.story import FLOW, LOOK
from ringfence.policy.model import NONE, SCAN, UNKNOWN

ENOUGH = 0.95  # precision and recall of the map
EXAMPLES = 3  # fields shown of a category


def show_map(stage: Stage, screen: Screen) -> bool:
    """Show what `ringfence init --pg` found in a database that it had never seen, and how right it is."""
    shop = stage.shop
    if isinstance(shop, ServerMissing):
        return left_out(shop, screen)
    story = shop.story
    screen.command("ringfence init --pg postgresql://…/shop")
    screen.output("\n".join(line for line in story.init.out.splitlines() if line.startswith("Mapped")))
    by_category: dict[str, list[str]] = {}
    for path, judged in story.fields.items():
        if judged not in (NONE, SCAN, UNKNOWN):
            by_category.setdefault(judged, []).append(path)
    rows = [
        (category, str(len(paths)), ", ".join(paths[:EXAMPLES]) + (" …" if len(paths) > EXAMPLES else ""))
        for category, paths in sorted(by_category.items(), key=lambda each: (-len(each[1]), each[0]))
    ]
    screen.table(("category", ">fields", "for example"), rows)
    kinds = Counter(judged for judged in story.fields.values() if judged in (NONE, SCAN, UNKNOWN))
    screen.say(
        f"Besides: {kinds[NONE]} fields with nothing personal, {kinds[SCAN]} of free text, whose content decides each time, and "
        f"{kinds[UNKNOWN]} that nobody can judge by looking: those stay closed. No value was printed or kept."
    )
    measured = story.measured
    for title, fields in (("Missed", measured.missed), ("Taken for personal, and is not", measured.wrong)):
        if fields:
            screen.say(f"{title}: {', '.join(fields)}.", "yellow")
    return screen.held(
        holds=min(measured.recall, measured.precision) >= ENOUGH and story.lint.code == 0,
        text=f"against what the shop's makers know: recall {measured.recall:.2f}, precision {measured.precision:.2f}",
    )


def show_observed(stage: Stage, screen: Screen) -> bool:
    """Show what the flow said while it observed, what came of it, and the same query before and after."""
    shop = stage.shop
    if isinstance(shop, ServerMissing):
        return left_out(shop, screen)
    story = shop.story
    tables = story.report["tables"]
    assert isinstance(tables, Mapping)  # noqa: S101 (the command's own document)
    screen.command("ringfence report observe")
    refused, changed = (_rows(tables[name]) for name in ("refused", "changed"))
    screen.table(
        ("would have been refused", ">times", "what would mend it"),
        [(str(row["why"] or row["would"]), str(row["times"]), str(row["mend"])) for row in refused],
    )
    screen.table(
        ("would have been changed", "form", ">values"),
        [(str(row["category"]), str(row["form"]), str(row["values"])) for row in changed],
    )
    screen.command(f"ringfence enforce {FLOW}")
    screen.output(story.switch.out)
    screen.command(LOOK)
    screen.table(("while it observed", "now that it enforces"), [(story.observed[0].shown, story.enforced[0].shown)])
    foreseen = sum(int(str(row["times"])) for row in refused)
    came = sum(answer.is_refused for answer in story.enforced)
    passed = not any(answer.is_refused for answer in story.observed)
    seen = shop.seen_of(story.enforced[:1], "support")
    return screen.held(
        holds=passed and foreseen == came > 0 and story.switch.code == 0 and seen == 0 and bool(changed),
        text=f"refusals foreseen: {foreseen}, refusals that came: {came}; hidden values in the answer: {seen}",
    )


def _rows(table: object) -> Sequence[Mapping[str, object]]:
    assert isinstance(table, list)  # noqa: S101 (the command's own document)
    return table
