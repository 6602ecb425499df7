"""Values that are examples by what they are: nobody's addresses, roles, words in the place of credentials.

The rule: a word is in these tables because it stands for *somebody* or *something*, not because a person could not be called so.
Where one could (a given name before an address of a company), it is no example. What no table knows is data.
"""

from typing import Final

import re2

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
    rb"openssh\.com|libssh\.org|noreply\.github\.com|noreply\.gitlab\.com|yahoogroups\.com|vger\.kernel\.org|librelist\.org)"
)
"""Domains under which lists and robots live, and names of algorithms (RFC 4250, 4.6.1), and no people."""

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
    rb"|[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){2,}"
    rb"|(?:Get|List|Create|Update|Delete|Describe|Put|Remove|Enable|Disable|Batch|Register|Deregister|Associate|Disassociate|Tag|Untag|"
    rb"Invite|Search|Modify|Attach|Detach|Import|Export|Start|Stop)(?:[A-Z][a-z]+)+"
)
"""A name that ends in what it is, with a prefix, with dots and no capitals, or that begins with what is done."""
_KEY_BODY: Final = re2.compile(rb"-----[\s\\nr\"'+,]*[A-Za-z0-9+/=:-]{16,}")
_KEY_MOST: Final = 400  # bytes
_KEY_CUT: Final = re2.compile(rb"-----[\s\\nr\"'+,`]*([A-Za-z0-9+/=]{1,255})[\s\\nr.`]*-----END")
_KEY_HEAD: Final = 20  # bytes
_KEY_LEAST, _RSA_LEAST = 64, 256
"""Signs of base64 that the shortest key has, Ed25519's, and the shortest of RSA: what ends before that was cut off."""


def mail(at: At) -> str:
    """Tell an address that is nobody's, or that an office answers under."""
    value = at.value.lower().replace(b"%40", b"@")
    local, _, domain = value.rpartition(b"@")
    if not local:
        return ""
    if (
        domain.endswith((b".tld", *_UNITS))
        or value == _CATALOGUES
        or (at.base.endswith(_TEX) and _OF_MACROS.search(at.text.value[max(0, at.one.start - 2) : at.one.start]))
    ):
        return _PLACEHOLDER
    if local in _STORES and (domain in _FORGES or at.text.value[at.one.end : at.one.end + 1] in (b":", b"/")):
        return _ROLE
    if _NOWHERE.fullmatch(domain) and (
        domain not in _PUBLIC_PROVIDERS or local.decode("utf-8", "replace") in _SOMEBODY
    ):
        return _PLACEHOLDER if at.is_code or at.is_document or local.decode("utf-8", "replace") in _SOMEBODY else ""
    if not (at.is_code or at.is_document):
        return ""
    plain = local.decode("utf-8", "replace")
    if plain in _ROLES or _ROLE_ENDS.fullmatch(local) or _LISTS.fullmatch(domain):
        return _ROLE
    if plain in _SOMEBODY and plain not in _CALLED:
        return _PLACEHOLDER
    return _PLACEHOLDER if _is_tried(plain, domain.decode("utf-8", "replace")) else ""


def _is_tried(local: str, domain: str) -> bool:
    """Tell what something is tried with: `cc.test`, `shop-test` of a shop; a word for a test, and no name beside it."""
    pieces = [piece.rstrip("0123456789") for piece in _LOCAL_PIECES.split(local)]
    if not _TRIED.intersection(pieces):
        return False
    others = _SOMEBODY - _CALLED | _ROLES | _TRIED | frozenset(domain.split("."))
    return all(len(piece) < _NAME_LEAST or piece in others for piece in pieces)


_TRIED: Final = words("test tests testing tester testuser example sample dummy fake demo placeholder invalid bogus")
_LOCAL_PIECES: Final = re2.compile(r"[._+-]")
_NAME_LEAST: Final = 3  # letters
_STORES: Final = frozenset((b"git", b"hg", b"svn"))
_FORGES: Final = frozenset(
    (b"github.com", b"gitlab.com", b"bitbucket.org", b"codeberg.org", b"ssh.dev.azure.com", b"git.sr.ht")
)
"""Whom a repository is fetched as, wherever its address stands: https://git-scm.com/docs/git-clone#_git_urls."""
_UNITS: Final = (b".service", b".socket", b".timer", b".mount", b".slice", b".device", b".scope", b".swap")
"""Ends of systemd's units, ``getty@tty1.service``, and of no domain: https://www.freedesktop.org/software/systemd/man/systemd.unit."""
_CATALOGUES: Final = b"ll@li.org"
"""What `xgettext` writes: https://www.gnu.org/software/gettext/manual/html_node/Header-Entry.html."""
_TEX: Final = (".sty", ".cls", ".tex", ".ltx", ".dtx", ".def")
_OF_MACROS: Final = re2.compile(rb"[A-Za-z0-9]@$")
"""A second `@`, as TeX's macros have it, ``KV@shop@div.topic``. Before a handle, ``@nora@post.example``, stands nothing."""

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


def of_a_machine(at: At) -> str:
    """Tell how a machine is, where the same field could tell how a person is: `HealthStatus: Healthy`."""
    return _PLACEHOLDER if at.value.lower() in _STATES else ""


_STATES: Final = frozenset(
    (
        b"healthy",
        b"unhealthy",
        b"ok",
        b"all",
        b"unknown",
        b"initial",
        b"draining",
        b"unused",
        b"insufficient_data",
        b"degraded",
    )
)


def organisation(at: At) -> str:
    """Tell the page of a firm where those of people are."""
    return _ROLE if _FIRMS.search(at.value) else ""


_FIRMS: Final = re2.compile(rb"(?i)\blinkedin\.com/(?:company|school|showcase|groups|jobs)/")


def identifier(at: At) -> str:
    """Tell the name of a program's thing, ``VpcPeeringConnectionId``, ``chart.title.font``, where a person could be named."""
    path = at.text.path
    if _IDENTIFIER.fullmatch(at.value) or path.endswith(_KERNEL) or _THINGS.search(path):
        return _PLACEHOLDER
    if "field:name" in at.one.evidence and path.split(".")[-2:-1] == [at.value.decode("utf-8", "replace")]:
        return _PLACEHOLDER  # called what it stands under: `AssociateAppWithUser.name`, which speaks of a user
    if not path.endswith(_IN_TREES):
        return ""
    leads_a_key = (
        f'"{at.value.decode("utf-8", "replace")}.' in path and "@" not in path
    )  # "chart.title": {parent_name: chart}
    return _PLACEHOLDER if leads_a_key or _DOTTED.fullmatch(at.value) else ""


_DOTTED: Final = re2.compile(rb"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
_IN_TREES: Final = ("parent_name", "parentName", "child_name", "childName", "memberName", "member_name")
"""Names of fields that are a tree's where what they hold has dots."""


_THINGS: Final = re2.compile(
    r"(?i)(?:^|[.\]_-]|[a-z])(?:service|product|company|package|module|class|repository|project|app|application|resource|region|"
    r"organi[sz]ation)[_-]?(?:full|display)[_-]?name$|\.(?:jsx?|tsx?|vue|svelte)\"\.displayName$"
)
"""Fields that name a thing in full: `serviceFullName`; a component under its file (https://react-docgen.dev)."""
_KERNEL: Final = "kernelspec.display_name"
"""What a notebook's kernel is called: https://nbformat.readthedocs.io/en/latest/format_description.html#kernelspecs."""


def template(at: At) -> str:
    """Tell a value that is filled in later: ``{{ db_password }}``, ``${{ secrets.TOKEN }}``, ``${DB_USER}``."""
    low = max(0, at.one.start - _LINE_MOST)
    before = at.text.value[low : at.one.start]
    opened = max(before.rfind(mark) for mark in _OPENS)
    if opened < 0:
        return ""
    held = bytes(at.text.value[low + opened : at.one.end + _LINE_MOST])
    filled = _FILLED_IN.match(held)
    return _PLACEHOLDER if filled and low + opened + filled.end() > at.one.end else ""


_OPENS: Final = (b"{{", b"${", b"<%")
_LINE_MOST: Final = 96  # bytes
_NAMES: Final = r"[a-z_][a-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*|\['[a-z0-9_]+'\])*"
_FILLED_IN: Final = re2.compile(
    (
        r"\{\{-? ?(?:" + _NAMES + r")(?: ?\| ?[a-z_]+(?:\((?:[a-z_]*|'[a-z0-9_]*')\))?)* ?-?\}\}"
        r"|\$\{(?:" + _NAMES + r"|[A-Z_][A-Z0-9_]*)\}|<%= ?(?:" + _NAMES + r") ?%>"
    ).encode()
)
"""A name between the marks of a template, and what it goes through; no text of its own."""


def credential(at: At) -> str:
    """Tell a word that stands in the place of a user or a password, and what is sealed: `my_pass`, a vault's text."""
    if _SEALED.match(at.text.value[:_SEALED_MOST]) or _VAULT_LINE.search(at.text.value[:_VAULT_MOST]):
        return _PLACEHOLDER
    if at.value.endswith(b"[bot"):
        return _ROLE  # as GitHub calls programs: `dependabot[bot]`
    pieces = [piece for piece in _PIECES.split(at.value.decode("utf-8", "replace").lower()) if piece]
    if not pieces or len(at.value) > _WORDS_MOST:
        return ""
    if at.one.entity == "USERNAME" and not (at.is_code or at.is_document) and _GIVEN & set(pieces):
        return ""
    return _PLACEHOLDER if all(_stands_for(piece) for piece in pieces) else ""


def _stands_for(piece: str) -> bool:
    plain = piece.rstrip("0123456789")
    return plain in _CREDENTIAL_WORDS or plain in _WORDS_BESIDE


_PIECES: Final = re2.compile(r"[-_. ]+")
_SEALED: Final = re2.compile(rb"\s{0,8}(?:\$ANSIBLE_VAULT;[0-9.]+;|ENC\[AES256_GCM,data:)")
"""https://docs.ansible.com/ansible/latest/vault_guide/vault_using_encrypted_content.html, https://getsops.io/docs/."""
_SEALED_MOST: Final = 40  # bytes
_VAULT_LINE: Final = re2.compile(rb"^\s*(?:3[0-9]|6[1-6]|0a){16,}\s*$")
"""Hexadecimal digits in hexadecimal, as a vault's lines are."""
_VAULT_MOST: Final = 256  # bytes
_WORDS_MOST: Final = 32  # bytes of a name or a password that is nothing but words
_GIVEN: Final = words("john joe jo alice bob samuel scott jenkins")
_WORDS_BESIDE: Final = words(
    "my your some other the bogus valid invalid correct bad good fake example sample plaintext passphrase "
    "master adminuser masteruser always never on off create null none nil true false yes no omit required optional disabled "
    "enabled prompt"
)
"""Beside those for users and passwords, and what is said of them: `update_password: always`."""


def stock_name(at: At) -> str:
    """Tell half of a name that stands for anybody, in a program or its documents: the ``John`` beside a ``Doe``."""
    if not (at.is_code or at.is_document) or not _STOCK_FIRST.fullmatch(at.value):
        return ""
    return _PLACEHOLDER if _STOCK_LAST.search(at.text.value[at.one.end : at.one.end + _BESIDE]) else ""


def key(at: At) -> str:
    """Tell the first line of a key, with no key behind it."""
    begins = at.text.value[at.one.start + 10 : at.one.start + _KEY_MOST]
    cut = _KEY_CUT.search(begins)
    least = _RSA_LEAST if b" RSA " in at.value[:_KEY_HEAD] else _KEY_LEAST
    return "" if _KEY_BODY.search(begins) and not (cut and len(cut.group(1)) < least) else _PLACEHOLDER


def names_somebody(around: bytes) -> bool:
    """Whether a name of two words stands in quotes, and is not one that stands for anybody."""
    found = _TWO_NAMES.search(around.decode("utf-8", "replace"))
    return found is not None and not _NOBODYS_NAMES.search(found.group())
