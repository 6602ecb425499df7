"""Every entity that a list of the field names is in the table, with examples in which it is found and is not, and its source.

The list is written down here, by the names in use, so that an entry that is taken out is missed.
"""

import pytest

from ringfence.detect import RECOGNIZERS
from ringfence.taxonomy import ENTITIES

GENERAL = (
    "CREDIT_CARD CRYPTO DATE_TIME DATE_OF_BIRTH EMAIL_ADDRESS IBAN IP_ADDRESS MAC_ADDRESS PHONE_NUMBER MEDICAL_LICENSE URL "
    "IMEI IMSI ICCID VIN COORDINATES SWIFT_BIC CARD_TRACK CARD_VERIFICATION ICD_CODE MEDICAL_RECORD_NUMBER BIOMETRIC_DATA "
    "GENETIC_DATA GENETIC_MARKER USERNAME DEVICE_ID ADVERTISING_ID PRIVATE_KEY JWT CLOUD_KEY FORGE_TOKEN SERVICE_TOKEN "
    "CONNECTION_STRING URL_CREDENTIALS PASSWORD AGE GENDER RELIGION ETHNICITY UNION_MEMBERSHIP HEALTH_CONDITION "
    "SEXUAL_ORIENTATION PERSON LOCATION ORGANIZATION STREET_ADDRESS EU_VAT"
)
COUNTRIES = {
    "US": "ABA_ROUTING_NUMBER US_BANK_NUMBER US_DRIVER_LICENSE US_ITIN US_MBI US_NPI US_PASSPORT US_SSN",
    "UK": "UK_DRIVING_LICENCE UK_NHS UK_NINO UK_PASSPORT UK_POSTCODE UK_VEHICLE_REGISTRATION",
    "Spain": "ES_NIF ES_NIE ES_PASSPORT",
    "Italy": "IT_FISCAL_CODE IT_DRIVER_LICENSE IT_IDENTITY_CARD IT_PASSPORT IT_VAT_CODE",
    "Poland": "PL_PESEL",
    "Singapore": "SG_NRIC_FIN SG_UEN",
    "Australia": "AU_ABN AU_ACN AU_MEDICARE AU_TFN",
    "India": "IN_PAN IN_AADHAAR IN_GSTIN IN_PASSPORT IN_VEHICLE_REGISTRATION IN_VOTER",
    "Finland": "FI_PERSONAL_IDENTITY_CODE",
    "South Korea": "KR_RRN KR_FRN KR_BRN KR_DRIVER_LICENSE KR_PASSPORT",
    "Nigeria": "NG_NIN NG_VEHICLE_REGISTRATION",
    "Philippines": "PH_TIN PH_MOBILE_NUMBER",
    "Canada": "CA_SIN",
    "Sweden": "SE_PERSONNUMMER SE_ORGANISATIONSNUMMER",
    "South Africa": "ZA_ID_NUMBER",
    "Thailand": "TH_TNIN",
    "Turkey": "TR_NATIONAL_ID TR_LICENSE_PLATE TR_PHONE_NUMBER",
    "Germany": "DE_TAX_ID DE_TAX_NUMBER DE_PASSPORT DE_ID_CARD DE_SOCIAL_SECURITY DE_HEALTH_INSURANCE DE_KFZ "
    "DE_HANDELSREGISTER DE_PLZ DE_VAT_ID DE_BSNR DE_LANR DE_FUEHRERSCHEIN",
    "Brazil": "BR_CPF BR_CNPJ BR_CNH BR_CNS BR_PIS BR_RG BR_VOTER_ID BR_RENAVAM BR_POSTCODE BR_LICENSE_PLATE BR_PIX_KEY",
    "elsewhere": "FR_NIR NL_BSN BE_NATIONAL_NUMBER PT_NIF DK_CPR NO_FODSELSNUMMER CZ_SK_RODNE_CISLO RO_CNP BG_EGN HR_OIB "
    "CH_AHV AT_SOCIAL_SECURITY IE_PPS GR_AMKA MX_CURP MX_RFC AR_DNI AR_CUIT CL_RUT CO_CEDULA CN_RESIDENT_ID JP_MY_NUMBER "
    "HK_HKID TW_NATIONAL_ID ID_NIK IL_ID_NUMBER AE_EMIRATES_ID NZ_IRD",
}
NAMED = [*GENERAL.split(), *(name for names in COUNTRIES.values() for name in names.split())]


def test_every_named_entity_is_known() -> None:
    assert not set(NAMED) - set(ENTITIES)


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_an_entity_has_two_examples_that_are_found_one_that_is_not_and_a_source(name: str) -> None:
    entry = next(one for one in RECOGNIZERS if one.entity == name)
    values = {value for example in entry.examples for value in example.found}
    assert len(values) >= 2, "two different values"
    assert any(not example.found for example in entry.examples)
    assert entry.source.strip()
