"""What every mapping of a policy's document is made of: the base of its models, and the words that stand in it."""

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from ringfence.taxonomy import CATEGORIES


class ContradictionError(ValueError):
    """Keys of one mapping that do not fit together: what is wrong with them, and the mend."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(what)


class DocumentModel(BaseModel):
    """A mapping of the policy: strict, frozen, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,62}$")]
Word: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]
Address: TypeAlias = Annotated[str, Field(max_length=2000)]
Category: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(CATEGORIES)})]
