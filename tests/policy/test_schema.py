"""The published JSON Schema says of a policy what the reader says."""

import pytest
from benchmarks.planning import POLICY
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from wrong_policies import ENVIRONMENT, RIGHT, WRONG, Wrong

from ringfence.policy import PolicyError, read, schema
from ringfence.policy.document_detect import OWN_ENTITY
from ringfence.taxonomy import CATEGORIES, ENTITIES

VALIDATOR = Draft202012Validator(schema())

SEEN_BY_A_SCHEMA = {
    "a-number-as-category", "a-number-as-key", "a-person-as-mode", "a-phone-as-role", "an-address-as-zone",
    "basis-misspelt", "boolean-as-text", "carry-a-mapping", "carry-empty-list", "category-by-its-end",
    "category-misspelt", "category-unheard-of", "else-of-yaml-null", "flow-key-misspelt",
    "form-key-misspelt", "form-key-of-another-kind", "hash-too-short", "keep-as-boolean", "keep-as-text",
    "keep-negative", "kind-misspelt", "label-a-number", "line-without-form", "match-misspelt", "mode-misspelt",
    "never-misspelt", "no-version", "recognizers", "retention-of-no-unit", "retention-without-unit",
    "section-misspelt", "threshold-too-high", "token-without-key", "transform-missing", "transform-misspelt",
    "alert-misspelt", "alert-of-another-rate", "alert-of-no-category", "alert-of-no-rate", "alert-of-no-time",
    "alert-on-nothing", "receiver-misspelt",
    "transform-of-yaml-null", "version-2", "version-text", "zone-key-misspelt",
}  # fmt: skip


def valid(text: str) -> bool:
    return VALIDATOR.is_valid(YAML(typ="safe", pure=True).load(text))


def test_the_schema_is_one_of_2020_12() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    "text", [RIGHT, POLICY, POLICY.replace("version: 1\n", "version: 1\ninclude: [ringfence.map.yaml]\n")]
)
def test_right_policies_are_valid(text: str) -> None:
    assert list(VALIDATOR.iter_errors(YAML(typ="safe", pure=True).load(text))) == []


@pytest.mark.parametrize(
    "wrong", [each for each in WRONG if each.name in SEEN_BY_A_SCHEMA], ids=lambda wrong: wrong.name
)
def test_what_one_file_can_tell_the_schema_refuses_too(wrong: Wrong) -> None:
    assert not valid(RIGHT.replace(wrong.old, wrong.new))


def test_the_list_of_what_a_schema_sees_names_wrong_policies() -> None:
    assert {each.name for each in WRONG} >= SEEN_BY_A_SCHEMA


def test_every_category_and_entity_is_a_word_of_the_schema() -> None:
    definitions = VALIDATOR.schema["$defs"]
    carried = definitions["FlowDocument"]["properties"]["carry"]["propertyNames"]["enum"]
    assert set(carried) == {*CATEGORIES, "*"}
    known, own = definitions["DetectDocument"]["properties"]["thresholds"]["propertyNames"]["anyOf"]
    assert set(known["enum"]) == set(ENTITIES)
    assert own == {"pattern": OWN_ENTITY}


def test_every_key_of_the_schema_is_described() -> None:
    parts = [VALIDATOR.schema, *VALIDATOR.schema["$defs"].values()]
    bare = [name for part in parts for name, each in part.get("properties", {}).items() if not each.get("description")]
    assert bare == []


def test_a_policy_that_the_reader_takes_is_valid() -> None:
    read("p.yaml", {"p.yaml": POLICY}, ENVIRONMENT)
    assert valid(POLICY)
    with pytest.raises(PolicyError):
        read("p.yaml", {"p.yaml": f"{POLICY}more: 1\n"}, ENVIRONMENT)
    assert not valid(f"{POLICY}more: 1\n")
