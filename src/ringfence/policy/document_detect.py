"""The section `detect` of a policy, as it is written: thresholds, words, recognizers and lists of one's own.

The rule: what can be said twice in two ways is said in one; a text stands for the mapping that it would be the main key of.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, WithJsonSchema, model_validator

from ringfence.policy.document_words import Category, ContradictionError, DocumentModel
from ringfence.taxonomy import ENTITIES

OWN_ENTITY = r"^[A-Z][A-Z0-9_]{1,62}$"
LONGEST_LISTED = 200  # characters of a value in a list or an example, also of one that a file holds

Entity: TypeAlias = Annotated[
    str, WithJsonSchema({"type": "string", "anyOf": [{"enum": sorted(ENTITIES)}, {"pattern": OWN_ENTITY}]})
]
Extended: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(ENTITIES)})]
Score: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Listed: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST_LISTED)]
ListedValues: TypeAlias = Annotated[
    Annotated[Listed, Tag("(text)")] | Annotated[list[Listed], Tag("(list)")],
    Discriminator(lambda value: "(list)" if isinstance(value, list) else "(text)"),
]
Context: TypeAlias = Annotated[str, Field(min_length=1, max_length=60)]
Regex: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000)]
CheckName: TypeAlias = Annotated[str, Field(min_length=1, max_length=60)]


class PatternDocument(DocumentModel):
    """One spelling of a value."""

    pattern: Regex = Field(description="What it looks like, in RE2's syntax. It fits neither nothing nor a line's end.")
    name: str = Field(
        default="", pattern=r"^([a-z][a-z0-9-]{0,40})?$", description="What evidence calls it: `pattern:NAME`."
    )
    score: Literal["", "unchecked", "digits", "telling", "proven"] = Field(
        default="",
        description="Its scores in a word: `unchecked` (many things look like it), `digits` (a number with check digits), "
        "`telling` (hardly anything else looks like it), `proven` (and two things are calculated). Else by what announces it.",
    )
    alone: Score | None = Field(default=None, description="Its score where no word of `words` stands near.")
    beside: Score | None = Field(default=None, description="Its score beside such a word.")

    @model_validator(mode="after")
    def _one_kind_of_score(self) -> "PatternDocument":
        if self.score and (self.alone is not None or self.beside is not None):
            raise ContradictionError("a score in a word and in numbers", "give `score`, or `alone` and `beside`")
        if self.alone is not None and self.beside is not None and self.alone > self.beside:
            raise ContradictionError("alone is more than beside", "a word of context never lowers a score")
        return self


def _pattern_as(value: object) -> str:
    return "(mapping)" if isinstance(value, dict | PatternDocument) else "(text)"


PatternValue: TypeAlias = Annotated[
    Annotated[Regex, Tag("(text)")] | Annotated[PatternDocument, Tag("(mapping)")], Discriminator(_pattern_as)
]


class ExamplesDocument(DocumentModel):
    """Texts on which the recognizer is tried whenever the policy is read."""

    found: list[Listed] = Field(default=[], description="Texts in which it must find something.")
    not_found: list[Listed] = Field(default=[], description="Texts in which it must find nothing.")


class RecognizerDocument(DocumentModel):
    """A recognizer of one's own, or an addition to one of ringfence's."""

    entity: str | None = Field(
        default=None, pattern=OWN_ENTITY, description="What it finds, in capitals: `CUSTOMER_NUMBER`."
    )
    extends: Extended | None = Field(
        default=None, description="In place of `entity`: the entity of ringfence's that it adds to."
    )
    category: Category | None = Field(default=None, description="The category of what it finds (with `entity`).")
    title: str = Field(default="", max_length=100, description="What it finds, in words.")
    patterns: list[PatternValue] = Field(
        default=[], max_length=50, description="What it looks like: RE2 patterns, or mappings with scores."
    )
    words: list[Context] = Field(
        default=[],
        max_length=500,
        description="Words that vouch for a value close behind them; a `-` at the end: the beginning of a word.",
    )
    fields: list[Context] = Field(
        default=[],
        max_length=500,
        description="Names of fields that hold it; `customer_no` fits `customerNo` too. Without patterns the whole value is found.",
    )
    check: CheckName | None = Field(
        default=None,
        description="What its number is checked by: `luhn`, `verhoeff`, `damm` (of its digits), `iban`, `mod97`, `mod11-2`, "
        "`mod37-36` (of letters and digits), or a module of python-stdnum: `stdnum:de.idnr`.",
    )
    threshold: Score = Field(default=0.5, description="The least score that counts.")
    everywhere: bool = Field(
        default=False,
        description="Whether a pattern that nothing announces (it holds no text of its own) is looked for everywhere. That "
        "costs a pass over all that crosses; without it, it is looked for beside its words and in its fields.",
    )
    examples: ExamplesDocument = Field(
        default=ExamplesDocument(),
        description="Texts that must be found, and must not be. They are tried at each reading.",
    )

    @model_validator(mode="after")
    def _whole(self) -> "RecognizerDocument":
        if (self.entity is None) == (self.extends is None):
            raise ContradictionError(
                "a recognizer needs either entity or extends", "give the name of yours, or whose it adds to"
            )
        if self.entity is not None and self.category is None:
            raise ContradictionError("a recognizer without a category", "give one: `category: user.unique_id`")
        if self.extends is not None and (self.category is not None or "threshold" in self.model_fields_set):
            mend = "remove it; `thresholds` changes the threshold"
            raise ContradictionError("an addition to an entity has neither category nor threshold of its own", mend)
        if not (self.patterns or self.fields or (self.extends is not None and self.words)):
            raise ContradictionError("a recognizer that looks for nothing", "give patterns, or fields")
        return self


class DenyDocument(DocumentModel):
    """Values that are findings wherever they stand as whole words."""

    values: ListedValues = Field(
        description="A value, a list of values, or `file:PATH`: a text file beside the policy with one on each line."
    )
    entity: Entity | None = Field(
        default=None, description="What they are: an entity of ringfence's or of the policy's."
    )
    category: Category | None = Field(default=None, description="Their category, where the entity does not say it.")

    @model_validator(mode="after")
    def _something(self) -> "DenyDocument":
        if self.entity is None and self.category is None:
            raise ContradictionError("values that are nothing", "give their `entity` or their `category`")
        return self


class AllowDocument(DocumentModel):
    """Values that are never a finding."""

    values: ListedValues = Field(
        default=[], description="A value, a list of values, or `file:PATH`, as in `deny`. They are compared exactly."
    )
    pattern: Regex | None = Field(default=None, description="An RE2 pattern that fits such a value as a whole.")
    entity: Entity | None = Field(default=None, description="Of this entity only.")

    @model_validator(mode="after")
    def _something(self) -> "AllowDocument":
        if bool(self.values) == (self.pattern is not None):
            raise ContradictionError("neither values nor a pattern, or both", "give `values` or `pattern`")
        return self


def _allowed_as(value: object) -> str:
    return "(mapping)" if isinstance(value, dict | AllowDocument) else "(text)"


AllowValue: TypeAlias = Annotated[
    Annotated[Listed, Tag("(text)")] | Annotated[AllowDocument, Tag("(mapping)")], Discriminator(_allowed_as)
]


class DetectDocument(DocumentModel):
    """How detection is set up."""

    thresholds: dict[Entity, Score] = Field(default={}, description="Per entity, the least score that counts: 0 to 1.")
    context: dict[Entity, list[Context]] = Field(
        default={}, description="Per entity, more words that vouch for a value close behind them."
    )
    recognizers: list[RecognizerDocument] = Field(default=[], description="Recognizers of one's own.")
    deny: list[DenyDocument] = Field(
        default=[], description="Values that are findings wherever they stand as whole words, in any case."
    )
    allow: list[AllowValue] = Field(
        default=[],
        description="Values that are never a finding, such as the company's own hotline: texts, `file:PATH`, or mappings.",
    )
