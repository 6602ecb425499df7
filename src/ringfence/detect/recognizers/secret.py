"""Credentials: private keys, tokens, and passwords inside URLs."""

import json
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Sequence

from ringfence.detect._bytes import is_word_before
from ringfence.detect._keys import KEY_BEGIN, KEY_MOST, key_end
from ringfence.detect.recognizer import Certainty, Example, Hit, Pattern, Recognizer

_HEADER_MOST = 4096  # bytes of a token's first segment that are decoded
_TOKEN_MOST = 16_384  # bytes of a token; no server takes longer header lines
_USER_INFO_MOST = 512  # bytes from a URL's beginning to the end of its user info


def _check_key(data: bytes, start: int, end: int) -> Sequence[Hit]:
    return (Hit(start, key_end(data, end).end),)


def _check_token(data: bytes, start: int, end: int) -> Sequence[Hit]:
    end = min(end, start + _TOKEN_MOST)
    header, _, rest = data[start:end].partition(b".")
    if is_word_before(data, start) or len(header) > _HEADER_MOST or b"." not in rest:
        return ()
    try:
        value = json.loads(urlsafe_b64decode(header + b"=" * (-len(header) % 4)))
    except (Error, ValueError, RecursionError):
        return ()
    if isinstance(value, dict) and "alg" in value:
        return (Hit(start, end, ("structure:header",)),)
    return ()


def _check_user_info(data: bytes, start: int, end: int) -> Sequence[Hit]:
    begin = data.index(b"://", start, end) + len(b"://")
    sign = data.rfind(b"@", begin, min(end, start + _USER_INFO_MOST))
    return (Hit(begin, sign),) if sign > begin else ()


SECRETS: tuple[Recognizer, ...] = (
    Recognizer(
        entity="PRIVATE_KEY",
        certainty=Certainty.SECRET,
        source="https://www.rfc-editor.org/rfc/rfc7468",
        patterns=(
            Pattern(
                code="pem",
                pattern=KEY_BEGIN,
                trigger="-----BEGIN ",
                alone=0.99,
                beside=0.99,
                after=96,
                check=_check_key,
                raw=True,
            ),
        ),
        examples=(
            Example(
                "key:\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ==\n-----END PRIVATE KEY-----\nend",
                ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ==\n-----END PRIVATE KEY-----",),
            ),
            Example(
                r'{"k":"-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\n"}',
                (r"-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",),
            ),
            Example(
                "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA\nnot a key's line",
                ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA",),
            ),
            Example("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----"),
        ),
    ),
    Recognizer(
        entity="JWT",
        certainty=Certainty.SECRET,
        source="https://www.rfc-editor.org/rfc/rfc7519",
        patterns=(
            Pattern(
                code="jwt",
                pattern=r"eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{2,}\.[0-9A-Za-z_-]*",
                trigger=r"eyJ[0-9A-Za-z_-]{8}",
                alone=0.95,
                beside=0.95,
                after=_TOKEN_MOST,
                check=_check_token,
            ),
        ),
        examples=(
            Example(
                "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl,",
                ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl",),
            ),
            Example(
                "token=eyJhbGciOiJFUzI1NiIsImtpZCI6IjcifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2lnbmF0dXJl&x=1",
                ("eyJhbGciOiJFUzI1NiIsImtpZCI6IjcifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2lnbmF0dXJl",),
            ),
            Example(
                "eyJub3RoZWFkZXIiOjF9.eyJzdWIiOiI0MiJ9.c2ln eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9 eyJhbGciOiJIUzI1N.aa.bb"
            ),
        ),
    ),
    Recognizer(
        entity="URL_CREDENTIALS",
        certainty=Certainty.SECRET,
        source="https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
        patterns=(
            Pattern(
                code="user-info",
                pattern=r"[A-Za-z][0-9A-Za-z+.-]{1,20}://[^\s\x1e\x1f/?#\"'<>@]+(?:@[^\s\x1e\x1f/?#\"'<>@]+)*@(?:[0-9A-Za-z\[]|[\x80-\xff])",
                trigger=r"[^\s\x1e/]@[0-9A-Za-z\[\x80-\xff]",
                alone=0.9,
                beside=0.9,
                before=_USER_INFO_MOST,
                after=_USER_INFO_MOST,
                check=_check_user_info,
                raw=True,
            ),
        ),
        examples=(
            Example("postgres://anna:s3cret@db.example:5432/shop", ("anna:s3cret",)),
            Example("https://ghp-token@git.example/x.git and ftp://a:p@ss!@ftp.example", ("ghp-token", "a:p@ss!")),
            Example("https://mail.example/@anna?to=b@c http://host.example:80/a@b"),
        ),
    ),
)
assert KEY_MOST >= _TOKEN_MOST  # noqa: S101 (the margins of a stream are as long as the longest match)
