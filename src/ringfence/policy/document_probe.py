"""What a policy says of the probe, as it is written.

The rule: nothing here changes what may cross, so it is not in the policy's hash; and no secret stands here, only where one is.
"""

from typing import Literal

from pydantic import Field

from ringfence.policy.document_words import Address, DocumentModel, Name


class ProbeDocument(DocumentModel):
    """How `ringfence probe` attacks the running gates. Nothing here changes what may cross."""

    users: dict[Name, Address] = Field(
        default={},
        description="Per role, a login at the gate: `env:NAME` or `file:PATH`, in which `user:password` or a whole address stands. "
        "A role without one is not runnable.",
    )
    gate: Name | None = Field(default=None, description="The gate; needed where the policy has several for PostgreSQL.")
    reference: Address = Field(
        default="",
        description="The owner's own read-only address of the database, straight: `env:NAME` or `file:PATH`. "
        "A few real values are read there, to know what must not come back.",
    )
    writer: Address = Field(
        default="",
        description="A straight address that may insert and delete, for `--plant` and `clean`: `env:NAME` or `file:PATH`.",
    )
    write: bool = Field(
        default=False,
        description="Whether synthetic people may be planted, and attacks that write be tried, each rolled back.",
    )
    every: str = Field(
        default="",
        pattern=r"^([1-9][0-9]{0,4}[smhd])?$",
        description="How often `ringfence probe --every` runs: `15m`.",
    )
    on_leak: Literal["", "close"] = Field(
        default="",
        description="`close`: the flows through which a role read what it must not are closed at once, until they are switched "
        "to `enforce` again. Not given: a leak is recorded and told.",
    )
    budget: int = Field(default=50_000, ge=1, le=10_000_000, description="The most statements of one run.")
    rate: int = Field(default=200, ge=1, le=10_000, description="The most statements in a second.")
