"""Texts made to be slow: short units that are told over and over, and the beginning of each pattern of the tables.

The rule: what can be written down is; what follows from the tables is made from them, so that a new recognizer brings its own worst
text. A pattern's is what it matches in an example but for the last sign: it is read to the end and then given up, at each of its
beginnings.
"""

from ringfence.detect import RECOGNIZERS
from ringfence.detect._engine import searcher
from ringfence.detect.recognizer import Pattern, Recognizer

UNITS = {
    "digits": b"1",
    "digits with blanks": b"1 ",
    "groups of four": b"4111 ",
    "valid cards": b"4111 1111 1111 1111 ",
    "at signs": b"@",
    "a@a@a@": b"a@",
    "addresses in a chain": b"a.b@c.de@",
    "colons": b"::",
    "hexadecimal groups": b"ab:",
    "points": b"1.1.1.",
    "addresses without a break": b"10.0.0.1.",
    "plus signs": b"+1 ",
    "telephone numbers": b"+4930231250",
    "words and numbers": b"tel 123456789 ",
    "birth words": b"born ",
    "dates": b"born 1980-03-12 ",
    "accounts": b"DE89 ",
    "account heads": b"DE89370400440532013",
    "tokens": b"eyJhbGciOiJIUzI1NiJ9.",
    "key beginnings": b"-----BEGIN PRIVATE KEY-----",
    "key bodies": b"-----BEGIN PRIVATE KEY-----" + b"QUJD" * 300 + b" ",
    "keys over lines": b"-----BEGIN PRIVATE KEY-----\nQUJD\n",
    "user info": b"a://a:b@",
    "user info in a chain": b"://a@",
    "one letter": b"a",
    "high bytes": b"\xc3\xa9",
    "broken bytes": b"\xff\xc3",
    "line feeds": b"\n",
    "joints": b"\x1e",
    "plus, encoded": b"%2B1%40a",
    "numbers of nine": b"ssn 536228712 ",
    "points and hyphens": b"123.456.789-",
    "letters and digits": b"AB12CD34",
    "hyphens": b"12-34-",
    "upper case": b"ABCDEF",
    "Base58": b"1A1zP1eP5Q",
    "0x": b"0x0123456789abcdef",
    "prefixes of tokens": b"sk_live_ghp_AKIA",
    "passwords to be": b"; password =",
    "keywords and values": b"host=a; user=b; pwd=c; ",
    "labels": b"Name: A ",
    "labels without an end": b"Address: 1 a ",
    "words of all countries": b"dni nif nie curp cpf rut vat pps ",
    "words alone": "cédula дата паспорт 身份证 ".encode(),
    "words and ages": b"age 34 years old ",
    "degrees": "52° 31' ".encode(),
    "percent": b"%34%31%31%31",
    "percent of percent": b"%25252534",
    "references": b"&#52;&#x34;&commat;",
    "escapes": b"\\u0034\\x34",
    "base64": b"NDExMSAxMTEx",
    "base64 of base64": b"TkRFeE1TQXhNVEV4",
    "hexadecimal text": b"34313131",
    "gzip beginnings": b"H4sIAAAAAAAA",
    "full width": "４１１１ ".encode(),
    "zero width": "4\u200b1".encode(),
    "look-alikes": "aаa".encode(),
    "spoken": b"a (at) b dot c ",
    "groups with points": b"4111.1111.",
    "digits one by one": b"4 1 1 1 1 ",
    "quoted": b"=34=31",
    "tracks": b"%B4111111111111111^A/",
}
"""Names and units. Repeated, they make a text of any length."""


def prefixes() -> dict[str, bytes]:
    """Give a unit for each pattern that matches in one of its entity's examples: a word of its, and the match but for its end."""
    units: dict[str, bytes] = {}
    for recognizer in RECOGNIZERS:
        word = next((word for word in recognizer.words if not word.endswith("-")), "")
        for number, pattern in enumerate(recognizer.patterns):
            longest = _longest(recognizer, pattern)
            if len(longest) > 1:
                name = f"{recognizer.entity} {pattern.code} {number}"
                units[name] = f"{word} ".encode() + longest[:-1] + b" "
                units[f"{name}, in one piece"] = longest[:-1]
    return units


def _longest(recognizer: Recognizer, pattern: Pattern) -> bytes:
    """Give the longest match of a pattern in its entity's examples, on one line."""
    search, longest = searcher(pattern.pattern, unicode=pattern.unicode), b""
    for example in recognizer.examples:
        data = example.text.encode()
        low, high = search(data, 0, len(data))
        if high - low > len(longest):
            longest = data[low:high]
    return longest.replace(b"\n", b" ")
