"""The policy's words for who asks: principals, and the header fields in which a client says who it is and what for.

The rule: as in `ringfence.policy.document`, of which this is a part.
"""

from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from ringfence.policy.document_words import Address, ContradictionError, Name, Word
from ringfence.policy.document_words import DocumentModel as _Model


class PrincipalsDocument(_Model):
    """A source of identities."""

    zone: Name = Field(description="The zone in which those whom it names stand.")
    scram: Address | None = Field(
        default=None, description="A file of SCRAM users: `file:users.scram`. Variables are replaced."
    )
    jwks: Address | None = Field(
        default=None, description="A JSON Web Key Set: an https address or `file:PATH`. Variables are replaced."
    )
    certificates: Address | None = Field(
        default=None,
        description="A file of users who show a client certificate of the gate's authority: `file:users.scram`. "
        "Variables are replaced.",
    )
    api_keys: Address | None = Field(
        default=None,
        description="A file of users with API keys, for HTTP: `file:partners.users`. It holds hashes only. Variables are replaced.",
    )
    local: bool = Field(default=False, description="Whether it is the accounts of the machine that ringfence runs on.")
    audience: str = Field(default="", max_length=200, description="The audience that a token must name (with `jwks`).")
    issuer: str = Field(default="", max_length=500, description="The issuer that a token must name (with `jwks`).")
    groups: Word = Field(default="groups", description="The claim that lists a token's groups (with `jwks`).")
    subject: Word = Field(default="sub", description="The claim that names who a token is about (with `jwks`).")

    @model_validator(mode="after")
    def _one_source(self) -> "PrincipalsDocument":
        given = [each is not None for each in (self.scram, self.jwks, self.certificates, self.api_keys)]
        if [*given, self.local].count(True) != 1:
            mend = "give one of scram, jwks, certificates, api_keys and local: true"
            raise ContradictionError("principals need exactly one source", mend)
        of_tokens = {"audience": self.audience, "issuer": self.issuer}
        for name in of_tokens if self.jwks is None else ():
            if of_tokens[name]:
                raise ContradictionError(f"an {name} without jwks", f"remove {name}, or give jwks")
        return self


HeaderName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]


class AskingDocument(_Model):
    """The names of header fields, in any case."""

    api_key: HeaderName = Field(default="x-api-key", description="Of the API key.")
    role: HeaderName = Field(default="x-role", description="Of the role, for those who have several.")
    purpose: HeaderName = Field(default="x-purpose", description="Of the purpose.")
    reason: HeaderName = Field(default="x-reason", description="Of the reason.")
