"""The forms of a policy as they are written: one model per transform.

The rule: as in `ringfence.policy.document`, which they are a part of.
"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, model_validator

from ringfence.policy.document_words import ContradictionError, Name
from ringfence.policy.document_words import DocumentModel as _Model

Duration: TypeAlias = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}[smhd]$")]


class _FormDocument(_Model):
    pass


class RedactDocument(_FormDocument):
    """A marker in place of the value."""

    transform: Literal["redact"] = Field(description="A marker stands in place of the value.")


class NullDocument(_FormDocument):
    """Nothing in place of the value."""

    transform: Literal["null"] = Field(description='The field becomes null. The word stands in quotes: "null".')


class MaskDocument(_FormDocument):
    """Fill characters in place of the value's own, some of which may stay."""

    transform: Literal["mask"] = Field(description="Characters are replaced by a fill character.")
    keep_first: int = Field(default=0, ge=0, le=64, description="How many characters stay at the beginning.")
    keep_last: int = Field(default=0, ge=0, le=64, description="How many characters stay at the end.")
    keep_domain: bool = Field(default=False, description="Whether what follows the @ of an e-mail address stays.")
    fill: str = Field(default="*", min_length=1, max_length=1, description="The character that replaces the others.")


class TruncateDocument(_FormDocument):
    """The beginning of the value."""

    transform: Literal["truncate"] = Field(description="Only the beginning stays.")
    keep_first: int = Field(
        default=0, ge=0, le=64, description="How many characters stay. 0, the default: of an IP address, its network."
    )


class BucketDocument(_FormDocument):
    """The range that the value lies in."""

    transform: Literal["bucket"] = Field(description="A number or date becomes the range that it lies in.")
    width: int = Field(default=0, ge=0, le=10**12, description="The range of a number: 10 makes 42 into 40-49.")
    unit: Literal["", "month", "year", "decade"] = Field(default="", description="The range of a date.")

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "BucketDocument":
        if bool(self.width) == bool(self.unit):
            raise ContradictionError(
                "a bucket needs `width` or `unit`, and not both", "give numbers a width, dates a unit"
            )
        if self.width == 1:
            raise ContradictionError("a bucket of width 1 is the value itself", "give it a width of 2 or more")
        return self


class HashDocument(_FormDocument):
    """A keyed hash: the same for the same value, and not reversible."""

    transform: Literal["hash"] = Field(description="HMAC-SHA-256 of the value under the key.")
    key: Name = Field(description="The key. Whoever holds it can try values out.")
    length: int = Field(default=32, ge=16, le=64, description="Hexadecimal digits.")


class TokenDocument(_FormDocument):
    """A token: the same for the same value, reversible by whoever has the key and the role."""

    transform: Literal["token"] = Field(description="AES-SIV of the value under the key: text, without a store.")
    key: Name = Field(description="The key that makes and reverses it.")
    joinable: list[Name] = Field(default=[], description="The zones that get the same token for the same value.")


_KEEP: Final = (
    "How long the vault keeps it after the value was last sent: `24h`, `30m`, `7d`. Only conversations are kept."
)


class PlaceholderDocument(_FormDocument):
    """A numbered word in brackets, the same for the same value within a conversation."""

    transform: Literal["placeholder"] = Field(description="`[EMAIL_1]`, numbered anew in each conversation.")
    key: Name = Field(description="The key that the vault seals the value with.")
    keep: Duration = Field(default="24h", description=_KEEP)


class SurrogateDocument(_FormDocument):
    """A made-up value of the same kind, the same for the same value within a conversation."""

    transform: Literal["surrogate"] = Field(description="A made-up value of the same kind, from a reserved range.")
    key: Name = Field(description="The key that the vault seals the value with.")
    joinable: list[Name] = Field(default=[], description="The zones that get the same surrogate for the same value.")
    keep: Duration = Field(default="24h", description=_KEEP)


FormDocument: TypeAlias = Annotated[
    RedactDocument
    | NullDocument
    | MaskDocument
    | TruncateDocument
    | BucketDocument
    | HashDocument
    | TokenDocument
    | PlaceholderDocument
    | SurrogateDocument,
    Field(discriminator="transform"),
]
