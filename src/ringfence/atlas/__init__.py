"""The atlas: what is where. It looks at a source (a database, files, a service's description, a log) and says of every field what
it holds: a category of personal data, `none`, `scan` or `unknown`, how sure that is, and why.

The rule: a source is only read, and little of it; no value is kept, written or shown. What a person has judged stays.

    found = map_postgres("postgresql://reader@db.example.com/shop", asset="shop-db", zone="core")
    [one.path for one in found.fields if one.is_personal]
    write_map(Path("ringfence.map.yaml"), found)
"""

from ringfence.atlas.faults import AtlasError, BadMapFile, Unmappable, Unreachable
from ringfence.atlas.judging import Judge
from ringfence.atlas.model import AssetMap, Lineage, Mapped, MappedTable
from ringfence.atlas.postgres import asset_name, map_postgres
from ringfence.atlas.state import State

__all__ = [
    "AssetMap",
    "AtlasError",
    "BadMapFile",
    "Judge",
    "Lineage",
    "Mapped",
    "MappedTable",
    "State",
    "Unmappable",
    "Unreachable",
    "asset_name",
    "map_postgres",
]
