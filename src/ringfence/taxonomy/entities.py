"""The entities that detection finds, each in one category.

The rule: an entity stands here once; its recognizer stands in `ringfence.detect`, and a test holds the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ringfence.taxonomy.model import EntityInfo

_CREDENTIALS = "user.authorization.credentials"

_ROWS = (
    EntityInfo("EMAIL_ADDRESS", "user.contact.email", "E-mail address"),
    EntityInfo("PHONE_NUMBER", "user.contact.phone_number", "Telephone number"),
    EntityInfo("CREDIT_CARD", "user.financial.credit_card", "Payment card number"),
    EntityInfo("IBAN", "user.financial.bank_account", "International bank account number"),
    EntityInfo("US_SSN", "user.government_id.national_identification_number", "United States social security number"),
    EntityInfo("IP_ADDRESS", "user.device.ip_address", "IPv4 or IPv6 address"),
    EntityInfo("MAC_ADDRESS", "user.device.mac_address", "Hardware address of a network interface"),
    EntityInfo("URL_CREDENTIALS", _CREDENTIALS, "User and password inside a URL"),
    EntityInfo("DATE_OF_BIRTH", "user.demographic.date_of_birth", "Date of birth"),
    EntityInfo("PERSON", "user.name", "Name of a person"),
    EntityInfo("PRIVATE_KEY", _CREDENTIALS, "Private key in PEM form"),
    EntityInfo("JWT", _CREDENTIALS, "JSON Web Token"),
)

ENTITIES: Mapping[str, EntityInfo] = MappingProxyType({row.name: row for row in _ROWS})
"""Every entity by its name."""
