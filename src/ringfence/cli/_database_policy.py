"""The policy that `ringfence init --pg` writes for a database: from its map, complete, and made to be read.

The rule: whatever is shown to somebody stands in a table here, by category; what no row names, and what is sensitive, is redacted.
Nothing of the address that could be a secret is written: no user, no password.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.atlas import MAP_FILE, AssetMap
from ringfence.taxonomy import CATEGORIES, is_within
from ringfence.taxonomy.model import Sensitivity

READER: Final = "support"
WRITER: Final = "privacy"
ROLES: Final = (READER, WRITER)

_FORMS: Final = {
    "mail-domain": "{transform: mask, keep_first: 1, keep_domain: true}   # a*******@example.com",
    "last4": "{transform: mask, keep_last: 4}",
    "network": "{transform: truncate}                               # of an IP address its /24, or /48",
    "decade": "{transform: bucket, unit: decade}",
}
"""Forms beside those that every policy has, each as it is written."""

_CLEAR, _REDACT = "clear", "redact"


@dataclass(frozen=True, slots=True)
class _Row:
    """What a category is shown as: to everybody, to the writing role, and why so."""

    category: str
    all: str
    writer: str
    why: str = ""


_ROWS: Final = (
    _Row("user.unique_id", _CLEAR, _CLEAR, "keys: rows are joined by them"),
    _Row("user.name", _CLEAR, _CLEAR, "who is spoken with"),
    _Row("user.contact.email", "mail-domain", _CLEAR),
    _Row("user.contact.phone_number", "last4", _CLEAR),
    _Row("user.contact.fax_number", "last4", _CLEAR),
    _Row("user.contact.address.city", _CLEAR, _CLEAR, "says little of a person by itself"),
    _Row("user.contact.address.state", _CLEAR, _CLEAR),
    _Row("user.contact.address.country", _CLEAR, _CLEAR),
    _Row("user.device.ip_address", "network", "network"),
    _Row("user.demographic.date_of_birth", "decade", _CLEAR),
    _Row("user.financial.credit_card", "last4", "last4", "nobody needs the whole number"),
    _Row("user.financial.credit_card.expiration_date", _REDACT, _REDACT),
    _Row("user.financial.credit_card.verification", _REDACT, _REDACT),
    _Row("user.financial.bank_account", "last4", "last4"),
)
"""The first cut, for a team to change. Sensitive categories that are not here go to nobody, the others to the writing role."""

_VIEW: Final = "view"
"""Tables of this kind are not counted: the gate judges a view's columns by those that they are made from."""

_TOGETHER: Final = "user.financial.credit_card"  # what stands under it is never shown as it is


def database_policy(found: AssetMap, accounts: "Sequence[Account]") -> str:
    """Write the policy of a mapped database."""
    categories = sorted({one.judgement for one in found.fields if one.is_personal})
    rows = [*_rows(categories)]
    unknown = sum(one.judgement == "unknown" for table in found.tables if table.kind != _VIEW for one in table.fields)
    return "\n".join(
        (
            *_head(unknown),
            *_where(found),
            *_who(accounts),
            *_gate(found, accounts),
            *_forms(rows),
            *_flows(found, rows, categories),
            *_assertions(categories, rows),
            "",
        )
    )


@dataclass(frozen=True, slots=True)
class Account:
    """A login of the database that a role has through the gate, the variable that says where its password is, and the file."""

    role: str
    user: str
    variable: str
    secret: str
    writes: bool


def variable_of(asset: str, what: str) -> str:
    """Name a variable of the environment.

    >>> variable_of("shop-db", "DSN")
    'SHOP_DB_DSN'
    """
    plain = "".join(character if character.isalnum() else "_" for character in asset.upper())
    return f"{plain}_{what}"


def _head(unknown: int) -> Iterator[str]:
    yield "# Who may see what of this database, through the gate. Written by `ringfence init --pg`, and yours from now on."
    yield "# `ringfence policy lint` checks it, `ringfence policy show` resolves it, `ringfence map` keeps the map up to date."
    yield "version: 1"
    yield f"include: [{MAP_FILE}]                # what each column holds"
    if unknown:
        columns = "column is" if unknown == 1 else "columns are"
        yield f"# {unknown} {columns} unknown there, and refused once flows enforce: `ringfence map accept COLUMN --as none`"


def _where(found: AssetMap) -> Iterator[str]:
    yield ""
    yield "# A zone is a trust domain. Everything stands in one, and nothing personal goes to another without a flow."
    yield "zones:"
    yield f"  {found.zone + ':':<9}{{label: high sensitivity}}"
    yield "  staff:   {label: internal processing}"
    yield "  outside: {label: public, controlled: false}"
    yield ""
    yield "assets:"
    yield f"  {found.asset}:"
    yield f"    zone: {found.zone}"
    yield "    kind: postgres"
    address = found.at.replace("\\", "\\\\").replace('"', '\\"')
    yield "    # Elsewhere another address: set the variable. It needs no user and no password: the gate logs in by role."
    yield f'    at: "${{{variable_of(found.asset, "DSN")}:-{address}}}"'
    yield "  exports: {zone: outside, kind: file}  # where a file or program would take data to: no flow leads there"


def _who(accounts: "Sequence[Account]") -> Iterator[str]:
    yield ""
    yield "# A user has the roles of the groups that he is in: `ringfence user add NAME --group support`."
    yield "roles:"
    for one in accounts:
        needs = ", needs: [reason]" if one.writes else ""
        why = "   # answers people who ask what is known of them; says why, each time" if one.writes else ""
        yield f"  {one.role}: {{group: {one.role}{needs}}}{why}"
    yield ""
    yield "principals:"
    yield '  users: {scram: "file:users.scram", zone: staff}'


def _gate(found: AssetMap, accounts: "Sequence[Account]") -> Iterator[str]:
    yield ""
    yield "gates:"
    yield "  pg:"
    yield "    kind: postgres"
    yield f'    listen: "${{{variable_of(found.asset, "LISTEN")}:-127.0.0.1:6432}}"'
    yield f"    upstream: {found.asset}"
    yield "    logins:                             # one account per role, with its own grants: the database still decides as well"
    for one in accounts:
        yield f'      {one.role}: {{user: {one.user}, secret: "${{{one.variable}:-file:{one.secret}}}"}}'
    yield f"      # elsewhere: {accounts[0].variable}=env:NAME takes a password from the environment"


def _forms(rows: Iterable[_Row]) -> Iterator[str]:
    used = {form for row in rows for form in (row.all, row.writer)}
    forms = {name: spelt for name, spelt in _FORMS.items() if name in used}
    if forms:
        yield ""
        yield "# The forms in which personal data may appear elsewhere, beside clear and redact."
        yield "forms:"
        yield from (f"  {name + ':':<13}{spelt}" for name, spelt in forms.items())


def _flows(found: AssetMap, rows: Sequence[_Row], categories: Sequence[str]) -> Iterator[str]:
    yield ""
    yield "flows:"
    yield "  - id: staff-reads"
    yield f"    from: {found.asset}"
    yield "    to: staff"
    yield "    via: {gate: pg}"
    yield "    mode: observe                       # everything passes, and the ledger says what would not have. Look at it with"
    yield "                                        # `ringfence report observe`, then: `ringfence enforce staff-reads`"
    if rows:
        yield "    carry:"
        yield from map(_carried, rows)
    withheld = [one for one in categories if not any(is_within(one, row.category) for row in rows)]
    yield "    else: redact                        # whatever else is declared or found" + (":" if withheld else "")
    yield from (f"                                        #   {one}" for one in withheld)
    yield "    unknown: deny                       # a column that nobody has judged"
    if "user.contact.email" in categories:
        yield "    predicates: {user.contact.email: {equality: 50, per: 1h}}   # somebody on the telephone can be looked up"
    yield ""
    yield "  - id: staff-writes                    # the other direction: what may be written there"
    yield "    from: staff"
    yield f"    to: {found.asset}"
    yield "    via: {gate: pg}"
    yield "    mode: observe"
    writable = [row.category for row in rows if _CLEAR in (row.all, row.writer)]
    if writable:
        yield "    carry:"
        yield from (f"      {category}: clear" for category in writable)
    yield "    else: deny"


def _carried(row: _Row) -> str:
    if row.all == row.writer:
        form = row.all
    else:
        more = f", {{form: {row.all}}}" if row.all else ""
        form = f"[{{role: {WRITER}, form: {row.writer}}}{more}]"
    line = f"      {row.category}: {form}"
    return f"{line:<40}# {row.why}" if row.why else line


def _rows(categories: Sequence[str]) -> Iterator[_Row]:
    """Give what is carried of the categories that were found."""
    for row in _ROWS:
        under_found = any(is_within(row.category, _TOGETHER) and is_within(one, _TOGETHER) for one in categories)
        if under_found or any(is_within(one, row.category) for one in categories):
            yield row
    for one in categories:
        if not any(is_within(one, row.category) for row in _ROWS) and not _is_sensitive(one):
            yield _Row(one, "", _CLEAR)


def _is_sensitive(category: str) -> bool:
    """Whether a category, or a part of it, opens the way to fraud or is what laws name as special."""
    return any(
        info.sensitivity is Sensitivity.HIGH and (is_within(path, category) or is_within(category, path))
        for path, info in CATEGORIES.items()
    )


def _assertions(categories: Sequence[str], rows: Sequence[_Row]) -> Iterator[str]:
    personal = dict.fromkeys(".".join(one.split(".")[:2]) for one in categories or ("user.contact",))
    yield ""
    yield "# What must never come to be, over any number of flows. `ringfence policy lint` fails where it could."
    yield "assert:"
    for one in personal:
        yield f"  - never: {{category: {one}, form: clear, zones: [outside]}}"
    yield "  # A flow that observes lets everything pass. Once staff-reads enforces, these hold as well: take the signs away."
    for one in _worst(categories, rows):
        yield f"  # - never: {{category: {one}, form: clear, zones: [staff]}}"


def _worst(categories: Sequence[str], rows: Sequence[_Row]) -> Iterator[str]:
    """Give what staff never sees as it is: sensitive branches, where all of a branch is, else the categories themselves."""
    told = [row.category for row in rows if _CLEAR in (row.all, row.writer)]
    shown = len(told)
    for one in (_TOGETHER, "user.authorization", *filter(_is_sensitive, categories)):
        branch = ".".join(one.split(".")[:2])
        broad = branch if CATEGORIES[branch].sensitivity is Sensitivity.HIGH else one
        if not any(is_within(broad, known) for known in told) and not any(
            is_within(known, broad) for known in told[:shown]
        ):
            told.append(broad)
    yield from told[shown:]
