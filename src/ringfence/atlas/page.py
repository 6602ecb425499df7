"""The map as a page: a drawing of zones, assets and flows, what each asset holds, and each field with how sure that is and why.

The rule: it is one file that asks for nothing, and it holds no value. Of the asset that was mapped it tells all; of the policy's
other assets what the policy says of them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ringfence.atlas.drawing import Arrow, Box, Column, draw
from ringfence.atlas.model import JUDGEMENTS, AssetMap, Mapped, MappedTable, counted
from ringfence.atlas.words import reasons
from ringfence.pages import Markup, badge, facts, figure, page, section, table, text
from ringfence.pages.parts import Tone
from ringfence.policy import Mode, Policy
from ringfence.policy.model import NONE, SCAN, UNKNOWN
from ringfence.taxonomy import CATEGORIES

MOST_TABLES: Final = 400  # that are told field by field: a page that holds more is read by nobody
MOST_NONE: Final = 40  # harmless fields of a table that are listed; with more they are counted
_TONES: Final[Mapping[str, Tone]] = {SCAN: "scan", UNKNOWN: "unknown", NONE: "none"}


def map_page(found: AssetMap, policy: Policy | None = None) -> str:
    """Give the page of a mapped asset, among what the policy says."""
    sections = [_overview(found), _picture(found, policy), _categories(found)]
    if policy is not None and policy.flows:
        sections.append(_flow_table(policy))
    sections.append(_tables(found))
    lead = f"What asset {found.asset} in zone {found.zone} holds, as ringfence judged it. No value stands on this page."
    return page(f"Map of {found.asset}", sections, lead=lead, foot="Written by ringfence map.")


def _overview(found: AssetMap) -> Markup:
    fields = list(found.fields)
    counts = counted(fields)
    pairs = [
        ("tables", f"{len(found.tables):,}"),
        ("fields", f"{len(fields):,}"),
        ("personal", f"{counts['personal']:,}"),
        ("free text (scan)", f"{counts[SCAN]:,}"),
        ("unknown", f"{counts[UNKNOWN]:,}"),
        ("harmless (none)", f"{counts[NONE]:,}"),
        ("judged by a person", f"{sum(one.reviewed for one in fields):,}"),
    ]
    left = [text(f"Left out: {words}.") for words in found.left_out]
    return section("At a glance", [facts(pairs), *left])


def _picture(found: AssetMap, policy: Policy | None) -> Markup:
    columns, arrows = _columns(found, policy), _arrows(policy)
    observed = " A dashed arrow is a flow that is only observed." if any(one.observed for one in arrows) else ""
    if policy is None:
        said = "The zone and its asset. There is no policy yet, so there are no flows."
    else:
        said = f"Zones with their assets, and the flows that the policy declares between them.{observed}"
    return section("Zones, assets and flows", [figure(said, draw(columns, arrows))])


def _columns(found: AssetMap, policy: Policy | None) -> list[Column]:
    boxes: dict[str, list[Box]] = {str(name): [] for name in (policy.zones if policy is not None else ())}
    boxes.setdefault(found.zone, []).append(Box(found.asset, found.kind, _holds(Counter(_kinds(found.fields)))))
    for asset in policy.assets.values() if policy is not None else ():
        if asset.name != found.asset:
            judged = Counter(each for each in asset.judgements if each not in JUDGEMENTS)
            boxes[asset.zone].append(Box(asset.name, asset.kind, _holds(judged)))
    zones = policy.zones if policy is not None else {}
    told = {str(name): zone for name, zone in zones.items()}
    return [
        Column(
            name,
            told[name].label if name in told else "",
            name in told and not told[name].controlled,
            tuple(listed),
        )
        for name, listed in boxes.items()
    ]


def _kinds(fields: Iterator[Mapped]) -> list[str]:
    return [one.judgement for one in fields if one.is_personal]


def _holds(kinds: Counter[str]) -> str:
    if not kinds:
        return "nothing personal"
    noun = "category" if len(kinds) == 1 else "categories"
    return f"{kinds.total():,} personal, {len(kinds)} {noun}"


def _arrows(policy: Policy | None) -> list[Arrow]:
    flows = policy.flows.values() if policy is not None else ()
    return [Arrow(flow.id, flow.source, flow.sink, flow.mode is Mode.OBSERVE) for flow in flows]


def _categories(found: AssetMap) -> Markup:
    kinds = Counter(_kinds(found.fields))
    if not kinds:
        return section("What it holds", [text("No field was judged personal.")])
    rows = [
        (
            badge(category, "personal"),
            CATEGORIES[category].title if category in CATEGORIES else "",
            CATEGORIES[category].sensitivity.value if category in CATEGORIES else "",
            f"{count:,}",
        )
        for category, count in sorted(kinds.items(), key=lambda each: (-each[1], each[0]))
    ]
    heads = ("category", "what it is", "sensitivity", "fields")
    return section("What it holds", [table("Categories of personal data, most fields first", heads, rows)])


def _flow_table(policy: Policy) -> Markup:
    rows = [
        (
            flow.id,
            flow.source,
            flow.sink,
            flow.via.gate or "",
            flow.mode.value,
            ", ".join(flow.carry) or "nothing",
        )
        for flow in policy.flows.values()
    ]
    return section(
        "Flows", [table("Flows of the policy", ("flow", "from", "to", "gate", "mode", "carries by name"), rows)]
    )


def _tables(found: AssetMap) -> Markup:
    told = sorted(found.tables, key=lambda each: (-sum(one.is_personal for one in each.fields), each.path))
    parts = [_table(each) for each in told[:MOST_TABLES]]
    if len(told) > MOST_TABLES:
        parts.append(
            text(f"{len(told) - MOST_TABLES:,} more tables, with fewer personal fields, stand in the map file.")
        )
    return section("Fields", parts)


def _table(told: MappedTable) -> Markup:
    harmless = [one for one in told.fields if one.judgement == NONE]
    shown = [one for one in told.fields if one.judgement != NONE or len(harmless) <= MOST_NONE]
    rows = [(_short(one.path, told.path), _badge(one), one.type, _sure(one), reasons(one)) for one in _ordered(shown)]
    about = f"{told.kind}, {told.rows:,} rows sampled" if told.rows else told.kind
    parts = [table(about, ("field", "holds", "type", "sure", "why"), rows)] if rows else [text(about)]
    if len(harmless) > MOST_NONE:
        parts.append(text(f"{len(harmless):,} more fields hold nothing personal."))
    return section(told.path or "All files", parts, level=3)


def _ordered(fields: Sequence[Mapped]) -> list[Mapped]:
    order = {SCAN: 1, UNKNOWN: 2, NONE: 3}
    return sorted(fields, key=lambda one: order.get(one.judgement, 0))


def _short(path: str, table_path: str) -> str:
    return path.removeprefix(f"{table_path}.") if table_path else path


def _badge(one: Mapped) -> Markup:
    return badge(one.judgement, _TONES.get(one.judgement, "personal"))


def _sure(one: Mapped) -> str:
    return "a person" if one.reviewed else f"{one.confidence * 100:.0f} %"
