"""The taxonomy's tables hold together, and say what laws say."""

import pytest

from ringfence.taxonomy import CATEGORIES, ENTITIES, EXTENSIONS, Domain, Regulation, Sensitivity, is_within


def citing(regulation: Regulation, clause: str) -> set[str]:
    return {
        path
        for path, info in CATEGORIES.items()
        if any(cite.regulation is regulation and cite.clause == clause for cite in info.regulations)
    }


def test_every_category_has_its_parents() -> None:
    assert not [path for path, info in CATEGORIES.items() if info.parent and info.parent not in CATEGORIES]


def test_categories_stand_in_order_and_once() -> None:
    assert list(CATEGORIES) == sorted(CATEGORIES)
    assert len({info.title for info in CATEGORIES.values()}) == len(CATEGORIES)
    assert all(path == info.path for path, info in CATEGORIES.items())


def test_extensions_are_categories() -> None:
    assert set(CATEGORIES) >= EXTENSIONS


def test_every_entity_has_a_category() -> None:
    assert {entity.category for entity in ENTITIES.values()} <= set(CATEGORIES)
    assert all(name == entity.name for name, entity in ENTITIES.items())


@pytest.mark.parametrize(
    "category",
    [
        "user.contact.email",
        "user.name",
        "user.name.first",
        "user.financial.credit_card",
        "user.demographic.date_of_birth",
    ],
)
def test_the_words_that_policies_use_exist(category: str) -> None:
    assert category in CATEGORIES


@pytest.mark.parametrize("letter", "ABCDEFGHIJKLMNOPQR")
def test_each_of_the_18_hipaa_identifiers_names_a_category(letter: str) -> None:
    assert citing(Regulation.HIPAA, f"164.514(b)(2)(i)({letter})")


def test_special_categories_of_gdpr_article_9_are_highly_sensitive() -> None:
    special = citing(Regulation.GDPR, "art. 9(1)")
    for word in (
        "race",
        "political",
        "religious",
        "philosophical",
        "union",
        "genetic",
        "biometrics",
        "health",
        "sexual",
    ):
        assert any(word in path for path in special), word
    assert all(CATEGORIES[path].sensitivity is Sensitivity.HIGH for path in special)


def test_everything_about_a_user_is_personal_data_and_nothing_else_is() -> None:
    personal = citing(Regulation.GDPR, "art. 4(1)")
    assert personal == {path for path in CATEGORIES if is_within(path, "user")}


def test_card_numbers_are_cardholder_data_and_codes_are_sensitive_authentication_data() -> None:
    assert citing(Regulation.PCI_DSS, "cardholder data") >= {"user.financial.credit_card", "user.name"}
    assert citing(Regulation.PCI_DSS, "sensitive authentication data") == {"user.financial.credit_card.verification"}


def test_numbers_that_can_be_tried_out_are_not_called_large() -> None:
    small = {path for path, info in CATEGORIES.items() if info.domain is Domain.SMALL}
    assert small >= {"user.demographic.date_of_birth", "user.contact.address.postal_code"}
    for path in ("financial.credit_card", "contact.phone_number", "device.ip_address", "government_id.passport_number"):
        assert CATEGORIES[f"user.{path}"].domain is Domain.ENUMERABLE


def test_within_means_the_path_or_what_is_under_it() -> None:
    assert is_within("user.contact.email", "user")
    assert is_within("user", "user")
    assert not is_within("user", "user.contact")
    assert not is_within("user.contacts", "user.contact")


def test_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATEGORIES["user.new"] = CATEGORIES["user"]  # type: ignore[index]
    with pytest.raises(TypeError):
        ENTITIES["NEW"] = ENTITIES["IBAN"]  # type: ignore[index]


def test_every_regulation_says_where_it_is_published() -> None:
    assert all(regulation.source.startswith("https://") and regulation.title for regulation in Regulation)
