"""The categories of personal data: fideslang's, with sensitivity, size of the domain and the laws that name each.

The rule: a path is fideslang's own (version 3.2, https://ethyca.github.io/fideslang/) wherever it has one; the few that
it lacks stand in `EXTENSIONS`, under a parent of fideslang's. Every path's parent is a row too. All under `user` is
personal data in the sense of GDPR art. 4(1), so a row says only what a law names beyond that.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ringfence.taxonomy.model import CategoryInfo, Domain, Sensitivity
from ringfence.taxonomy.regulations import (
    CARDHOLDER,
    SENSITIVE_AUTHENTICATION,
    Citation,
    cpra,
    gdpr,
    hipaa,
)

_LOW, _MEDIUM, _HIGH = Sensitivity.LOW, Sensitivity.MEDIUM, Sensitivity.HIGH
_SMALL, _ENUMERABLE, _LARGE = Domain.SMALL, Domain.ENUMERABLE, Domain.LARGE

_PERSONAL = gdpr("4(1)")
_SPECIAL = gdpr("9(1)")
_GENETIC = (gdpr("4(13)"), _SPECIAL, cpra("(1)(F)"))
_BIOMETRIC = (gdpr("4(14)"), _SPECIAL, cpra("(2)(A)"), hipaa("P"))
_HEALTH = (gdpr("4(15)"), _SPECIAL, cpra("(2)(B)"))
_LOGIN = (cpra("(1)(B)"),)

_Row = tuple[str, str, Sensitivity, Domain, tuple[Citation, ...]]

_ROWS: tuple[_Row, ...] = (
    ("system", "Data of the system itself", _LOW, _LARGE, ()),
    ("system.authentication", "Data that manages access to the system", _HIGH, _LARGE, ()),
    ("system.operations", "Data of the system's operation", _LOW, _LARGE, ()),
    ("user", "Data about a person", _MEDIUM, _LARGE, ()),
    ("user.account", "Account", _MEDIUM, _LARGE, (hipaa("J"),)),
    ("user.account.username", "User name of an account", _MEDIUM, _LARGE, (hipaa("R"),)),
    ("user.authorization", "What a person may reach", _MEDIUM, _LARGE, ()),
    ("user.authorization.biometrics", "Biometric sign-in", _HIGH, _LARGE, _BIOMETRIC),
    ("user.authorization.credentials", "Credentials: keys, tokens, user and password", _HIGH, _LARGE, _LOGIN),
    ("user.authorization.password", "Password", _HIGH, _LARGE, _LOGIN),
    ("user.behavior", "Observed behaviour", _MEDIUM, _LARGE, ()),
    ("user.behavior.browsing_history", "Pages visited", _MEDIUM, _LARGE, ()),
    ("user.behavior.media_consumption", "Media consumed", _MEDIUM, _LARGE, ()),
    ("user.behavior.purchase_history", "Purchases", _MEDIUM, _LARGE, ()),
    ("user.behavior.search_history", "Searches", _MEDIUM, _LARGE, ()),
    ("user.biometrics", "Biometric data", _HIGH, _LARGE, _BIOMETRIC),
    ("user.biometrics.fingerprint", "Fingerprint", _HIGH, _LARGE, _BIOMETRIC),
    ("user.biometrics.retinal", "Retina scan", _HIGH, _LARGE, _BIOMETRIC),
    ("user.biometrics.voice", "Voice print", _HIGH, _LARGE, _BIOMETRIC),
    ("user.children", "Data about a child", _HIGH, _LARGE, (gdpr("8"),)),
    ("user.contact", "How a person is reached", _MEDIUM, _LARGE, ()),
    ("user.contact.address", "Postal address", _MEDIUM, _LARGE, (hipaa("B"),)),
    ("user.contact.address.city", "City", _LOW, _SMALL, (hipaa("B"),)),
    ("user.contact.address.country", "Country", _LOW, _SMALL, ()),
    ("user.contact.address.mailing_address", "Mailing address", _MEDIUM, _LARGE, (hipaa("B"),)),
    ("user.contact.address.postal_code", "Postcode", _MEDIUM, _SMALL, (hipaa("B"),)),
    ("user.contact.address.state", "State or province", _LOW, _SMALL, ()),
    ("user.contact.address.street", "Street and number", _MEDIUM, _LARGE, (hipaa("B"),)),
    ("user.contact.email", "E-mail address", _MEDIUM, _LARGE, (hipaa("F"),)),
    ("user.contact.fax_number", "Fax number", _MEDIUM, _ENUMERABLE, (hipaa("E"),)),
    ("user.contact.phone_number", "Telephone number", _MEDIUM, _ENUMERABLE, (hipaa("D"),)),
    ("user.contact.social_url", "Website or social profile", _MEDIUM, _LARGE, (hipaa("N"),)),
    ("user.content", "What a person wrote or made", _MEDIUM, _LARGE, ()),
    ("user.content.private", "Private messages and files", _HIGH, _LARGE, (cpra("(1)(E)"),)),
    ("user.content.public", "Published content", _LOW, _LARGE, ()),
    ("user.content.self_image", "Picture of the person", _MEDIUM, _LARGE, (hipaa("Q"),)),
    ("user.criminal_history", "Convictions and offences", _HIGH, _LARGE, (gdpr("10"),)),
    ("user.demographic", "Demographic data", _MEDIUM, _SMALL, ()),
    ("user.demographic.age_range", "Age or age range", _LOW, _SMALL, ()),
    (
        "user.demographic.citizenship_or_immigration_status",
        "Citizenship or immigration status",
        _HIGH,
        _SMALL,
        (cpra("(1)(D)"),),
    ),
    ("user.demographic.date_of_birth", "Date of birth", _MEDIUM, _SMALL, (hipaa("C"),)),
    ("user.demographic.gender", "Gender", _LOW, _SMALL, ()),
    ("user.demographic.language", "Language", _LOW, _SMALL, ()),
    ("user.demographic.marital_status", "Marital status", _LOW, _SMALL, ()),
    ("user.demographic.philosophical_belief", "Philosophical belief", _HIGH, _SMALL, (_SPECIAL, cpra("(1)(D)"))),
    ("user.demographic.political_opinion", "Political opinion", _HIGH, _SMALL, (_SPECIAL,)),
    ("user.demographic.race_ethnicity", "Race or ethnic origin", _HIGH, _SMALL, (_SPECIAL, cpra("(1)(D)"))),
    ("user.demographic.religious_belief", "Religious belief", _HIGH, _SMALL, (_SPECIAL, cpra("(1)(D)"))),
    ("user.demographic.sexual_orientation", "Sexual orientation", _HIGH, _SMALL, (_SPECIAL, cpra("(2)(C)"))),
    ("user.demographic.union_membership", "Trade union membership", _HIGH, _SMALL, (_SPECIAL, cpra("(1)(D)"))),
    ("user.device", "Data about a person's device", _MEDIUM, _LARGE, ()),
    ("user.device.cookie", "Content of a cookie", _MEDIUM, _LARGE, ()),
    ("user.device.cookie_id", "Cookie identifier", _MEDIUM, _LARGE, (hipaa("R"),)),
    ("user.device.device_id", "Device identifier or serial number", _MEDIUM, _LARGE, (hipaa("M"),)),
    ("user.device.ip_address", "IP address", _MEDIUM, _ENUMERABLE, (hipaa("O"),)),
    ("user.device.mac_address", "Hardware address", _MEDIUM, _ENUMERABLE, (hipaa("M"),)),
    ("user.device.telemetry", "Telemetry of a device", _LOW, _LARGE, ()),
    ("user.financial", "Financial data", _HIGH, _LARGE, (hipaa("J"),)),
    ("user.financial.bank_account", "Bank account", _HIGH, _ENUMERABLE, (cpra("(1)(B)"), hipaa("J"))),
    ("user.financial.credit_card", "Payment card number", _HIGH, _ENUMERABLE, (CARDHOLDER, cpra("(1)(B)"), hipaa("J"))),
    ("user.financial.credit_card.expiration_date", "Expiry date of a payment card", _MEDIUM, _SMALL, (CARDHOLDER,)),
    (
        "user.financial.credit_card.verification",
        "Card verification code, PIN or full track data",
        _HIGH,
        _SMALL,
        (SENSITIVE_AUTHENTICATION, cpra("(1)(B)")),
    ),
    ("user.government_id", "Identity given by a state", _HIGH, _ENUMERABLE, ()),
    ("user.government_id.birth_certificate", "Birth certificate", _HIGH, _ENUMERABLE, (hipaa("K"),)),
    (
        "user.government_id.drivers_license_number",
        "Driving licence number",
        _HIGH,
        _ENUMERABLE,
        (cpra("(1)(A)"), hipaa("K")),
    ),
    ("user.government_id.immigration", "Immigration or residence number", _HIGH, _ENUMERABLE, (hipaa("R"),)),
    (
        "user.government_id.national_identification_number",
        "National identification or social security number",
        _HIGH,
        _ENUMERABLE,
        (gdpr("87"), cpra("(1)(A)"), hipaa("G")),
    ),
    ("user.government_id.passport_number", "Passport number", _HIGH, _ENUMERABLE, (cpra("(1)(A)"), hipaa("R"))),
    ("user.government_id.vehicle_registration", "Vehicle registration", _MEDIUM, _ENUMERABLE, (hipaa("L"),)),
    ("user.health", "Health data", _HIGH, _LARGE, _HEALTH),
    ("user.health.condition", "Health condition", _HIGH, _SMALL, _HEALTH),
    ("user.health.genetic", "Genetic data", _HIGH, _LARGE, _GENETIC),
    ("user.health.insurance_beneficiary_id", "Health insurance number", _HIGH, _ENUMERABLE, (*_HEALTH, hipaa("I"))),
    ("user.health.medical_diagnosis", "Diagnosis", _HIGH, _SMALL, _HEALTH),
    ("user.health.medications", "Medication", _HIGH, _SMALL, _HEALTH),
    ("user.health.record_id", "Medical record number", _HIGH, _ENUMERABLE, (*_HEALTH, hipaa("H"))),
    ("user.health.reproductive_or_sexual", "Sexual or reproductive health", _HIGH, _SMALL, (*_HEALTH, cpra("(2)(C)"))),
    ("user.location", "Where a person is or was", _MEDIUM, _LARGE, (hipaa("B"),)),
    ("user.location.coarse", "Approximate location", _LOW, _SMALL, (hipaa("B"),)),
    ("user.location.precise", "Precise location", _HIGH, _LARGE, (cpra("(1)(C)"), hipaa("B"))),
    ("user.name", "Name", _MEDIUM, _LARGE, (CARDHOLDER, hipaa("A"))),
    ("user.name.first", "First name", _MEDIUM, _LARGE, (hipaa("A"),)),
    ("user.name.last", "Last name", _MEDIUM, _LARGE, (hipaa("A"),)),
    ("user.payment", "Payments", _MEDIUM, _LARGE, ()),
    ("user.professional_information", "Work", _LOW, _LARGE, ()),
    ("user.professional_information.job_title", "Job title", _LOW, _SMALL, ()),
    ("user.professional_information.workplace", "Employer", _LOW, _LARGE, ()),
    ("user.unique_id", "Identifier that a system gave a person", _MEDIUM, _ENUMERABLE, (hipaa("R"),)),
)

CATEGORIES: Mapping[str, CategoryInfo] = MappingProxyType(
    {
        path: CategoryInfo(path, title, sensitivity, domain, (_PERSONAL, *cites) if path.startswith("user") else cites)
        for path, title, sensitivity, domain, cites in _ROWS
    }
)
"""Every category by its path, parents included, in alphabetical order of the paths."""

EXTENSIONS = frozenset(
    {
        "user.device.mac_address",
        "user.financial.credit_card.expiration_date",
        "user.financial.credit_card.verification",
    }
)
"""The paths that fideslang does not have."""


def is_within(category: str, ancestor: str) -> bool:
    """Tell whether a category is another one or lies under it.

    >>> is_within("user.name", "user.name"), is_within("user.names", "user.name")
    (True, False)
    """
    return category == ancestor or category.startswith(ancestor + ".")
