"""Turkey, the Middle East, Africa, and the countries to the east of the European Union."""

from ringfence.detect._checks import holds_day, is_day, is_varied, luhn, shaped, stdnum, valid
from ringfence.detect._phone import is_number_of
from ringfence.detect.recognizer import (
    DIGITS,
    TELLING,
    UNCHECKED,
    Certainty,
    Recognizer,
    row,
    spelling,
)


def _is_snils(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, range(9, 0, -1), strict=False)) % 101
    return f"{total % 100:02}" == number[9:]


def _is_born_in_egypt(number: str) -> bool:
    century = {"2": 1900, "3": 2000}.get(number[0], 0)
    return is_day(century + int(number[1:3]), int(number[3:5]), int(number[5:7])) and int(number[7:9]) in _GOVERNORATES


_GOVERNORATES = frozenset((1, 2, 3, 4, *range(11, 20), *range(21, 30), *range(31, 36), 88))


def _is_turkish_number(number: str) -> bool:
    return number.removeprefix("90").lstrip("0")[:1] in tuple("2345") and is_number_of("TR")(number)


MIDDLE_EAST_AFRICA: tuple[Recognizer, ...] = (
    row(
        "TR_NATIONAL_ID",
        "Nüfus Hizmetleri Kanunu 5490, art. 46; https://www.nvi.gov.tr",
        (
            spelling(
                "tr-kimlik", r"[1-9][0-9]{10}", valid(is_varied, stdnum("tr.tckimlik"), evidence="mod10-twice"), DIGITS
            ),
        ),
        "türk kimlik, vatandaşlık no, kimlik, kimlik no, tc kimlik, tckn, t.c. kimlik no, kimlik numarası, turkish id",
        "TC Kimlik No: [10000000146]",
        "türk kimlik: [41061536602]",
        "sipariş 10000000146",
        "TC Kimlik No: 10000000147",
    ),
    row(
        "TR_LICENSE_PLATE",
        "Karayolları Trafik Yönetmeliği, https://www.mevzuat.gov.tr/mevzuat?MevzuatNo=8182",
        (
            spelling(
                "tr-plate",
                r"(?:0[1-9]|[1-7][0-9]|8[01])[ -]?[A-PR-VYZa-pr-vyz]{1,3}[ -]?[0-9]{2,5}",
                shaped(),
                UNCHECKED,
                reach=12,
            ),
        ),
        "araç, plaka, araç plakası, plaka no, license plate",
        "Plaka: [34 ABC 1234]",
        "araç: [31 ABC 3358]",
        "oda 34 ABC 1234",
        "plaka 82 ABC 123",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "TR_PHONE_NUMBER",
        "https://www.btk.gov.tr and the numbering plan of https://github.com/google/libphonenumber",
        (
            spelling(
                "tr-phone",
                r"(?:\+?90 ?)?\(?0? ?\(?[2-5][0-9]{2}\)?[ -]?[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}",
                valid(is_varied, _is_turkish_number, evidence="numbering-plan", else_doubtful=False),
                (0.2, 0.7),
            ),
        ),
        "telefon, cep, cep telefonu, gsm, tel, telefon no, faks",
        "Cep: [0532 123 45 67]",
        "telefon: [0446 128 21 22]",
        "sipariş 0532 123 45 67",
        "cep 1123456789",
        near=24,
    ),
    row(
        "TR_TAX_NUMBER",
        "Vergi Usul Kanunu 213, https://www.gib.gov.tr",
        (spelling("tr-vkn", r"[0-9]{10}", valid(is_varied, stdnum("tr.vkn"), evidence="mod10"), DIGITS),),
        "vkn, vergi no, vergi kimlik, vergi kimlik numarası, vergi numarası",
        "VKN: [4540536920]",
        "vergi no: [4851340860]",
        "sipariş 4540536920",
        "VKN 4540536921",
    ),
    row(
        "IL_ID_NUMBER",
        "https://www.gov.il/en/departments/population_and_immigration_authority",
        (spelling("il-id", r"[0-9]{8}-?[0-9]", valid(is_varied, stdnum("il.idnr"), evidence="luhn"), DIGITS),),
        "תעודת זהות, ת.ז, מספר זהות, teudat zehut, israeli id, id number",
        "ת.ז [039337423]",
        "תעודת זהות: [081404683]",
        "order 039337423",
        "teudat zehut 039337422",
    ),
    row(
        "AE_EMIRATES_ID",
        "https://icp.gov.ae",
        (
            spelling(
                "ae-id",
                r"784[- ]?(?:19|20)[0-9]{2}[- ]?[0-9]{7}[- ]?[0-9]",
                valid(is_varied, luhn, evidence="luhn"),
                TELLING,
                trigger=r"784-(?:19|20)[0-9]{2}-[0-9]{7}-[0-9]",
            ),
        ),
        "emirates id, eid, الهوية, رقم الهوية, هوية",
        "[784-1980-1234567-8]",
        "Emirates ID [784198012345678]",
        "784-1980-1234567-9",
    ),
    row(
        "SA_NATIONAL_ID",
        "https://www.absher.sa",
        (spelling("sa-id", r"[12][0-9]{9}", valid(is_varied, luhn, evidence="luhn"), DIGITS),),
        "iqama, national id, رقم الهوية, الهوية الوطنية, إقامة, saudi id",
        "Iqama: [2234567895]",
        "national id: [2759478601]",
        "order 2234567895",
        "Iqama 2234567896",
    ),
    row(
        "EG_NATIONAL_ID",
        "https://cso.moi.gov.eg",
        (spelling("eg-id", r"[23][0-9]{13}", shaped(is_varied, _is_born_in_egypt), (0.3, 0.85)),),
        "الرقم القومي, رقم قومي, national id, egyptian id",
        "الرقم القومي: [29001011234567]",
        "رقم قومي: [27402111183087]",
        "order 29001011234567",
        "national id 29013011234567",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "ZA_ID_NUMBER",
        "Identification Act 68 of 1997, https://www.gov.za/documents/identification-act",
        (
            spelling(
                "za-id",
                r"[0-9]{6} ?[0-9]{4} ?[0-2][0-9]{2}",
                valid(is_varied, holds_day(0, 2, 4), luhn, evidence="luhn"),
                DIGITS,
            ),
        ),
        "id number, identity number, id no, said, sa id, south african id, rsa id, isazisi, identiteitsnommer",
        "ID number: [7503305044089]",
        "identity number: [7811011897082]",
        "order 7503305044089",
        "ID number 9913326789285",
    ),
    row(
        "NG_NIN",
        "NIMC Act 2007; https://nimc.gov.ng",
        (spelling("ng-nin", r"[0-9]{11}", valid(is_varied, stdnum("verhoeff"), evidence="verhoeff"), DIGITS),),
        "nigeria id, nin, national identification number, nimc, nigerian id",
        "NIN: [23412341235]",
        "nigeria id: [24750226854]",
        "order 23412341235",
        "NIN 12345678901",
    ),
    row(
        "NG_VEHICLE_REGISTRATION",
        "National Road Traffic Regulations 2012; https://frsc.gov.ng",
        (spelling("ng-plate", r"[A-Za-z]{3}[ -]?[0-9]{3}[ -]?[A-Za-z]{2}", shaped(), UNCHECKED),),
        "plate, plate number, number plate, vehicle registration, license plate, plates",
        "The plate number is [ABJ-123XY]",
        "number plate: [ABJ-091XY]",
        "room ABJ-123XY",
        "plate AB-1234CD",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "KE_TAX_PIN",
        "Tax Procedures Act 2015; https://www.kra.go.ke",
        (spelling("ke-pin", r"[APap][0-9]{9}[A-Za-z]", shaped(is_varied), (0.2, 0.8)),),
        "kra, kra pin, pin number, tax pin",
        "KRA PIN: [P051365947M]",
        "pin number: [P724386327M]",
        "part P051365947M",
        "KRA PIN V1234567890",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "GH_CARD",
        "https://nia.gov.gh",
        (
            spelling(
                "gh-card",
                r"GHA-[0-9]{9}-[0-9]",
                shaped(is_varied, alone=True),
                (0.85, 0.95),
                trigger=r"GHA-[0-9]{9}-[0-9]",
            ),
        ),
        "ghana card, ghanacard",
        "[GHA-123456789-1]",
        "ghana card: [GHA-499750256-8]",
        "GHA-12345678-1 GHB-123456789-1",
        certainty=Certainty.SHAPE,
    ),
    row(
        "UA_TAX_ID",
        "Податковий кодекс України, ст. 70, https://zakon.rada.gov.ua/laws/show/2755-17",
        (spelling("ua-rnokpp", r"[0-9]{10}", valid(is_varied, stdnum("ua.rntrc"), evidence="mod11"), DIGITS),),
        "рнокпп, іпн, ідентифікаційний номер, rnokpp, ипн, податковий номер",
        "РНОКПП: [1759013776]",
        "іпн: [7496751105]",
        "замовлення 1759013776",
        "ІПН 1759013770",
    ),
    row(
        "RU_INN",
        "Приказ ФНС ЕД-7-14/559@; https://www.nalog.gov.ru",
        (
            spelling(
                "ru-inn", r"[0-9]{12}|[0-9]{10}", valid(is_varied, stdnum("ru.inn"), evidence="mod11-twice"), DIGITS
            ),
        ),
        "инн, inn, идентификационный номер налогоплательщика",
        "ИНН: [123456789047]",
        "inn: [776383116146]",
        "заказ 123456789047",
        "ИНН 123456789037",
    ),
    row(
        "RU_SNILS",
        "Федеральный закон 27-ФЗ; https://sfr.gov.ru",
        (
            spelling(
                "ru-snils",
                r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{2}",
                valid(is_varied, _is_snils, evidence="mod101"),
                DIGITS,
            ),
        ),
        "снилс, snils, страховой номер",
        "СНИЛС: [112-233-445 95]",
        "snils: [519-312-792 87]",
        "заказ 112-233-445 95",
        "СНИЛС 112-233-445 96",
    ),
    row(
        "RU_PASSPORT",
        "Постановление Правительства РФ 828/1997",
        (spelling("ru-passport", r"[0-9]{2} ?[0-9]{2} ?[0-9]{6}", shaped(is_varied), UNCHECKED),),
        "паспорт, серия, серия и номер, паспорт рф",
        "Паспорт: [45 08 123456]",
        "серия: [48 52 851887]",
        "заказ 45 08 123456",
        "паспорт 45 08 12345",
        certainty=Certainty.CONTEXT,
    ),
)
