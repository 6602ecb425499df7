"""Scans to be written out: one as they are, one as hostile as names can be, one that is large. All values are synthetic."""

from collections.abc import Iterator
from io import StringIO

from ringfence.detect import Detector
from ringfence.extract.model import Fault, Why
from ringfence.gates.git.model import Failed, Found, Item, Origin, Passed, Scanned, Standing
from ringfence.report.scan_outputs import OUTPUTS, write_scan
from ringfence.report.scan_summary import About, Asked, Summary

ABOUT = About(
    version="0.1.0",
    what="the index",
    flow="push",
    policy="5c" * 32,
    repository="https://deploy:geheim@git.example.com/shop/shop.git",
    revision="0123456789abcdef0123456789abcdef01234567",
    branch="main",
)

EMAIL = "anna.meier@firma-meier.de"
IBAN = "DE02120300000000202051"
PHONE = "+49 30 75438121"
PLANTED = (EMAIL, IBAN, PHONE, "jan.peters@stadtwerke-bonn.de")
"""Values that stand in names, fields and notes of the hostile scan."""

DETECTOR = Detector()
NOTHING_MORE = Asked()
NAMES = tuple(OUTPUTS)


def found(
    file: str = "tests/fixtures/people.csv", line: int = 3, standing: Standing = Standing.REFUSED, **more
) -> Found:
    """Make a finding."""
    told = {
        "entity": "EMAIL_ADDRESS",
        "category": "user.contact.email",
        "score": 0.95,
        "evidence": ("pattern:email", "field:email"),
        "rule": "flows.push.else" if standing is Standing.REFUSED else "",
        "column": 7,
        "end_line": line,
        "end_column": 32,
        "shape": "xxxx.xxxxx@xxxxx-xxxxx.xx",
    }
    return Found(file=file, line=line, standing=standing, **(told | more))


def item(file: str, *of: Found, size: int = 1200, origin: Origin = Origin.INDEX, **more) -> Scanned:
    """Make what became of an item."""
    return Scanned(Item(file, origin, size), found=of, size=size, **more)


def usual() -> list[Scanned]:
    """Give a scan as there are many."""
    inside = {"line": 0, "column": 0, "end_line": 0, "end_column": 0}
    people = "tests/fixtures/people.csv"
    dump = "db/seed.tar.gz"
    return [
        item("src/app.py"),
        item(
            people,
            *(
                found(people, line, field="email", digest=f"{line:032x}", start=40 * line, end=40 * line + 25)
                for line in range(2, 12)
            ),
            found(
                people,
                4,
                entity="IBAN",
                category="user.financial.bank_account",
                evidence=("pattern:iban", "checksum:mod97"),
                score=1.0,
                field="iban",
                shape="xx99999999999999999999",
                column=40,
                units=38,
                end_units=60,
            ),
        ),
        item(
            dump,
            found(
                dump,
                88,
                members=("seed.sql",),
                field="public.patient.email",
                where="COPY public.patient",
            ),
            found(
                dump,
                members=("büro.zip", "Kunden 2024.xlsx"),
                where="sheet Kunden",
                field="Telefon",
                entity="PHONE_NUMBER",
                category="user.contact.phone_number",
                shape="+99 99 99999999",
                evidence=("pattern:phone",),
                score=0.7,
                **inside,
            ),
            passed=(Passed(dump, Why.BINARY, ("logo.bin",)),),
            failed=(
                Failed(
                    dump, Fault.ENCRYPTED, "the archive is encrypted", "decrypt it, and scan it again", ("alt.zip",)
                ),
            ),
        ),
        item(
            "docs/mails.md",
            found("docs/mails.md", 12, Standing.NOTED, why="known:documentation", shape="xxx@xxxxxxx.xxx"),
            found("docs/mails.md", 15, Standing.ALLOWED, why="inline", shape="xxx@xxxxx.xx"),
            found("docs/mails.md", 16, Standing.ALLOWED, why="baseline", shape="xxx@xxxxx.xx"),
            found("docs/mails.md", 17, Standing.CARRIED, rule="flows.push.carry[user.contact.email][0]"),
        ),
        item(
            "static/app.min.js", passed=(Passed("static/app.min.js", Why.MINIFIED, note="one line of 1.2 MB"),), size=0
        ),
        item("data/broken.json", failed=(Failed("data/broken.json", Fault.DAMAGED, "no JSON", "", (), 7),)),
        item(
            "commit 0123456789ab",
            found(
                "commit 0123456789ab", 3, commit="0123456789abcdef0123456789abcdef01234567", evidence=("pattern:email",)
            ),
            origin=Origin.COMMIT,
        ),
    ]


HOSTILE = (
    f"exports/{EMAIL}.csv",
    f"exports/{EMAIL}.tar.gz",
    f"{IBAN}.pdf",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "two\nlines\r.txt",
    "\x1b[2J\x1b]0;title\x07.txt",
    "\u202egpj.exe",
    "f\udcfcr.txt",
    "<script>alert(1)</script>.html",
    "a&b\"c'd.xml",
    "\x00\x0b\ufffe\uffff.bin",
    "100% sure?#a b.txt",
    "C:\\Users\\x.txt",
    "/etc/absolute.txt",
    "../outside.txt",
    "[bold]markup[/bold].txt",
    "x" * 4000 + ".txt",
    "日本語/ファイル.csv",
)


def hostile() -> list[Scanned]:
    """Give a scan whose names mean harm, or are personal data themselves."""
    scans = [
        item(
            name,
            found(
                name, field=f"row[{EMAIL}].mail", where=f"sheet {PHONE}", members=(f"{EMAIL}.zip", name), shape="=9+9"
            ),
            found(name, 9, Standing.NOTED, why="known:documentation\n\x1b[0m"),
            passed=(Passed(name, Why.LINK, note=f"leads to {EMAIL}"),),
            failed=(Failed(name, Fault.DAMAGED, f"bad name {name}", "ask jan.peters@stadtwerke-bonn.de", (name,), 3),),
        )
        for name in HOSTILE
    ]
    return [*scans, item("(standard input)", found("(standard input)", 1), origin=Origin.INPUT)]


def many(number: int) -> Iterator[Scanned]:
    """Give a scan with so many findings, in files of twenty-five."""
    kinds = (
        ("EMAIL_ADDRESS", "user.contact.email"),
        ("IBAN", "user.financial.bank_account"),
        ("PERSON", "user.name"),
        ("DE_PLZ", "user.contact.address.postal_code"),
    )
    for first in range(0, number, 25):
        file = f"services/team{first % 7}/fixtures/{first // 25:05}.json"
        of = []
        for at in range(first, min(first + 25, number)):
            entity, category = kinds[at % 4]
            standing = Standing.NOTED if at % 5 == 4 else Standing.REFUSED
            of.append(
                found(file, at - first + 1, standing, entity=entity, category=category, score=0.5 + at % 50 / 100)
            )
        yield item(file, *of)


def written(name: str, scanned, asked: Asked = NOTHING_MORE, about: About = ABOUT) -> str:
    """Write a scan, and give what was written."""
    ticks = iter(range(10_000_000))
    out = StringIO()
    write_scan(name, scanned, Summary(about, clock=lambda: next(ticks) / 8), out, asked, DETECTOR)
    return out.getvalue()
