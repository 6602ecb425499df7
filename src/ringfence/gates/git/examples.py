"""Values that are examples by what they are: nobody's addresses, roles, words in the place of credentials.

The rule: a word is in these tables because it stands for *somebody* or *something*, not because a person could not be called so.
Where one could (a given name before an address of a company), it is no example. What no table knows is data.
"""

from itertools import pairwise
from typing import Final

import re2

from ringfence.extract.model import Kind
from ringfence.gates.git.standing import At, words

_PLACEHOLDER = "known:placeholder"
_ROLE = "known:role"

_ROLES: Final = words(
    # https://www.rfc-editor.org/rfc/rfc2142
    "info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp "
    # what nobody reads, and what programs are
    "noreply no-reply no_reply donotreply do-not-reply do_not_reply mailer-daemon nobody bounce bounces root admin administrator "
    "daemon git hg svn cvs bot robot automation buildbot jenkins ci notifications notification alerts alert monitoring "
    # what organisations answer under
    "contact help helpdesk service office team staff press privacy legal dpo gdpr billing jobs careers hello hi mail email post "
    "feedback bugs bug bug-report bugreport bugreports issues report reports security-alert secalert psirt cert "
    "dev devel developers development users user-list list lists announce announcements discuss discussion mailing-list "
    "commits patches patch maintainers owner owners licensing license licenses opensource open-source foundation community"
)
_ROLE_ENDS: Final = re2.compile(
    rb"(?:.*[-_.])(?:dev|devel|develop|developers|users|user|announce|discuss|discussion|list|ml|commits|commit|checkins|bugs|bug|bugreports|"
    rb"request|requests|owner|admin|team|support|security|patches|patch|maintainers|help|sig|wg|bot|noreply|core|doc|docs|reports|"
    rb"subscribe|unsubscribe|general|committee|council|board|tracker|moderators|info)"
)
_LISTS: Final = re2.compile(
    rb"(?:.+\.)?(?:lists?|mailman[0-9]?|listserv|noreply|ml)\..+|(?:.+\.)?(?:googlegroups\.com|groups\.io|freelists\.org|librelist\.com|"
    rb"noreply\.github\.com|noreply\.gitlab\.com|yahoogroups\.com|vger\.kernel\.org|librelist\.org)"
)
"""Domains under which lists and robots live, and no people."""

_SOMEBODY: Final = words(
    # metasyntactic variables, https://www.rfc-editor.org/rfc/rfc3092
    "foo bar baz qux quux corge grault garply waldo fred plugh xyzzy thud foobar foo.bar foo+bar foo_bar blah blahblah spam eggs "
    # words for whoever it is
    "user username user_name userid user1 user2 someuser some.user name yourname your.name your_name your-name myname my.name "
    "firstname.lastname first.last firstname lastname someone somebody anyone anybody nobody person me you your.email youremail "
    "your_email email e-mail mail address local local_part localpart local-part recipient sender from to receiver account login "
    "client customer guest test tester testuser test.user test_user test1 demo example sample dummy fake invalid placeholder "
    "john.doe johndoe john_doe jdoe jane.doe janedoe jane_doe john.smith joe.bloggs max.mustermann erika.mustermann mustermann "
    "jean.dupont mario.rossi jan.kowalski joe.user joeuser alice bob"
)
_WORDS_OF_NOWHERE: Final = (
    "foo bar baz qux quux foobar spam eggs blah domain mydomain yourdomain your-domain somedomain some-domain otherdomain host "
    "hostname myhost yourhost somehost server myserver example examples sample test testing tests dummy fake invalid acme "
    "company yourcompany your-company mycompany somecompany site mysite yoursite somewhere someplace nowhere evil attacker "
    "website mail email provider org localhost xyz abc whatever something bat zap bam fizz buzz"
)
_NOWHERE: Final = re2.compile(
    (
        r"(?:.+\.)?(?:(?:"
        + "|".join(word.replace("-", r"\-") for word in _WORDS_OF_NOWHERE.split())
        + r")\.(?:com|org|net|edu|tld|io|dev|co|local|ext|bar|baz|foo|us|de|fr|uk|co\.uk|com\.au|it|es|info|biz|cc|ca|eu)"
        r"|example\.[a-z]{2,3}(?:\.[a-z]{2})?|[a-z]\.[a-z]{2,3}|[a-z]{1,3}\.(?:tld|xx|ex|xy)|host\.dom\.ain|dom\.ain)"
    ).encode()
)
"""Domains that stand for a domain, one letter's among them."""

_PUBLIC_PROVIDERS: Final = frozenset(
    (b"mail.com", b"email.com", b"mail.de", b"mail.fr", b"mail.ca", b"provider.com", b"email.de")
)
"""Of these, those that do give people addresses."""

_NO_USER_INFO: Final = re2.compile(rb"[%${<\[*(]|\\|x{3,}|X{3,}|\.\.\.|(?i:your|my|some|secret|passw|example|changeme)")
_CREDENTIAL_WORDS: Final = words(
    "user username usr name login uname userid me you myuser youruser someuser someone foo bar baz spam eggs u p x y z a b c test "
    "tester testuser dummy guest root admin administrator sa postgres mysql oracle mongo redis rabbit rabbitmq amqp celery django "
    "app db database dbuser scott tiger pass passwd password pwd pw passw0rd mypass secret s3cret hunter2 changeme token apikey "
    "api_key key auth userinfo host proxy blahblah wrong info git hg svn bzr anonymous ftp joe john alice bob samuel jo"
)
"""Words for users and passwords, users that programs begin with, and Oracle's scott/tiger."""

_HERE: Final = re2.compile(
    rb"(?i)@(?:localhost|127\.0\.0\.1|\[::1\]|host(?:name)?[0-9]?|db|database|server|(?:[a-z0-9-]+\.)*example\.(?:com|org|net))(?:[:/?#\"'\s,;)]|$)"
)
_TWO_NAMES: Final = re2.compile(r"[\"'>](?:\p{Lu}[\p{Ll}'’]+[- ]){1,3}\p{Lu}[\p{Ll}'’-]+[\"'<]")
_NOBODYS_NAMES: Final = re2.compile(r"(?i)\b(?:john|jane|joe|max|erika) (?:doe|smith|bloggs|public|mustermann|roe)\b")
_STOCK_FIRST: Final = re2.compile(rb"(?i)(?:john|jane|joe|max|erika)")
_STOCK_LAST: Final = re2.compile(rb"\b(?:Doe|Bloggs|Mustermann|Roe)\b")
_BESIDE: Final = 64  # bytes behind a first name in which the last one stands
_IDENTIFIER: Final = re2.compile(
    rb"[A-Za-z]*[a-z0-9](?:Id|ID|Ids|Name|Key|Arn|Type|Code|Number|Handle|Block|Url|Uri|Path|Token|Status|Time|Date)|[A-Za-z]+:[a-z]+"
)
_KEY_BODY: Final = re2.compile(rb"-----[\s\\nr\"'+,]*[A-Za-z0-9+/=:-]{16,}")
_KEY_MOST: Final = 400  # bytes

_ZERO, _NINE = b"0"[0], b"9"[0]
_DIGITS: Final = 7
_USUAL: Final = 12
_COUNTED, _COUNTED_LONG = 6, 8
"""Digits that count up, one after another: of numbers made at random one in 10,000 has as many, of long ones one in 10 million."""
_APART: Final = 2  # digits of a number in data that may do something else
_OPEN_END: Final = re2.compile(rb"[ .-]?(?:#|[xX*?_]{2}|%[sd]|\{)")
_LISTING: Final = "place:listing"
_HASHED: Final = re2.compile(
    rb"[,=](?:md5|sha[0-9]{1,3})=[0-9A-Za-z_+/=-]{20,},?$|(?:md5|sha[0-9]{1,3})[=:][0-9A-Za-z_+/=-]*$"
)
"""https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file"""


def mail(at: At) -> str:
    """Tell an address that is nobody's, or that an office answers under."""
    value = at.value.lower().replace(b"%40", b"@")
    local, _, domain = value.rpartition(b"@")
    if not local:
        return ""
    if _NOWHERE.fullmatch(domain) and (
        domain not in _PUBLIC_PROVIDERS or local.decode("utf-8", "replace") in _SOMEBODY
    ):
        return _PLACEHOLDER if at.is_code or at.is_document or local.decode("utf-8", "replace") in _SOMEBODY else ""
    if not (at.is_code or at.is_document):
        return ""
    plain = local.decode("utf-8", "replace")
    if plain in _ROLES or _ROLE_ENDS.fullmatch(local) or _LISTS.fullmatch(domain):
        return _ROLE
    return _PLACEHOLDER if plain in _SOMEBODY and plain not in _CALLED else ""


_CALLED: Final = words("fred waldo alice bob me you")
"""Of those that stand for somebody, what people are called, or call themselves."""


def user_info(at: At) -> str:
    """Tell credentials that are words for credentials, and those for nowhere."""
    value = at.value
    user, colon, password = value.partition(b":")
    if _is_word(user) and (not colon or _is_word(password)):
        return _PLACEHOLDER
    if not (at.is_code or at.is_document):
        return ""
    if _NO_USER_INFO.search(value) or (colon and value == user + colon + user):
        return _PLACEHOLDER
    if not colon and at.one.entity == "URL_CREDENTIALS":
        return _PLACEHOLDER  # a user's name alone opens nothing
    return _PLACEHOLDER if _HERE.search(at.text.value[at.one.end : at.one.end + 64]) else ""


def _is_word(text: bytes) -> bool:
    return text.lower().rstrip(b"0123456789").decode("utf-8", "replace") in _CREDENTIAL_WORDS or not text


def counted(at: At) -> str:
    """Tell a number that counts up, ``0891234567``, or is one digit over and over; in data, one that does little else."""
    digits = bytes(byte for byte in at.value if _ZERO <= byte <= _NINE)
    if len(digits) < _DIGITS:
        return ""
    longest = run = same = 1
    for before, digit in pairwise(digits):
        run = run + 1 if digit == before + 1 or (digit, before) == (_ZERO, _NINE) else 1
        same = same + 1 if digit == before else 1
        longest = max(longest, run, same)
    if at.is_code or at.is_document:
        enough = _COUNTED if len(digits) <= _USUAL else _COUNTED_LONG
    else:
        enough = max(_COUNTED, len(digits) - _APART)
    return _PLACEHOLDER if longest >= enough else ""


def template(at: At) -> str:
    """Tell the beginning of a number whose end is left open: ``+44 7700 900 ###``."""
    return _PLACEHOLDER if _OPEN_END.match(at.text.value[at.one.end : at.one.end + 8]) else ""


def in_listing(at: At) -> str:
    """Tell a size behind a file's hash, as lists of installed files have it."""
    if at.text.kind is not Kind.PROSE:
        return ""
    return _LISTING if _HASHED.search(at.line_before()) else ""


def identifier(at: At) -> str:
    """Tell the name of a program's thing, ``VpcPeeringConnectionId``, that stands where a name of a person could."""
    return _PLACEHOLDER if _IDENTIFIER.fullmatch(at.value) else ""


def stock_name(at: At) -> str:
    """Tell half of a name that stands for anybody, in a program or its documents: the ``John`` beside a ``Doe``."""
    if not (at.is_code or at.is_document) or not _STOCK_FIRST.fullmatch(at.value):
        return ""
    return _PLACEHOLDER if _STOCK_LAST.search(at.text.value[at.one.end : at.one.end + _BESIDE]) else ""


def key(at: At) -> str:
    """Tell the first line of a key, with no key behind it."""
    return "" if _KEY_BODY.search(at.text.value[at.one.start + 10 : at.one.start + _KEY_MOST]) else _PLACEHOLDER


def names_somebody(around: bytes) -> bool:
    """Whether a name of two words stands in quotes, and is not one that stands for anybody."""
    found = _TWO_NAMES.search(around.decode("utf-8", "replace"))
    return found is not None and not _NOBODYS_NAMES.search(found.group())
