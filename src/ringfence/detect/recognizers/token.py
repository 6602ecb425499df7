"""Tokens: what opens a cloud, a forge or a service, and the passwords of connection strings.

The rule: a token is found by the prefix that its issuer gave it so that it can be found, or by the name that stands before it; its
length, and where there is one its checksum, decide. An example is made of repeated letters, so that it is no token of anybody's.
"""

from binascii import crc32
from collections.abc import Sequence

from ringfence.detect._bytes import is_word_after, is_word_before
from ringfence.detect._engine import prefix, searcher
from ringfence.detect.recognizer import Certainty, Check, Hit, Pattern, Recognizer, row

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FEWEST = 6  # different characters in a token; placeholders such as `xxxxxxxx` have fewer


def _secret(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take a token that stands free and does not look like a placeholder."""
    if is_word_before(data, start) or is_word_after(data, end) or data[end : end + 1] == b"_":
        return ()
    return (Hit(start, end),) if _is_varied(data[start:end]) else ()


def _is_varied(token: bytes) -> bool:
    tail = token[-16:].lower()
    return len(set(tail)) >= _FEWEST and b"example" not in token.lower() and b"xxxx" not in token.lower()


def _github(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Check the last six characters of GitHub's and npm's tokens: CRC-32 of those before, in Base62."""
    if is_word_before(data, start) or is_word_after(data, end):
        return ()
    kind, _, body = data[start:end].partition(b"_")
    value, said = crc32(body[:-6]), ""
    while value:
        value, digit = divmod(value, 62)
        said = _BASE62[digit] + said
    if said.rjust(6, "0").encode() == body[-6:]:
        return (Hit(start, end, ("checksum:crc32",)),)
    return (Hit(start, end, doubtful=not kind.startswith(b"gh")),) if _is_varied(body) else ()


def _value(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take what stands behind the last `=` or `:` of a match, without its quotes."""
    text = data[start:end]
    begin = (
        start + max(text.rfind(b"="), text.rfind(b":")) + 1
        if b"AccountKey" not in text
        else start + text.find(b"=") + 1
    )
    while begin < end and data[begin] in b" \"'":
        begin += 1
    return (Hit(begin, end),) if end - begin >= 3 and not _is_reference(data[begin:end]) else ()


_argument = searcher(r"(?i), (?:password|pwd)=\z")
_name = prefix(r"[A-Za-z_][0-9A-Za-z_.]*(?:[,)\n]|\z)")


def _stored(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take the password of a connection string; not the arguments of a call: ``connect(user=name, password=self.word)``."""
    return [
        hit
        for hit in _value(data, start, end)
        if _argument(data[start : hit.start], 0, hit.start - start)[0] < 0 or _name(data, hit.start, len(data)) < 0
    ]


def _is_reference(value: bytes) -> bool:
    """Tell a variable, a placeholder or a call from a password: `${DB_PASSWORD}`, `<password>`, `%s`, `****`."""
    return value[:1] in b"${<%*[(" or len(set(value)) < 3 or value.lower() in _PLACEHOLDERS or b"(" in value


_PLACEHOLDERS = frozenset(
    b"password pass secret yourpassword your_password changeme mypassword none null xxx redacted".split()
)


def _value_of_forty(data: bytes, start: int, end: int) -> Sequence[Hit]:
    whole = end - start > 40 and not is_word_after(data, end) and data[end : end + 1] not in (b"/", b"+", b"=")
    return _secret(data, end - 40, end) if whole else ()


def prefixed(
    code: str, pattern: str, trigger: str, *, check: Check = _secret, score: float = 0.95, reach: int = 128
) -> Pattern:
    """Write the pattern of a token that begins with its issuer's prefix."""
    return Pattern(code, pattern, score, score, trigger=r"(?:\b|_)" + trigger, before=1, after=reach, check=check)


TOKENS: tuple[Recognizer, ...] = (
    row(
        "CLOUD_KEY",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html; "
        "https://cloud.google.com/docs/authentication/api-keys; "
        "https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage; "
        "https://docs.digitalocean.com/reference/api/",
        (
            prefixed("aws-key-id", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
            Pattern(
                "aws-secret",
                r"(?i:secret_?(?:access_?)?key)[\"']?[ ]{0,3}[=:][ ]{0,3}[\"']?[0-9A-Za-z/+]{40}",
                0.9,
                0.9,
                trigger=r"(?i:secret_?(?:access_?)?key)[\"' ]{0,4}[=:]",
                before=4,
                after=64,
                check=_value_of_forty,
            ),
            prefixed("google-key", r"AIza[0-9A-Za-z_-]{35}", r"AIza[0-9A-Za-z_-]{16}"),
            prefixed("google-secret", r"GOCSPX-[0-9A-Za-z_-]{28}", r"GOCSPX-"),
            prefixed("google-token", r"ya29\.[0-9A-Za-z_-]{30,400}", r"ya29\.[0-9A-Za-z_-]{16}", reach=512),
            Pattern(
                "azure-account-key",
                r"AccountKey=[0-9A-Za-z+/]{86}==",
                0.97,
                0.97,
                trigger=r"AccountKey=",
                after=128,
                check=_value,
            ),
            Pattern(
                "azure-secret",
                r"[0-9A-Za-z_~.]{3}8Q~[0-9A-Za-z_~.-]{34}",
                0.95,
                0.95,
                trigger=r"8Q~[0-9A-Za-z_~.-]",
                before=4,
                after=64,
                check=_secret,
            ),
            prefixed("digitalocean", r"do[oprt]_v1_[0-9a-f]{64}", r"do[oprt]_v1_"),
            prefixed("alibaba-key-id", r"LTAI[0-9A-Za-z]{12,20}", r"LTAI[0-9A-Za-z]{12}", score=0.8),
            prefixed("databricks", r"dapi[0-9a-f]{32}(?:-[0-9])?", r"dapi[0-9a-f]{16}"),
            prefixed("vault", r"hv[bs]\.[0-9A-Za-z_-]{24,200}", r"hv[bs]\.[0-9A-Za-z_-]{16}", reach=256),
            Pattern(
                "terraform",
                r"[0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_=-]{60,70}",
                0.95,
                0.95,
                trigger=r"\.atlasv1\.",
                before=16,
                after=96,
                check=_secret,
            ),
        ),
        "",
        f"aws_access_key_id = [{'AKIA' + 'QWERTYUIOPASDFGH'}]",
        f"aws_secret_access_key = [{'aB3/' * 9 + 'xY7+'}]",
        f"key={'[AIza' + 'SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q' + ']'}",
        f"DefaultEndpointsProtocol=https;AccountKey=[{'aB3+' * 21 + 'xY'}==];x",
        "AKIAIOSFODNN7EXAMPLE AKIA123 secret_key = settings.SECRET_KEY",
        certainty=Certainty.SECRET,
    ),
    row(
        "FORGE_TOKEN",
        "https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns; "
        "https://docs.gitlab.com/security/tokens/",
        (
            prefixed("github", r"gh[opsur]_[0-9A-Za-z]{36}", r"gh[opsur]_[0-9A-Za-z]{16}", check=_github),
            prefixed("github-fine", r"github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}", r"github_pat_[0-9A-Za-z]{12}"),
            prefixed(
                "gitlab",
                r"gl(?:pat|ptt|rt|dt|cbt|ft|soat|agent|imt)-[0-9A-Za-z_-]{20,64}",
                r"gl(?:pat|ptt|rt|dt|cbt|ft|soat|agent|imt)-",
            ),
            prefixed("pypi", r"pypi-AgE[0-9A-Za-z_-]{50,1000}", r"pypi-AgE[0-9A-Za-z_-]{12}", reach=1024),
            prefixed("npm", r"npm_[0-9A-Za-z]{36}", r"npm_[0-9A-Za-z]{16}", check=_github),
            prefixed("rubygems", r"rubygems_[0-9a-f]{48}", r"rubygems_[0-9a-f]{12}"),
            prefixed("docker", r"dckr_(?:pat|oat)_[0-9A-Za-z_-]{27,40}", r"dckr_(?:pat|oat)_"),
            prefixed("atlassian", r"ATATT3[0-9A-Za-z_=-]{180,220}", r"ATATT3[0-9A-Za-z_=-]{16}", reach=256),
            prefixed("hugging-face", r"hf_[A-Za-z]{34}", r"hf_[A-Za-z]{20}"),
        ),
        "",
        f"token [{'ghp_' + 'aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAcEgI'}]",
        f"GITLAB_TOKEN=[{'glpat-' + 'aB3dE5gH7jK9mN1pQ2rS'}]",
        "ghp_short glpat-xxxxxxxxxxxxxxxxxxxx npm_config_registry_of_the_package_manager",
        certainty=Certainty.SECRET,
    ),
    row(
        "SERVICE_TOKEN",
        "https://api.slack.com/concepts/token-types; https://docs.stripe.com/keys; "
        "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys; "
        "https://shopify.dev/docs/apps/build/authentication-authorization",
        (
            prefixed("slack", r"xox[abeprs]-[0-9][0-9A-Za-z-]{19,249}", r"xox[abeprs]-[0-9]", reach=280),
            prefixed(
                "slack-hook", r"hooks\.slack\.com/(?:services|workflows)/[0-9A-Za-z/_+-]{40,80}", r"hooks\.slack\.com/"
            ),
            prefixed("stripe", r"(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{20,247}", r"(?:sk|rk)_(?:live|test)_", reach=280),
            prefixed("stripe-hook", r"whsec_[0-9A-Za-z]{32}", r"whsec_[0-9A-Za-z]{8}"),
            prefixed("sendgrid", r"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}", r"SG\.[0-9A-Za-z_-]{20}"),
            prefixed("mailgun", r"key-[0-9a-f]{32}", r"key-[0-9a-f]{20}"),
            prefixed("shopify", r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}", r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{12}"),
            prefixed("square", r"sq0(?:atp|csp|idp)-[0-9A-Za-z_-]{22,43}", r"sq0(?:atp|csp|idp)-"),
            prefixed(
                "openai",
                r"sk-(?:proj-|svcacct-|admin-)?[0-9A-Za-z_-]{20,180}T3BlbkFJ[0-9A-Za-z_-]{20,180}",
                r"sk-[0-9A-Za-z_-]{16}",
                reach=400,
            ),
            prefixed("anthropic", r"sk-ant-[0-9a-z]{3,8}-[0-9A-Za-z_-]{80,120}", r"sk-ant-[0-9a-z]{3}"),
            prefixed("telegram", r"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}", r"[0-9]{8,10}:AA[0-9A-Za-z_-]{8}"),
            prefixed("newrelic", r"NRAK-[0-9A-Z]{27}", r"NRAK-[0-9A-Z]{12}"),
            prefixed("grafana", r"gl(?:sa|c)_[0-9A-Za-z+/_=]{32,200}", r"gl(?:sa|c)_[0-9A-Za-z]{16}", reach=256),
            prefixed("linear", r"lin_(?:api|oauth)_[0-9A-Za-z]{40,64}", r"lin_(?:api|oauth)_"),
            prefixed("postman", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}", r"PMAK-[0-9a-f]{12}"),
            prefixed(
                "doppler", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[0-9A-Za-z.]{40,64}", r"dp\.(?:pt|st|ct|sa|scim|audit)\."
            ),
            prefixed("age-key", r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}", r"AGE-SECRET-KEY-1"),
            prefixed("facebook", r"EAA[0-9A-Za-z]{80,300}", r"EAA[0-9A-Za-z]{20}", score=0.8, reach=320),
        ),
        "",
        f"slack [{'xoxb-' + '1234567890-aB3dE5gH7jK9mN1pQ2rS'}]",
        f"Authorization: [{'sk_live_' + 'aB3dE5gH7jK9mN1pQ2rS4tU6'}]",
        "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx xoxb-short key-value SG.EXAMPLE",
        certainty=Certainty.SECRET,
    ),
    row(
        "CONNECTION_STRING",
        "https://www.postgresql.org/docs/current/libpq-connect.html; "
        "https://learn.microsoft.com/dotnet/framework/data/adonet/connection-string-syntax",
        (
            Pattern(
                "keyword-value",
                r"(?i:(?:server|data source|host|hostaddr|dbname|database|initial catalog|user id|uid|user|account|endpoint)"
                r" ?= ?[^;\n\x1e\x1f\"' ]{1,128}[; ](?:[^\n\x1e\x1f]{0,256}?[; ])?(?:password|pwd|sharedaccesskey))"
                r" ?= ?[^;\n\x1e\x1f\"' &,)]{3,128}",
                0.9,
                0.9,
                trigger=r"(?i:[; ](?:password|pwd|sharedaccesskey) ?=)",
                before=448,
                after=160,
                check=_stored,
                raw=True,
            ),
        ),
        "",
        "Server=db;Database=shop;Uid=anna;Pwd=[s3cret-7];",
        "psql 'host=db.example dbname=shop user=anna password=[s3cret-8]'",
        "Server=db;Database=shop;Pwd=${DB_PASSWORD}; host=db password=<password>",
        "connect(host=self.host, user=self.user, password=self.word)",
        certainty=Certainty.SECRET,
    ),
)
