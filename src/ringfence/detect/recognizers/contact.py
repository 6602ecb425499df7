"""How a person is reached: e-mail addresses and telephone numbers."""

from collections.abc import Sequence

from ringfence.detect._bytes import is_word_after, is_word_before, line_start
from ringfence.detect._engine import prefix, searcher
from ringfence.detect._phone import check_international, check_national
from ringfence.detect.recognizer import Certainty, Example, Hit, Pattern, Recognizer, listed

_LOCAL_MOST = 64  # octets in a local part, RFC 5321 section 4.5.3.1.1
_DOMAIN_MOST = 255  # octets in a domain, section 4.5.3.1.2

_FILE_ENDINGS = frozenset(
    b"bmp css csv dll exe gif gz htm html ico jar jpeg jpg js json log pdf php png svg tgz txt webp xml yaml yml".split()
)
"""What follows the last point of a file's name and is no top-level domain: ``icon@2x.png`` is no address."""
_HOST_ENDS = searcher(r"[a-z][0-9a-z-]*\.(?:com|edu|gov|info|net|org|[a-z]{2})\z")
"""How a host ends before such an ending, so that it is an address's and no version: ``vue@3.min.js`` is none."""


_SIGN = searcher(r"%(?:25)?40|\\u0040|&#64;")
_ESCAPED = prefix(r"(?:(?:25)?[0-7][0-9A-Fa-f]|u00[0-7][0-9A-Fa-f])")
"""What is left of an escape whose first character is no part of an address: ``%22anna@mail.example``."""


def _check_email(data: bytes, start: int, end: int) -> Sequence[Hit]:
    sign = data.find(b"@", start, end)
    sign, domain = (sign, sign + 1) if sign >= 0 else _SIGN(data, start, end)
    cut = is_word_before(data, start)
    if cut and data[start] == ord("_"):
        start, cut = start + 1, False  # what joins it to the address before, which has been found already
    if start and data[start - 1 : start] in (b"%", b"\\"):
        begin = _ESCAPED(data, start, sign)
        start = begin if start < begin < sign else start
    points = data.rfind(b"..", start, sign)
    if points >= 0 or sign - start > _LOCAL_MOST:  # no local part, but it may end in one: "see...anna@mail.example"
        start, cut = max(points + 2, sign - _LOCAL_MOST, start), False
        while start < sign and data[start] & 0xC0 == 0x80:
            start += 1
    if end - domain > _DOMAIN_MOST or start >= sign:
        return ()
    host, _, ending = data[domain:end].lower().rpartition(b".")
    if ending in _FILE_ENDINGS:
        if _HOST_ENDS(host, 0, len(host))[0] < 0:
            return ()
        end -= len(ending) + 1  # a file that is named for somebody: "anna@mail.example.com.pdf"
    if cut or is_word_after(data, end):
        return ()
    if _is_named_method(data, start, sign, domain, end) or _is_message(data, start):
        return ()
    return (Hit(start, end),)


_METHODS = (b"openssh.com", b"libssh.org", b"lysator.liu.se", b"ssh.com")
"""Whose names for ciphers and keys look like addresses, by https://www.rfc-editor.org/rfc/rfc4251#section-6"""


_ANNOTATIONS = (b"odata.", b"redfish.", b"message.extendedinfo")
"""What stands behind the sign in names of properties: https://docs.oasis-open.org/odata/odata-json-format/v4.01/ section 4.6"""


def _is_named_method(data: bytes, start: int, sign: int, domain: int, end: int) -> bool:
    """Tell ``curve25519-sha256@libssh.org`` and ``Members@odata.count`` from a mailbox."""
    host = data[domain:end].lower()
    if host.startswith(_ANNOTATIONS):
        return True
    if host not in _METHODS:
        return False
    local = data[start:sign]
    return local in (b"zlib", b"keepalive") or (b"-" in local and not local.isalpha())


_MESSAGE = searcher(r"(?i)(?:message|content|msg)[-_ ]?id|references|in-reply-to")
_MESSAGE_MOST = 32  # bytes before a bracket in which a header's name stands


def _is_message(data: bytes, start: int) -> bool:
    """Tell what identifies a message, ``Message-ID: <1.2@mail.example>``, from a mailbox."""
    if data[max(0, start - 1) : start] != b"<":
        return False
    low = line_start(data, start, _MESSAGE_MOST)
    return _MESSAGE(data, low, start)[0] >= 0


_BYTE = r"(?:[89A-Fa-f][0-9A-Fa-f])"  # of a character that is no ASCII
_ESCAPE = r"%(?:25)?" + _BYTE + r"|\\+u(?:00" + _BYTE + r"|(?:0[1-9A-Fa-f]|[1-9A-Fa-f][0-9A-Fa-f])[0-9A-Fa-f]{2})"
_PLUS_AND_SUCH = r"%(?:25)?(?:2[BDEbde]|5[Ff]|7[Ee])"
_LOCAL = r"(?:[\pL\pN_]|" + _ESCAPE + r")(?:[\pL\pN\pM_.+'~-]|" + _PLUS_AND_SUCH + "|" + _ESCAPE + ")*"
_DOMAIN = r"(?:[\pL\pN][\pL\pN\pM-]*\.)+(?:[Xx][Nn]--[0-9A-Za-z-]+|\pL\pL+)"

_NATIONAL = r"(?:\+|\()?[0-9](?:[ ./()-]{0,3}[0-9]){6,}(?:[ ,;]{0,2}(?:ext\.?|x|#)[ ]?[0-9]{1,6})?"

CONTACT: tuple[Recognizer, ...] = (
    Recognizer(
        entity="EMAIL_ADDRESS",
        certainty=Certainty.SHAPE,
        source="https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2 with https://www.rfc-editor.org/rfc/rfc6531",
        patterns=(
            Pattern(
                code="email",
                pattern=_LOCAL + "@" + _DOMAIN,
                trigger=r"[0-9A-Za-z_.+'~\x80-\xff-]@[0-9A-Za-z\x80-\xff]",
                alone=0.95,
                beside=0.95,
                before=_LOCAL_MOST + 8,
                after=_DOMAIN_MOST + 8,
                check=_check_email,
                unicode=True,
                raw=True,
            ),
            Pattern(
                code="email-encoded",
                pattern=_LOCAL + r"(?:%(?:25)?40|\\+u0040|&#64;)" + _DOMAIN,
                trigger=r"(?:%(?:25)?40|\\u0040|&#64;)[0-9A-Za-z\x80-\xff]",
                alone=0.9,
                beside=0.9,
                before=_LOCAL_MOST + 8,
                after=_DOMAIN_MOST + 8,
                check=_check_email,
                unicode=True,
                raw=True,
            ),
        ),
        examples=(
            Example("from anna.berg+shop@mail.example, twice", ("anna.berg+shop@mail.example",)),
            Example("<zoë@exämple.example>", ("zoë@exämple.example",)),
            Example("GET /?mail=anna%40mail.example&x=1", ("anna%40mail.example",)),
            Example("GET /?mail=anna%2Bshop@mail.example&x=1", ("anna%2Bshop@mail.example",)),
            Example(
                "mail=zo%C3%AB%40mail.example zo%C3%AB@mail.example",
                ("zo%C3%AB%40mail.example", "zo%C3%AB@mail.example"),
            ),
            Example("%22anna@mail.example%22", ("anna@mail.example",)),
            Example("“user@xn--80ak6aa92e.com”.", ("user@xn--80ak6aa92e.com",)),
            Example("mailto:o'hara@mail.example?subject=x", ("o'hara@mail.example",)),
            Example("user=anna@mail.example;", ("anna@mail.example",)),
            Example('filename="anna@mail.example.com.pdf"', ("anna@mail.example.com",)),
            Example("Message-ID: <15090.61304.4568@mail.example> chacha20-poly1305@openssh.com, Members@odata.count"),
            Example("java.lang.Object@1b6d3586 icon@2x.png vue@3.min.js de@messages.xx1.json @home a@b"),
        ),
    ),
    Recognizer(
        entity="PHONE_NUMBER",
        certainty=Certainty.CHECKED,
        source="https://www.itu.int/rec/T-REC-E.164 and the numbering plans of https://github.com/google/libphonenumber",
        patterns=(
            Pattern(
                code="phone-international",
                pattern=r"(?:\+|%2[Bb])[ (]{0,2}[1-9](?:[ ./()-]{0,3}[0-9]){6,}(?:[ ,;]{0,2}(?:ext\.?|x|#)[ ]?[0-9]{1,6})?",
                trigger=r"(?:\+|%2[Bb])[ (]{0,2}[1-9][ ./()-]{0,3}[0-9]",
                alone=0.8,
                beside=0.95,
                doubtful=(0.4, 0.95),
                before=8,
                after=64,
                check=check_international,
            ),
            Pattern(
                code="phone-national",
                pattern=_NATIONAL,
                alone=0.2,
                beside=0.75,
                doubtful=(0.1, 0.3),
                after=64,
                check=check_national,
            ),
        ),
        words=listed(
            "phone, phones, telephone, phone-, mobile, cell, cellphone, fax, call me, call us, text me, "
            "hotline, whatsapp, msisdn, tfno, tlf, tlfno, telf, tel, telefon, telefon-, handy, handynummer, rufnummer, mobil, "
            "mobilnummer, téléphone, portable, teléfono, móvil, celular, telefono, cellulare, telefone, "
            "telemóvel, telefoon, telefoonnummer, mobiel, komórka, komórkowy, numer telefonu"
        ),
        fields=listed(
            "phone, telephone, mobile, cell, cellphone, mobile phone, cell phone, phone number, fax, tel, "
            "msisdn, whatsapp, telefon, handy, rufnummer, mobil, telefono, telefone, movil, celular, "
            "cellulare, telemovel, telefoon, mobiel, komorka, portable, contact number, telecom, telf, tlf, tlfno, tel kom, "
            "tel priv, tel mobile, tel mobiel, tel portable, telefonnummer, mobilnummer, telefon numer, numer telefonu, ph no, "
            "phn, mobile ph, home ph, work ph"
        ),
        near=24,
        examples=(
            Example("ring +49 30 23125 000 now", ("+49 30 23125 000",)),
            Example("+1 (415) 555-0132 or %2B14155550132", ("+1 (415) 555-0132", "%2B14155550132")),
            Example("phone: (415) 555-0132", ("(415) 555-0132",)),
            Example("Tel. 030 23125-000, Raum 5", ("030 23125-000",)),
            Example("homePhone=415-555-0132", ("415-555-0132",)),
            Example("030 23125000", ("030 23125000",), field="contact.phone"),
            Example("23125000", ("23125000",), field="phone_home"),
            Example("GET /mobile HTTP/1.1 200 9571"),
            Example("(415) 555-0132 and 030 23125-000 without a word"),
            Example("2024-05-17T10:05:50+0200 GMT+1100 id 4155550132 1.2.3+4567 10.0.0.1"),
            Example("phone app 2024-05-17 10:05:50, version 12.4.1"),
            Example("2024-05-17 10:05:50", field="phone"),
            Example("telemetry 4155550132"),
        ),
    ),
)
