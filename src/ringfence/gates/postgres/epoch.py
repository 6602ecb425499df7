"""Watching the catalogue for changes that did not come through the gate.

The rule: what is known of a statement is believed for at most `WINDOW` seconds after the last look that saw nothing change. A look
that fails or is late ends that belief: until the next good look every statement is traced.

The look is one query on a connection of the gate's own: a digest of (oid, xmin) of every object whose change can change what a
statement means. Temporary objects are left out; they are a session's own.
"""

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from ringfence.access import AccessFault
from ringfence.gates.postgres.upstream import Upstream, connect
from ringfence.gates.postgres.upstream_address import Address, secret_of

if TYPE_CHECKING:
    from ringfence.gates.postgres.shared import Shared

WINDOW = 1.0  # seconds
PERIOD = 0.5  # between two looks, so that one that is a little late still keeps the window
_DEADLINE = 5.0

_FIRST_OF_USERS = 16384  # FirstNormalObjectId in access/transam.h
_COUNTED = (
    *("pg_proc", "pg_type", "pg_operator", "pg_cast", "pg_policy", "pg_trigger", "pg_opclass", "pg_collation"),
    *("pg_rewrite", "pg_attrdef", "pg_namespace", "pg_enum", "pg_constraint", "pg_foreign_table", "pg_aggregate"),
)
_KEYS = {"pg_foreign_table": "ftrelid", "pg_aggregate": "aggfnoid"}


_VERSION = "((x.xmin)::pg_catalog.text::pg_catalog.int8 << 32)"


def _look_at(table: str, mixed: str, where: str, version: str = _VERSION) -> str:
    """Write one part of the look: how many rows of a catalogue there are, and a sum of the hashes of what they are."""
    digest = f"pg_catalog.hashint8({mixed} # {version})"
    return (
        f"select '{table}' as t, pg_catalog.count(*) as n, coalesce(pg_catalog.sum({digest}), 0)::pg_catalog.text as h"  # noqa: S608 (of the table above)
        f" from pg_catalog.{table} x where {where}"
    )


def _of_objects(table: str) -> str:
    key = f"(x.{_KEYS.get(table, 'oid')})::pg_catalog.oid"
    return _look_at(table, f"{key}::pg_catalog.int8", f"{key} >= {_FIRST_OF_USERS}")


_LASTING = "relpersistence <> 't' and {0}relkind in ('r', 'v', 'm', 'p', 'f', 'c')"
_LOOKS = (
    _look_at("pg_class", "x.oid::pg_catalog.int8", f"x.oid >= {_FIRST_OF_USERS} and x.{_LASTING.format('x.')}"),
    _look_at(
        "pg_attribute",
        "x.attrelid::pg_catalog.int8 # (x.attnum::pg_catalog.int8 << 20)",
        f"x.attrelid >= {_FIRST_OF_USERS} and exists (select from pg_catalog.pg_class c"
        f" where c.oid = x.attrelid and c.{_LASTING.format('c.')})",
    ),
    _look_at("pg_inherits", "x.inhrelid::pg_catalog.int8", "true", "(x.inhparent::pg_catalog.int8 << 32)"),
    *map(_of_objects, _COUNTED),
)
_JOINED = "pg_catalog.string_agg(t || ':' || n || ':' || h, ' ' order by t)"
LOOK = f"select {_JOINED} from ({' union all '.join(_LOOKS)}) looked"  # noqa: S608 (of the table above)


class Watch:
    """Looks at the catalogue again and again, and ends epochs."""

    def __init__(self, shared: "Shared", address: Address) -> None:
        self._shared = shared
        self._address = address
        self._upstream: Upstream | None = None
        self._seen = ""
        self._complained = False
        self.last_look = float("-inf")

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 (a watch that has ended would leave what is known believed for ever)
                self._shared.trouble(error)
                self._blind()
                await self.close()
            await asyncio.sleep(max(0.0, PERIOD - (loop.time() - began)))

    async def _look(self) -> None:
        shared = self._shared
        try:
            async with asyncio.timeout(_DEADLINE):
                asking = asyncio.ensure_future(self._digest())
                try:
                    # What is known may be believed for a window; an answer that takes longer ends that.
                    found = await self._in_time(asking)
                finally:
                    asking.cancel()
        except (AccessFault, OSError, TimeoutError):
            self._blind()
            await self.close()
            return
        self.last_look = asyncio.get_running_loop().time()
        if found != self._seen:
            self._seen = found
            shared.new_epoch()
        if not shared.polled:
            shared.polled = True
            shared.new_epoch()
            if self._complained:
                self._complained = False
                shared.world.notify("the catalogue is watched again")

    async def _in_time(self, asking: "asyncio.Future[str]") -> str:
        done, _ = await asyncio.wait({asking}, timeout=WINDOW - PERIOD)
        if not done:
            self._blind()
        return await asking

    def _blind(self) -> None:
        shared = self._shared
        if shared.polled:
            shared.polled = False
            shared.new_epoch()
        if not self._complained:
            self._complained = True
            shared.world.notify("the catalogue cannot be watched: until it can, every statement is traced")

    async def _digest(self) -> str:
        if self._upstream is None:
            login = next(iter(self._shared.gate.logins.values()))
            secret = secret_of(login, os.environ, self._shared.world.base)
            parameters = {"application_name": "ringfence: catalogue", "client_encoding": "UTF8"}
            self._upstream = await connect(self._address, login.user, secret, parameters=parameters, deadline=_DEADLINE)
        [[digest]] = await self._upstream.fetch(LOOK, [])
        return digest or ""

    async def close(self) -> None:
        """Close its connection."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            with suppress(OSError, RuntimeError):  # it may be half gone
                await upstream.close()
