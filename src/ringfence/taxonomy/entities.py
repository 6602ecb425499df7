"""The entities that detection finds, each in one category.

The rule: an entity stands here once; its recognizer stands in `ringfence.detect`, and a test holds the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ringfence.taxonomy.model import EntityInfo

_CREDENTIALS = "user.authorization.credentials"
_GOVERNMENT = "user.government_id"
_NATIONAL = "user.government_id.national_identification_number"
_PASSPORT = "user.government_id.passport_number"
_DRIVING = "user.government_id.drivers_license_number"
_VEHICLE = "user.government_id.vehicle_registration"

_ROWS = (
    EntityInfo("EMAIL_ADDRESS", "user.contact.email", "E-mail address"),
    EntityInfo("PHONE_NUMBER", "user.contact.phone_number", "Telephone number"),
    EntityInfo("CREDIT_CARD", "user.financial.credit_card", "Payment card number"),
    EntityInfo("IBAN", "user.financial.bank_account", "International bank account number"),
    EntityInfo("US_SSN", _NATIONAL, "United States social security number"),
    EntityInfo("IP_ADDRESS", "user.device.ip_address", "IPv4 or IPv6 address"),
    EntityInfo("MAC_ADDRESS", "user.device.mac_address", "Hardware address of a network interface"),
    EntityInfo("URL_CREDENTIALS", _CREDENTIALS, "User and password inside a URL"),
    EntityInfo("DATE_OF_BIRTH", "user.demographic.date_of_birth", "Date of birth"),
    EntityInfo("PERSON", "user.name", "Name of a person"),
    EntityInfo("PRIVATE_KEY", _CREDENTIALS, "Private key in PEM form"),
    EntityInfo("JWT", _CREDENTIALS, "JSON Web Token"),
    EntityInfo("DE_TAX_ID", _NATIONAL, "German tax identification number"),
    EntityInfo("DE_TAX_NUMBER", _NATIONAL, "German tax number"),
    EntityInfo("DE_PASSPORT", _PASSPORT, "German passport number"),
    EntityInfo("DE_ID_CARD", _NATIONAL, "German identity card number"),
    EntityInfo("DE_SOCIAL_SECURITY", _NATIONAL, "German pension and social insurance number"),
    EntityInfo("DE_HEALTH_INSURANCE", "user.health.insurance_beneficiary_id", "German health insurance number"),
    EntityInfo("DE_LICENSE_PLATE", _VEHICLE, "German vehicle registration"),
    EntityInfo("DE_COMMERCIAL_REGISTER", _GOVERNMENT, "German commercial register number"),
    EntityInfo("DE_POSTCODE", "user.contact.address.postal_code", "German postcode"),
    EntityInfo("DE_VAT_ID", _GOVERNMENT, "German value added tax number"),
    EntityInfo("DE_BSNR", "user.professional_information", "German number of a medical practice"),
    EntityInfo("DE_LANR", "user.professional_information", "German number of a physician"),
    EntityInfo("DE_DRIVER_LICENSE", _DRIVING, "German driving licence number"),
    EntityInfo("UK_NHS", "user.health.record_id", "United Kingdom NHS number"),
    EntityInfo("UK_NINO", _NATIONAL, "United Kingdom national insurance number"),
    EntityInfo("UK_PASSPORT", _PASSPORT, "United Kingdom passport number"),
    EntityInfo("UK_POSTCODE", "user.contact.address.postal_code", "United Kingdom postcode"),
    EntityInfo("UK_VEHICLE_REGISTRATION", _VEHICLE, "United Kingdom vehicle registration"),
    EntityInfo("UK_DRIVING_LICENCE", _DRIVING, "United Kingdom driving licence number"),
    EntityInfo("UK_UTR", _NATIONAL, "United Kingdom unique taxpayer reference"),
    EntityInfo("IE_PPS", _NATIONAL, "Irish personal public service number"),
    EntityInfo("IE_EIRCODE", "user.contact.address.postal_code", "Irish postcode"),
    EntityInfo("ES_NIF", _NATIONAL, "Spanish identity and tax number"),
    EntityInfo("ES_NIE", _NATIONAL, "Spanish identity number of a foreigner"),
    EntityInfo("ES_CIF", _GOVERNMENT, "Spanish tax number of a company"),
    EntityInfo("ES_PASSPORT", _PASSPORT, "Spanish passport number"),
    EntityInfo("ES_SOCIAL_SECURITY", _NATIONAL, "Spanish social security number"),
    EntityInfo("PT_NIF", _NATIONAL, "Portuguese tax number"),
    EntityInfo("PT_CC", _NATIONAL, "Portuguese citizen card number"),
    EntityInfo("PT_SOCIAL_SECURITY", _NATIONAL, "Portuguese social security number"),
    EntityInfo("FR_NIR", _NATIONAL, "French social security number"),
    EntityInfo("FR_TAX_ID", _NATIONAL, "French tax number"),
    EntityInfo("FR_SIREN", _GOVERNMENT, "French number of a company or its establishment"),
    EntityInfo("FR_PASSPORT", _PASSPORT, "French passport number"),
    EntityInfo("FR_ID_CARD", _NATIONAL, "French identity card number"),
    EntityInfo("FR_DRIVER_LICENSE", _DRIVING, "French driving licence number"),
    EntityInfo("FR_LICENSE_PLATE", _VEHICLE, "French vehicle registration"),
    EntityInfo("NL_BSN", _NATIONAL, "Dutch citizen service number"),
    EntityInfo("NL_ID_DOCUMENT", _PASSPORT, "Dutch passport or identity card number"),
    EntityInfo("NL_POSTCODE", "user.contact.address.postal_code", "Dutch postcode"),
    EntityInfo("BE_NATIONAL_NUMBER", _NATIONAL, "Belgian national number"),
    EntityInfo("LU_NATIONAL_ID", _NATIONAL, "Luxembourg identification number"),
    EntityInfo("IT_FISCAL_CODE", _NATIONAL, "Italian fiscal code"),
    EntityInfo("IT_VAT_CODE", _GOVERNMENT, "Italian value added tax number"),
    EntityInfo("IT_DRIVER_LICENSE", _DRIVING, "Italian driving licence number"),
    EntityInfo("IT_IDENTITY_CARD", _NATIONAL, "Italian identity card number"),
    EntityInfo("IT_PASSPORT", _PASSPORT, "Italian passport number"),
    EntityInfo("IT_HEALTH_CARD", "user.health.insurance_beneficiary_id", "Italian health card number"),
    EntityInfo("IT_LICENSE_PLATE", _VEHICLE, "Italian vehicle registration"),
    EntityInfo("SE_PERSONNUMMER", _NATIONAL, "Swedish personal or coordination number"),
    EntityInfo("SE_ORGANISATIONSNUMMER", _GOVERNMENT, "Swedish organisation number"),
    EntityInfo("NO_FODSELSNUMMER", _NATIONAL, "Norwegian birth number"),
    EntityInfo("DK_CPR", _NATIONAL, "Danish CPR number"),
    EntityInfo("FI_PERSONAL_IDENTITY_CODE", _NATIONAL, "Finnish personal identity code"),
    EntityInfo("IS_KENNITALA", _NATIONAL, "Icelandic identity number"),
    EntityInfo("EE_ISIKUKOOD", _NATIONAL, "Estonian personal code"),
    EntityInfo("LT_ASMENS_KODAS", _NATIONAL, "Lithuanian personal code"),
    EntityInfo("LV_PERSONAS_KODS", _NATIONAL, "Latvian personal code"),
    EntityInfo("PL_PESEL", _NATIONAL, "Polish PESEL number"),
    EntityInfo("PL_NIP", _NATIONAL, "Polish tax number"),
    EntityInfo("PL_REGON", _GOVERNMENT, "Polish business register number"),
    EntityInfo("PL_ID_CARD", _NATIONAL, "Polish identity card number"),
    EntityInfo("PL_PASSPORT", _PASSPORT, "Polish passport number"),
    EntityInfo("CZ_SK_RODNE_CISLO", _NATIONAL, "Czech or Slovak birth number"),
    EntityInfo("CZ_DIC", _GOVERNMENT, "Czech tax number"),
    EntityInfo("HU_TAJ", _NATIONAL, "Hungarian social security number"),
    EntityInfo("HU_TAX_ID", _NATIONAL, "Hungarian tax number"),
    EntityInfo("AT_SOCIAL_SECURITY", _NATIONAL, "Austrian social insurance number"),
    EntityInfo("AT_TAX_NUMBER", _NATIONAL, "Austrian tax number"),
    EntityInfo("CH_AHV", _NATIONAL, "Swiss social insurance number"),
    EntityInfo("SI_EMSO", _NATIONAL, "Slovenian personal number, and those of its neighbours"),
    EntityInfo("HR_OIB", _NATIONAL, "Croatian personal identification number"),
    EntityInfo("RO_CNP", _NATIONAL, "Romanian personal number"),
    EntityInfo("BG_EGN", _NATIONAL, "Bulgarian personal number"),
    EntityInfo("GR_AMKA", _NATIONAL, "Greek social security number"),
    EntityInfo("GR_AFM", _NATIONAL, "Greek tax number"),
    EntityInfo("AL_NID", _NATIONAL, "Albanian identity number"),
)

ENTITIES: Mapping[str, EntityInfo] = MappingProxyType({row.name: row for row in _ROWS})
"""Every entity by its name."""
