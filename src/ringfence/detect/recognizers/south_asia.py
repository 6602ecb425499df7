"""India, Pakistan, and South-East Asia: Singapore, the Philippines, Thailand, Malaysia, Indonesia, Vietnam."""

from ringfence.detect._checks import holds_day, is_varied, shaped, stdnum, valid
from ringfence.detect._phone import is_number_of
from ringfence.detect.recognizer import (
    DIGITS,
    REFUTED,
    TELLING,
    UNCHECKED,
    Certainty,
    Pattern,
    Recognizer,
    row,
    spelling,
)

_INDIAN_STATES = (
    "AN AP AR AS BH BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TN TR TS TG UA UK "
    "UP WB"
)
_STATE = "(?i:" + "|".join(_INDIAN_STATES.split()) + ")"
_NRIC_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)


def _is_nric(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[1:8], _NRIC_WEIGHTS, strict=True))
    match number[0]:
        case "S" | "T":
            return "JZIHGFEDCBA"[(total + 4 * (number[0] == "T")) % 11] == number[8]
        case "F" | "G":
            return "XWUTRQPNMLK"[(total + 4 * (number[0] == "G")) % 11] == number[8]
        case "M":
            return "KLJNPQRTUWX"[(10 - (total + 3) % 11) % 11] == number[8]
    return False


def _is_pan(number: str) -> bool:
    return number[3] in "ABCFGHJLPT" and number[5:9] != "0000"


def _has_gst_state(number: str) -> bool:
    return 1 <= int(number[:2]) <= 37 and number[13] == "Z"


_THAI_PROVINCES = frozenset(
    (*range(10, 28), *range(30, 50), *range(50, 59), *range(60, 68), *range(70, 78), *range(80, 87), *range(90, 97))
)


def _is_thai(number: str) -> bool:
    return "1" <= number[0] <= "8" and int(number[1:3]) in _THAI_PROVINCES and stdnum("th.pin")(number)


_MALAYSIAN_PLACES = frozenset((*range(1, 17), *range(21, 60), *range(60, 69), 71, 72, 74, *range(75, 94), 98, 99))


def _has_malaysian_place(number: str) -> bool:
    return int(number[6:8]) in _MALAYSIAN_PLACES


def _is_indonesian(number: str) -> bool:
    day = int(number[6:8])
    shifted = f"{day - 40 if day > 40 else day:02}" + number[8:12]
    return 11 <= int(number[:2]) <= 97 and holds_day(4, 2, 0)(shifted) and number[12:] != "0000"


SOUTH_ASIA: tuple[Recognizer, ...] = (
    row(
        "IN_PAN",
        "Income-tax Act 1961, section 139A; https://incometaxindia.gov.in/Pages/pan.aspx",
        (
            spelling(
                "in-pan",
                r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]",
                shaped(_is_pan, alone=True),
                (0.6, 0.9),
                trigger=r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]",
            ),
            spelling("in-pan-any", r"[A-Za-z]{5}[0-9]{4}[A-Za-z]", shaped(), UNCHECKED),
        ),
        "pan, pan number, pan card, pan no, permanent account number, पैन",
        "My PAN number is [ABBPM4567S]",
        "pan card: [ABBPM8232S]",
        "ABBPM45678 AAAAX0000A",
        certainty=Certainty.SHAPE,
    ),
    row(
        "IN_AADHAAR",
        "Aadhaar Act 2016; https://uidai.gov.in",
        (
            spelling(
                "in-aadhaar",
                r"[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}",
                valid(is_varied, stdnum("in_.aadhaar"), evidence="verhoeff"),
                DIGITS,
            ),
        ),
        "aadhaar, aadhar, uidai, uid, आधार, aadhaar number",
        "Aadhaar: [2341 2341 2346]",
        "aadhar: [7280 7528 9072]",
        "order 234123412346",
        "Aadhaar: 2341 2341 2347",
    ),
    row(
        "IN_GSTIN",
        "CGST Act 2017, section 25; https://www.gst.gov.in",
        (
            spelling(
                "in-gstin",
                r"[0-3][0-9](?i:[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z])",
                valid(_has_gst_state, stdnum("in_.gstin"), evidence="mod36", alone=True, else_doubtful=True),
                TELLING,
                doubtful=REFUTED,
                trigger=r"[0-3][0-9][A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]",
            ),
        ),
        "goods and services tax, tax identification, gstin, gst, gst registration, gst number, gst no",
        "GSTIN: [27AAPFU0939F1ZV]",
        "goods and services tax: [27YQFPR1783A1Z8]",
        "38AAPFU0939F1ZV 27AAPFU0939F1ZO",
    ),
    row(
        "IN_PASSPORT",
        "Passports Act 1967; https://www.passportindia.gov.in",
        (spelling("in-passport", r"[A-PR-WYa-pr-wy][1-9][0-9]{6}", shaped(), UNCHECKED),),
        "indian passport, passport, passport number, passport no, पासपोर्ट",
        "passport number: [J6932157]",
        "indian passport: [J3835117]",
        "part J6932157",
        "my passport number is T356907",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "IN_VEHICLE_REGISTRATION",
        "Motor Vehicles Act 1988, section 41; https://parivahan.gov.in",
        (
            spelling(
                "in-plate", _STATE + r"[ -]?[0-9]{1,2}[ -]?[A-Za-z]{0,3}[ -]?[0-9]{4}", shaped(is_varied), (0.2, 0.75)
            ),
            spelling("in-plate-old", r"[A-Za-z]{3}[0-9]{4}", shaped(), UNCHECKED),
        ),
        "rto, vehicle, vehicle number, vehicle registration, registration number, number plate, license plate, rc number, plate",
        "Vehicle number: [KA53ME3456]",
        "rto: [KA04ME2710]",
        "flat KA53ME3456",
        "vehicle XX53ME3456",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "IN_VOTER",
        "https://voters.eci.gov.in",
        (
            spelling(
                "in-voter",
                r"[A-Za-z]{3}[0-9]{7}",
                valid(is_varied, stdnum("in_.epic"), evidence="luhn", else_doubtful=True),
                DIGITS,
                doubtful=(0.1, 0.45),
            ),
        ),
        "elector photo identity card, voter, voter id, epic, elector, election card, मतदाता",
        "Voter ID: [WKH1186253]",
        "elector photo identity card: [ETC8505463]",
        "part WKH1186253",
        "voter WKH1186263",
    ),
    row(
        "PK_CNIC",
        "NADRA Ordinance 2000; https://www.nadra.gov.pk",
        (spelling("pk-cnic", r"[1-7][0-9]{4}-?[0-9]{7}-?[0-9]", valid(is_varied, stdnum("pk.cnic")), DIGITS),),
        "cnic, nicop, nadra, شناختی کارڈ, identity card",
        "CNIC: [34201-0891231-8]",
        "nicop: [79581-2273567-3]",
        "order 34201-0891231-8",
        "CNIC 94201-0891231-8",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "SG_NRIC_FIN",
        "National Registration Act 1965, https://sso.agc.gov.sg/Act/NRA1965",
        (
            spelling(
                "sg-nric",
                r"[FGMSTfgmst][0-9]{7}[A-Za-z]",
                valid(is_varied, _is_nric, evidence="mod11", alone=True, else_doubtful=True),
                TELLING,
                doubtful=(0.1, 0.4),
                trigger=r"[FGMST][0-9]{7}[A-Z]",
            ),
            spelling("sg-nric-other", r"[A-Ea-eH-Lh-lN-Rn-rU-Zu-z][0-9]{7}[A-Za-z]", shaped(), (0.05, 0.5)),
        ),
        "nric, nric/fin, fin no, fin number, nric number, singpass, foreign identification number",
        "[S9108268C] and [T7572225C]",
        "NRIC: [f2346401l]",
        "S9108268D and A1234567Z",
    ),
    row(
        "SG_UEN",
        "https://www.uen.gov.sg",
        (
            spelling(
                "sg-uen",
                r"(?:[RSTrst][0-9]{2}[A-Za-z]{2}|[0-9]{4,5})[0-9]{4}[A-Za-z]",
                valid(is_varied, stdnum("sg.uen"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "acra, uen, unique entity number, company registration, business registration",
        "UEN: [00192200M]",
        "acra: [81136861X]",
        "part 00192200M",
        "UEN 00192200N",
    ),
    row(
        "PH_TIN",
        "https://www.bir.gov.ph",
        (spelling("ph-tin", r"[0-9]{3}-?[0-9]{3}-?[0-9]{3}(?:-?[0-9]{3,5})?", shaped(), UNCHECKED),),
        "tin, bir, bir tin, tax identification number, philippine tin",
        "BIR TIN: [000-123-456-000]",
        "tax identification number: [974-772-717-706]",
        "order 000-123-456-000",
        "TIN: 000-123-45",
        certainty=Certainty.CONTEXT,
        near=36,
    ),
    row(
        "PH_MOBILE_NUMBER",
        "https://ntc.gov.ph and the numbering plan of https://github.com/google/libphonenumber",
        (
            spelling(
                "ph-mobile",
                r"09[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{4}",
                valid(is_varied, is_number_of("PH"), evidence="numbering-plan"),
                (0.3, 0.7),
            ),
            Pattern(
                "ph-mobile-international",
                r"\+63[ -]?9[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{4}",
                *(0.6, 0.7),
                trigger=r"\+63[ -]?9[0-9]{2}",
                check=valid(is_varied, is_number_of("PH"), evidence="numbering-plan"),
            ),
        ),
        "mobile, cellphone, numero, cp no, telepono, contact no",
        "cellphone [0917 123 4567]",
        "mobile: [0987 425 6690]",
        "order 0917 123 4567",
        "numero: 9171234567",
    ),
    row(
        "TH_TNIN",
        "พระราชบัญญัติการทะเบียนราษฎร; https://www.bora.dopa.go.th",
        (
            spelling(
                "th-tnin-dashed",
                r"[1-8]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]",
                valid(is_varied, _is_thai, evidence="mod11"),
                TELLING,
                trigger=r"[1-8]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]",
            ),
            spelling(
                "th-tnin",
                r"[1-8][ -]?[0-9]{4}[ -]?[0-9]{5}[ -]?[0-9]{2}[ -]?[0-9]",
                valid(is_varied, _is_thai, evidence="mod11"),
                DIGITS,
            ),
        ),
        "thai id number, รหัสปชช, เลขประจำตัวประชาชน, เลขบัตรประชาชน, บัตรประชาชน, thai id, thai national id, tnin, citizen id",
        "เลขบัตรประชาชน: [3100600445635]",
        "[3-1006-00445-63-5]",
        "order 3100600445635",
        "Thai ID 3100600445636",
    ),
    row(
        "MY_NRIC",
        "National Registration Act 1959; https://www.jpn.gov.my",
        (
            spelling(
                "my-nric",
                r"[0-9]{2}[01][0-9][0-3][0-9]-?[0-9]{2}-?[0-9]{4}",
                shaped(is_varied, holds_day(0, 2, 4), _has_malaysian_place),
                (0.3, 0.85),
            ),
        ),
        "mykad, nric, kad pengenalan, no. kp, no kp, identity card, ic number, ic no, mypr",
        "MyKad: [770305-02-1234]",
        "nric: [701230-56-2878]",
        "order 770305-02-1234",
        "MyKad 771305-02-1234",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "ID_NIK",
        "UU 24/2013; https://dukcapil.kemendagri.go.id",
        (spelling("id-nik", r"[1-9][0-9]{15}", shaped(is_varied, _is_indonesian), (0.3, 0.85)),),
        "nik, ktp, e-ktp, nomor induk kependudukan, no. ktp",
        "NIK: [3171011708450001]",
        "ktp: [9678711804439505]",
        "pesanan 3171011708450001",
        "NIK 9971011708450001",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "ID_NPWP",
        "https://www.pajak.go.id",
        (
            spelling(
                "id-npwp",
                r"[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}\.?[0-9]-?[0-9]{3}\.?[0-9]{3}",
                valid(is_varied, stdnum("id.npwp"), evidence="luhn"),
                DIGITS,
            ),
        ),
        "npwp, nomor pokok wajib pajak",
        "NPWP: [01.312.166.0-091.000]",
        "nomor pokok wajib pajak: [05.733.353.6-179.000]",
        "pesanan 013121660091000",
        "NPWP 01.312.166.1-091.000",
    ),
    row(
        "VN_NATIONAL_ID",
        "Luật Căn cước 2023; Nghị định 137/2015/NĐ-CP",
        (spelling("vn-cccd", r"0[0-9]{2}[0-9][0-9]{8}", shaped(is_varied), UNCHECKED),),
        "cccd, căn cước, căn cước công dân, cmnd, chứng minh nhân dân, số cccd",
        "CCCD: [001099012345]",
        "căn cước: [091148499999]",
        "đơn hàng 001099012345",
        "CCCD 901099012345",
        certainty=Certainty.CONTEXT,
    ),
)
