"""The atlas: what is where. It looks at a source (a database, files, a service's description, a log) and says of every field what
it holds: a category of personal data, `none`, `scan` or `unknown`, how sure that is, and why.

The rule: a source is only read, and little of it; no value is kept, written or shown. What a person has judged stays.

    found = map_postgres("postgresql://reader@db.example.com/shop", asset="shop-db", zone="core")
    [one.path for one in found.fields if one.is_personal]
    write_map(Path("ringfence.map.yaml"), found)
"""

from ringfence.atlas.drift import Drifted, How, drift
from ringfence.atlas.faults import AtlasError, BadMapFile, Unmappable, Unreachable
from ringfence.atlas.files import map_files
from ringfence.atlas.judging import Judge
from ringfence.atlas.logs import map_log
from ringfence.atlas.map_file import MAP_FILE, Accepted, Judged, read_map, record_judgement, write_map
from ringfence.atlas.model import AssetMap, Lineage, Mapped, MappedTable, counted
from ringfence.atlas.openapi import map_openapi
from ringfence.atlas.openapi_diff import Shift, Shifted, compare
from ringfence.atlas.postgres import Progress, asset_name, asset_of, map_postgres
from ringfence.atlas.sqlite import map_sqlite
from ringfence.atlas.state import State, table_data, types_before
from ringfence.atlas.words import in_words, reasons

__all__ = [
    "MAP_FILE",
    "Accepted",
    "AssetMap",
    "AtlasError",
    "BadMapFile",
    "Drifted",
    "How",
    "Judge",
    "Judged",
    "Lineage",
    "Mapped",
    "MappedTable",
    "Progress",
    "Shift",
    "Shifted",
    "State",
    "Unmappable",
    "Unreachable",
    "asset_name",
    "asset_of",
    "compare",
    "counted",
    "drift",
    "in_words",
    "map_files",
    "map_log",
    "map_openapi",
    "map_postgres",
    "map_sqlite",
    "read_map",
    "reasons",
    "record_judgement",
    "table_data",
    "types_before",
    "write_map",
]
