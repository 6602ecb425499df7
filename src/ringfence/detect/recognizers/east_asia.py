"""South Korea, Japan, mainland China, Hong Kong and Taiwan."""

from ringfence.detect._checks import holds_day, is_day, is_varied, shaped, stdnum, valid
from ringfence.detect.recognizer import (
    DIGITS,
    PROVEN,
    REFUTED,
    TELLING,
    UNCHECKED,
    Certainty,
    Recognizer,
    row,
    spelling,
)

_RRN_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def _weighs(number: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, _RRN_WEIGHTS, strict=False))


def _is_rrn(number: str) -> bool:
    return (11 - _weighs(number) % 11) % 10 == int(number[12])


def _is_frn(number: str) -> bool:
    return (13 - _weighs(number) % 11) % 10 == int(number[12])


def _has_province(number: str) -> bool:
    return int(number[7:9]) <= 96


def _is_brn(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False))
    return -(total + int(number[8]) * 5 // 10) % 10 == int(number[9])


_CHINA_CHECK = "10X98765432"
_CHINA_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHINA_PROVINCES = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83)
)


def _is_resident(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, _CHINA_WEIGHTS, strict=False))
    return (
        int(number[:2]) in _CHINA_PROVINCES
        and is_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        and _CHINA_CHECK[total % 11] == number[17]
    )


def _is_hkid(number: str) -> bool:
    """Check a Hong Kong identity card: a space before one letter counts 36."""
    letters = number[: len(number) - 7]
    values = [36] * (2 - len(letters)) + [int(sign, 36) for sign in letters + number[len(letters) : -1]]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return (-total) % 11 == int(number[-1], 16)


_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def _is_taiwanese(number: str) -> bool:
    value = _TAIWAN_LETTERS.index(number[0]) + 10
    second = int(number[1]) if number[1].isdigit() else (_TAIWAN_LETTERS.index(number[1]) + 10) % 10
    digits = (value // 10, value % 10, second, *map(int, number[2:]))
    return (
        sum(digit * weight for digit, weight in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )


EAST_ASIA: tuple[Recognizer, ...] = (
    row(
        "KR_RRN",
        "주민등록법; https://www.law.go.kr/lsInfoP.do?lsiSeq=227217 (none of those given out since October 2020 has check digits)",
        (
            spelling(
                "kr-rrn",
                r"[0-9]{6}-?[1-4][0-9]{6}",
                valid(holds_day(0, 2, 4), _has_province, _is_rrn, evidence="mod11", alone=True, else_doubtful=True),
                TELLING,
                doubtful=REFUTED,
                trigger=r"[0-9]{2}[01][0-9][0-3][0-9]-[1-4][0-9]{6}",
            ),
        ),
        "주민등록번호, 주민번호, rrn, resident registration, resident registration number, korean rrn",
        "[050912-2000019]",
        "주민등록번호: [9601211021413]",
        "960303-0021413 001332-1234567 960111-10214131",
    ),
    row(
        "KR_FRN",
        "출입국관리법; https://www.immigration.go.kr",
        (
            spelling(
                "kr-frn",
                r"[0-9]{6}-?[5-8][0-9]{6}",
                valid(holds_day(0, 2, 4), _has_province, _is_frn, evidence="mod11", alone=True, else_doubtful=True),
                TELLING,
                doubtful=REFUTED,
                trigger=r"[0-9]{2}[01][0-9][0-3][0-9]-[5-8][0-9]{6}",
            ),
        ),
        "외국인등록번호, frn, foreigner registration, alien registration, korean frn",
        "외국인등록번호 [911124-5678906]",
        "FRN: [9111245678906]",
        "960303-0021413 051102-9234110",
    ),
    row(
        "KR_BRN",
        "부가가치세법; https://www.nts.go.kr",
        (spelling("kr-brn", r"[0-9]{3}-?[0-9]{2}-?[0-9]{5}", valid(is_varied, _is_brn, evidence="mod10"), DIGITS),),
        "사업자등록번호, 사업자번호, brn, business registration",
        "사업자등록번호: [116-82-00276]",
        "사업자번호: [123-70-02172]",
        "주문 116-82-00276",
        "BRN 123-45-67890",
    ),
    row(
        "KR_DRIVER_LICENSE",
        "도로교통법 시행규칙; https://www.safedriving.or.kr",
        (
            spelling(
                "kr-driver",
                r"(?:1[1-9]|2[0-8])-[0-9]{2}-[0-9]{6}-[0-9]{2}",
                shaped(alone=True),
                (0.3, 0.9),
            ),
        ),
        "운전면허, 면허번호, 운전면허번호, driver license, korean license",
        "면허번호 [13-22-123456-12]",
        "운전면허: [28-07-004512-31]",
        "99-22-123456-12 11-22-12345-12",
        "batch 13-22-123456-12",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "KR_PASSPORT",
        "여권법; https://www.passport.go.kr",
        (spelling("kr-passport", r"[MSRODGmsrodg][0-9]{3}[0-9A-Za-z][0-9]{4}", shaped(), UNCHECKED),),
        "korean passport, 여권, 여권번호, passport, passport number",
        "여권번호 [M123A4567]",
        "korean passport: [M879A4043]",
        "부품 M123A4567",
        "passport A123B4567",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "JP_MY_NUMBER",
        "行政手続における特定の個人を識別するための番号の利用等に関する法律; https://www.digital.go.jp/policies/mynumber",
        (
            spelling(
                "jp-my-number",
                r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}",
                valid(is_varied, stdnum("jp.in_"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "マイナンバー, 個人番号, my number, mynumber, individual number",
        "マイナンバー: [6214 9832 0257]",
        "個人番号: [4618 6925 9826]",
        "注文 621498320257",
        "個人番号 6214 9832 0258",
    ),
    row(
        "JP_PASSPORT",
        "https://www.mofa.go.jp/mofaj/toko/passport/",
        (spelling("jp-passport", r"[A-Za-z]{2}[0-9]{7}", shaped(), UNCHECKED),),
        "旅券番号, パスポート, passport, passport number",
        "旅券番号 [TK1234567]",
        "パスポート: [TK6415181]",
        "部品 TK1234567",
        "旅券番号 TK123456",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "CN_RESIDENT_ID",
        "GB 11643-1999, https://openstd.samr.gov.cn/bzgk/gb/newGbInfo?hcno=080D6FBF2BB468F9007657F26D60013E",
        (
            spelling(
                "cn-resident",
                r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9Xx]",
                valid(is_varied, _is_resident, evidence="mod11-2", alone=True),
                PROVEN,
                trigger=r"[1-9][0-9]{5}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9Xx]",
            ),
        ),
        "身份证, 身份证号, 身份证号码, 公民身份号码, resident identity, chinese id, id card",
        "身份证号: [360426199101010071]",
        "[110101199106261769] on file",
        "360426199101010072 990426199101010071",
    ),
    row(
        "CN_PASSPORT",
        "https://www.nia.gov.cn",
        (spelling("cn-passport", r"[EGDSPHegdsph][0-9A-Ha-hJ-Nj-nP-Zp-z][0-9]{7}", shaped(), UNCHECKED),),
        "护照, 护照号, 护照号码, passport, passport number",
        "护照号 [E12345678]",
        "护照号码: [E11205355]",
        "零件 E12345678",
        "护照 A12345678",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "HK_HKID",
        "Registration of Persons Regulations, Cap. 177A, https://www.elegislation.gov.hk/hk/cap177A",
        (
            spelling(
                "hk-hkid",
                r"[A-Za-z]{1,2}[0-9]{6}\([0-9Aa]\)",
                valid(_is_hkid, evidence="mod11"),
                TELLING,
                trigger=r"[A-Z]{1,2}[0-9]{6}\([0-9A]\)",
            ),
            spelling("hk-hkid-bare", r"[A-Za-z]{1,2}[0-9]{6}[0-9Aa]", valid(_is_hkid, evidence="mod11"), DIGITS),
        ),
        "hkid, 身份證, 身份證號碼, hong kong identity, hong kong id, identity card",
        "[A123456(3)]",
        "HKID: [A1234563]",
        "A123456(4), part A1234563",
    ),
    row(
        "TW_NATIONAL_ID",
        "戶籍法; https://www.ris.gov.tw",
        (
            spelling(
                "tw-id", r"[A-Za-z][1289A-Da-d][0-9]{8}", valid(is_varied, _is_taiwanese, evidence="mod10"), DIGITS
            ),
        ),
        "身分證, 身分證字號, 統一編號, 國民身分證, taiwan id, national id, arc",
        "身分證字號: [A123456789]",
        "統一編號: [A815226815]",
        "零件 A123456789",
        "身分證 A123456788",
    ),
)
