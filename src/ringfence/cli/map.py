"""`ringfence map`: where personal data is, in a database, files, a service's description or a log; and what changed since.

The rule: a source is only read; what is printed and written holds paths, judgements and evidence, and no value.
"""

import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ringfence.atlas import (
    MAP_FILE,
    Accepted,
    AssetMap,
    Drifted,
    Judge,
    Progress,
    State,
    asset_name,
    asset_of,
    drift,
    map_files,
    map_log,
    map_openapi,
    map_postgres,
    map_sqlite,
    read_map,
    record_judgement,
    types_before,
    write_map,
)
from ringfence.cli._errors import Problem
from ringfence.cli._extras import need
from ringfence.cli._formats import Format, FormatOption
from ringfence.cli._home import Home, HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._map_output import count_drift, drift_as_json, map_as_json, progress, show_drift, show_map
from ringfence.cli._policy import load_policy
from ringfence.cli._session import principal
from ringfence.cli._table import printable
from ringfence.crossing.entries import VERSION
from ringfence.crossing.scrubbing import scrub
from ringfence.detect import Detector, detector_for
from ringfence.home import IGNORE
from ringfence.ledger import BlockingClient, JsonValue
from ringfence.policy import Policy, PolicyError
from ringfence.policy.model import NONE, SCAN
from ringfence.policy.problems import nearest
from ringfence.stamps import stamp
from ringfence.taxonomy import CATEGORIES

app = typer.Typer(add_completion=False, invoke_without_command=True)

FOUND = 1
STATES = "map"  # the folder of states, in the home
MOST_RECORDED = 200  # fields of one entry of drift

AssetOption = Annotated[
    str, typer.Option("--asset", help="The asset's name in the policy.", show_default="by the source")
]
OwnerOption = Annotated[
    str, typer.Option("--asset", help="The asset whose fields they are.", show_default="the one that has them")
]
MapOption = Annotated[
    Path | None, typer.Option("--map", help="The map file.", show_default=f"{MAP_FILE} beside the policy")
]


@dataclass(frozen=True, slots=True)
class _Source:
    """What is to be mapped: the asset's name that it suggests, what tells it from others, and how it is mapped."""

    asset: str
    told: str
    make: Callable[[str, str, State | None, Progress | None, Mapping[str, str]], AssetMap]


@app.callback(
    help=(
        "Find where personal data is: profile every column and field, and write the map that a policy includes.\n\n"
        "Reads only, and little: a bounded sample of each table. No value is shown or written. Run again after it was ended, it "
        "goes on where it was; what a person judged stays.\n\n"
        "Exit code: 0 done (--check: nothing changed), 1 drift, 2 an error.\n\n"
        "Example: ringfence map --pg postgresql://reader@127.0.0.1:5432/shop --zone core"
    )
)
def map_source(
    context: typer.Context,
    pg: Annotated[str | None, typer.Option("--pg", metavar="DSN", help="A PostgreSQL database.")] = None,
    sqlite: Annotated[Path | None, typer.Option("--sqlite", help="An SQLite file.")] = None,
    files: Annotated[
        str | None,
        typer.Option("--files", metavar="PATH_OR_URL", help="CSV, JSON, NDJSON or Parquet files; may hold *."),
    ] = None,
    openapi: Annotated[Path | None, typer.Option("--openapi", help="A service's OpenAPI description.")] = None,
    logs: Annotated[Path | None, typer.Option("--logs", help="A log, plain or gzip.")] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="PATH",
            help="With --openapi: the path below which the service is reached.",
            show_default="the description's own",
        ),
    ] = None,
    asset: AssetOption = "",
    zone: Annotated[str, typer.Option("--zone", help="The zone that it stands in.", show_default="core")] = "",
    map_file: MapOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing: compare with what was accepted; exit 1 where it differs.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="List harmless fields, too.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with a drawing, too.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over, where a run was ended in the middle.")] = False,
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Map, and write what was found; or compare."""
    if context.invoked_subcommand is not None:
        return 0
    place = home(policy, folder)
    file = _map_file(map_file, place)
    if base is not None and (openapi is None or not base.startswith("/")):
        raise Problem("--base: not a path, or not of an OpenAPI description", "write `--openapi FILE --base /v1`")
    source = _source(pg, sqlite, files, openapi, logs, Judge(_detector(place, overlay)), base)
    name = asset or source.asset
    accepted = read_map(file).get(name)
    if check and html is not None:
        raise Problem("--check writes nothing", "leave --html out")
    if check and accepted is None:
        raise Problem(
            f"{file}: it has no asset {name} to compare with", "write it first: the same command without --check"
        )
    known = zone or (accepted.zone if accepted is not None else "") or "core"
    reviewed = accepted.judged if accepted is not None else {}
    if check and accepted is not None:
        with progress(name) as watched:
            found = source.make(name, known, None, watched, reviewed)
        return _compared(found, accepted, types_before(place.folder / STATES, name), place, output)
    state = State(_states(place), name, source.told, fresh=fresh)
    if state.resumed:
        print(f"{name}: goes on; {state.resumed:,} tables were mapped before", file=sys.stderr)
    try:
        with progress(name) as watched:
            found = source.make(name, known, state, watched, reviewed)
        written = write_map(file, found, rezoned=bool(zone))
        state.finish(found)
    finally:
        state.close()
    if html is not None:
        written.append(_page(html, found, place, overlay))
    if output is Format.JSON:
        print(map_as_json(found))
        return 0
    show_map(found, every=every)
    print("wrote " + ", ".join(map(str, written)))
    return 0


def _map_file(given: Path | None, place: Home) -> Path:
    return given if given is not None else place.policy.parent / MAP_FILE


def _source(
    pg: str | None,
    sqlite: Path | None,
    files: str | None,
    openapi: Path | None,
    logs: Path | None,
    judge: Judge,
    base: str | None,
) -> _Source:
    """Give the one source that was named. Raises `Problem` where it is not one."""
    named = [each for each in (pg, sqlite, files, openapi, logs) if each is not None]
    if len(named) != 1:
        what = "nothing to map" if not named else "more than one source"
        raise Problem(what, "name one of --pg, --sqlite, --files, --openapi, --logs")
    if isinstance(named[0], str) and not named[0].strip():
        raise Problem(
            f"--{'pg' if pg is not None else 'files'}: it is empty", "if it came from a variable, set that first"
        )
    if pg is not None:
        need("postgres", ("psycopg",))
        name, told = asset_of(pg)
        return _Source(
            name,
            told,
            lambda asset, zone, state, watched, reviewed: map_postgres(
                pg, asset=asset, zone=zone, state=state, progress=watched, reviewed=reviewed, judge=judge
            ),
        )
    if sqlite is not None:
        return _Source(
            asset_name(sqlite.stem),
            str(sqlite.absolute()),
            lambda asset, zone, state, watched, reviewed: map_sqlite(
                sqlite, asset=asset, zone=zone, state=state, progress=watched, reviewed=reviewed, judge=judge
            ),
        )
    if openapi is not None:
        return _Source(
            asset_name(openapi.name.partition(".")[0]),
            str(openapi.absolute()),
            lambda asset, zone, _state, watched, reviewed: map_openapi(
                openapi, asset=asset, zone=zone, progress=watched, reviewed=reviewed, judge=judge, base=base
            ),
        )
    if logs is not None:
        return _Source(
            asset_name(logs.name.partition(".")[0]),
            str(logs.absolute()),
            lambda asset, zone, _state, watched, _reviewed: map_log(
                logs, asset=asset, zone=zone, progress=watched, judge=judge
            ),
        )
    assert files is not None  # noqa: S101 (one of them was named)
    need("files", ("pyarrow", "fsspec"))
    return _Source(
        files_asset(files),
        "files",
        lambda asset, zone, _state, watched, reviewed: map_files(
            files, asset=asset, zone=zone, progress=watched, reviewed=reviewed, judge=judge
        ),
    )


def files_asset(where: str) -> str:
    """Give the asset's name that files suggest: the first part of their name, without stars."""
    last = where.split("?")[0].rstrip("/").rpartition("/")[2]
    return asset_name(last.partition(".")[0].replace("*", "") or "files")


def _states(place: Home) -> Path:
    """Give the folder of states, with the home made where there is none."""
    if not place.folder.is_dir():
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (place.folder / ".gitignore").write_text(IGNORE, encoding="utf-8")
    return place.folder / STATES


def _page(file: Path, found: AssetMap, place: Home, overlay: Path | None) -> Path:
    from ringfence.atlas.page import map_page

    file.write_text(map_page(found, _policy(place, overlay)), encoding="utf-8")
    return file


def _detector(place: Home, overlay: Path | None) -> Detector:
    """Give the detector that the policy tells of; where it cannot be read yet (its map is missing, say), that of no policy."""
    try:
        policy = _policy(place, overlay)
    except (PolicyError, Problem):
        print("ringfence: the policy cannot be read yet: its own recognizers and lists are not used", file=sys.stderr)
        policy = None
    return Detector() if policy is None else detector_for(policy.detect)


def _policy(place: Home, overlay: Path | None) -> Policy | None:
    """Give the policy where there is one, for the flows of the drawing."""
    return load_policy(place.policy, overlay=overlay) if place.policy.is_file() else None


def _compared(found: AssetMap, accepted: Accepted, types: Mapping[str, str], place: Home, output: Format) -> int:
    drifted = drift(found, accepted, types)
    if drifted and place.ledger.is_file():
        with BlockingClient(place.ledger, place.signing_key) as ledger:
            ledger.append([drift_entry(found, drifted, principal(), datetime.now(UTC))])
    if output is Format.JSON:
        print(drift_as_json(found.asset, drifted))
    else:
        show_drift(found.asset, drifted)
    return FOUND if drifted else 0


def drift_entry(found: AssetMap, drifted: Sequence[Drifted], who: str, at: datetime) -> dict[str, JsonValue]:
    """Make the ledger's entry of drift: counts, paths, judgements. Names of a source are strings of others, and are scrubbed."""
    detector = Detector()
    listed: list[JsonValue] = [
        {
            "path": scrub(one.path, detector, 500),
            "how": one.how.value,
            "accepted": one.accepted,
            "found": one.found,
        }
        for one in drifted[:MOST_RECORDED]
    ]
    categories: list[JsonValue] = [*sorted({one.found for one in drifted if one.found in CATEGORIES})]
    return {
        "v": VERSION,
        "id": f"drift.{secrets.token_hex(13)}",
        "kind": "drift",
        "at": stamp(at),
        "principal": who,
        "asset": found.asset,
        "zone": found.zone,
        **count_drift(drifted),
        "categories": categories,
        "fields": listed,
    }


FieldsArgument = Annotated[
    list[str], typer.Argument(metavar="FIELD", help="Fields, by their paths, or by their ends where those are clear.")
]


@app.command(
    help=(
        "Record that what the map says of fields is right, or what they hold instead. Mapping again keeps it.\n\n"
        "Example: ringfence map accept customer.nickname --as user.name"
    )
)
def accept(
    fields: FieldsArgument,
    judgement: Annotated[
        str,
        typer.Option(
            "--as", metavar="CATEGORY", help="What they hold: a category, none or scan.", show_default="as proposed"
        ),
    ] = "",
    asset: OwnerOption = "",
    map_file: MapOption = None,
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Confirm, or correct."""
    if judgement and judgement not in (*CATEGORIES, NONE, SCAN):
        raise Problem(
            "--as: there is no such category", nearest(judgement, CATEGORIES, "`ringfence categories` lists them")
        )
    return _judge(_map_file(map_file, home(policy, folder)), fields, judgement or None, asset)


@app.command(
    help=(
        "Record that fields hold nothing personal: `none`, which passes unscanned. Mapping again keeps it.\n\n"
        "Example: ringfence map reject product.title"
    )
)
def reject(
    fields: FieldsArgument,
    asset: OwnerOption = "",
    map_file: MapOption = None,
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Judge fields as harmless."""
    return _judge(_map_file(map_file, home(policy, folder)), fields, NONE, asset)


def _judge(file: Path, fields: Sequence[str], judgement: str | None, asset: str) -> int:
    for one in record_judgement(file, fields, judgement, asset):
        changed = f"{one.before} -> {one.after}" if one.before != one.after else one.after
        print(f"{printable(one.path)}: {changed}")
    return 0
