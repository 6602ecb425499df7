"""The ledger as a gate sees it: one entry in, one receipt out, or `Unrecorded` within its deadline."""

from ringfence.crossing import Body
from ringfence.gates.carrying import Unrecorded
from ringfence.ledger import LedgerClient, LedgerUnavailable


class LedgerRecorder:
    """Records entries through a ledger's writer. Entries given at the same time share a commit."""

    __slots__ = ("_client",)

    def __init__(self, client: LedgerClient) -> None:
        self._client = client

    async def record(self, body: Body) -> str:
        """Write one entry; its receipt is ledger and index, given once the entry is on disk."""
        try:
            receipts = await self._client.append([body])
        except LedgerUnavailable as fault:
            raise Unrecorded(str(fault.fault)) from fault
        return f"{receipts[0].ledger}:{receipts[0].index}"
