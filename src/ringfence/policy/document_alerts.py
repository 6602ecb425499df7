"""The sections `receivers` and `alert` of a policy, as they are written."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from ringfence.policy.document_words import Address, Category, ContradictionError, DocumentModel, Name

DURATION = r"^[1-9][0-9]{0,5}[smhd]$"
RATE = r"^[1-9][0-9]{0,5} per [1-9][0-9]{0,5}[smhd]$"

Told: TypeAlias = Literal["refused", "undeclared", "drift", "probe-leak", "volume"]


class ReceiverDocument(DocumentModel):
    """Somebody who is told of alerts: exactly one of webhook, apprise, syslog and stdout."""

    webhook: Address | None = Field(
        default=None,
        description="An https address that takes a signed POST (http on this machine). Variables are replaced.",
    )
    secret: Address = Field(
        default="", description="With `webhook`: where its signing secret is, `env:NAME` or `file:PATH`."
    )
    apprise: Address | None = Field(
        default=None,
        description="E-mail, chats, pagers: where the address is that `apprise` takes, `env:NAME` or `file:PATH`.",
    )
    syslog: Address | None = Field(
        default=None, description="`unix:/dev/log` or `udp:HOST:PORT` (RFC 5424). Variables are replaced."
    )
    stdout: bool = Field(default=False, description="Whether it is the standard output, one line of JSON an alert.")
    link: Address = Field(
        default="", description="An address to which a crossing's id is added, for whoever reads the alert."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "ReceiverDocument":
        given = [self.webhook is not None, self.apprise is not None, self.syslog is not None, self.stdout]
        if given.count(True) != 1:
            mend = "give one of webhook, apprise, syslog and stdout: true"
            raise ContradictionError("a receiver needs exactly one way to reach it", mend)
        if bool(self.secret) != (self.webhook is not None):
            what = "a webhook without a secret" if self.webhook is not None else "a secret without a webhook"
            mend = 'give where its signing secret is: `secret: "env:NAME"`' if self.webhook is not None else "remove it"
            raise ContradictionError(what, mend)
        return self


class AlertDocument(DocumentModel):
    """What is told to whom."""

    on: list[Told] = Field(min_length=1, description="What is told.")
    to: list[Name] = Field(min_length=1, description="The receivers.")
    flows: list[Name] = Field(default=[], description="Of these flows only.")
    categories: list[Category] = Field(default=[], description="Of these categories only, each with all under it.")
    within: str = Field(
        default="5m",
        pattern=DURATION,
        description="The same alert is told once in this time; what follows is counted and summed up in one.",
    )
    most: str = Field(
        default="60 per 1h",
        pattern=RATE,
        description="How many alerts of this rule at most; what is more is counted and summed up in one.",
    )


def _written_as(value: object) -> str:
    return "(rules)" if isinstance(value, list) else "(rule)"


AlertValue: TypeAlias = Annotated[
    Annotated[AlertDocument, Tag("(rule)")] | Annotated[list[AlertDocument], Tag("(rules)")], Discriminator(_written_as)
]
