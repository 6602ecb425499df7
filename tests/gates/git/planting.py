"""Files with people in them, written by the libraries and programs that people write them with; one writer for each format.

The rule: a writer puts every field of every person that it is given into its file, in the words and under the names that such files
have, and nothing else that could be anybody's.
"""

import bz2
import csv
import gzip
import io
import json
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from html import escape
from xml.etree.ElementTree import Element, SubElement, tostring

from planted_people import Planted

People = Sequence[Planted]
_HEAD = ("full_name", "email", "phone", "birth_date", "card_number", "iban")


def rows(people: People) -> list[dict[str, str]]:
    """Give people as rows of one table: those who have no number of a state leave its column empty."""
    names = list(_HEAD)
    names += [name for name in dict.fromkeys(person.country.number[1] for person in people) if name not in names]
    return [{name: person.row().get(name, "") for name in names} for person in people]


_LABELS = {
    "DE_TAX_ID": "Steuer-ID",
    "FR_NIR": "numéro de sécurité sociale",
    "ES_NIF": "DNI",
    "IT_FISCAL_CODE": "codice fiscale",
    "PL_PESEL": "PESEL",
    "NL_BSN": "BSN",
    "BR_CPF": "CPF",
    "SE_PERSONNUMMER": "personnummer",
    "UK_NHS": "NHS number",
    "ABA_ROUTING_NUMBER": "routing number",
}


def told(person: Planted) -> list[str]:
    """Tell of a person in running text, a line for each of three things."""
    values = person.values
    return [
        f"Customer {values['full_name']} wrote from {values['email']}, phone {values['phone']}, born on {values['birth_date']}.",
        f"The refund went to IBAN {values['iban']} because the card {values['card_number']} had expired.",
        f"Proof of identity: {_LABELS[person.country.number[0]]} {values['national']}.",
    ]


def prose(people: People) -> str:
    return "\n\n".join("\n".join(told(person)) for person in people) + "\n"


def delimited(people: People, delimiter: str = ",") -> str:
    out = io.StringIO()
    table = rows(people)
    writer = csv.DictWriter(out, list(table[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def as_yaml(people: People) -> str:
    from ruamel.yaml import YAML

    out = io.StringIO()
    YAML(typ="safe").dump({"customers": [person.row() for person in people]}, out)
    return out.getvalue()


def as_toml(people: People) -> str:
    return "\n".join(
        "[[customer]]\n"
        + "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in person.row().items())
        for person in people
    )


def as_env(people: People) -> str:
    return "".join(
        f'CUSTOMER{person.number}_{name.upper()}="{value}"\n'
        for person in people
        for name, value in person.row().items()
    )


def as_ini(people: People) -> str:
    return "\n".join(
        f"[customer-{person.number}]\n" + "".join(f"{name} = {value}\n" for name, value in person.row().items())
        for person in people
    )


def as_xml(people: People) -> bytes:
    top = Element("customers")
    for person in people:
        one = SubElement(top, "customer")
        for name, value in person.row().items():
            SubElement(one, name).text = value
    return bytes(tostring(top, encoding="utf-8", xml_declaration=True))


def as_html(people: People) -> str:
    table = rows(people)
    head = "".join(f"<th>{name}</th>" for name in table[0])
    body = "\n".join("<tr>" + "".join(f"<td>{escape(value)}</td>" for value in row.values()) + "</tr>" for row in table)
    return f"<!doctype html><html><body><table><tr>{head}</tr>\n{body}</table></body></html>"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def inserts(people: People) -> str:
    table = rows(people)
    names = ", ".join(table[0])
    return "".join(
        f"INSERT INTO customer ({names}) VALUES ({', '.join(_quoted(value) for value in row.values())});\n"
        for row in table
    )


def mysql(people: People) -> str:
    table = rows(people)
    columns = ",\n".join(f"  `{name}` varchar(255) DEFAULT NULL" for name in table[0])
    values = ",".join(
        "(" + ",".join("'" + value.replace("'", "\\'") + "'" for value in row.values()) + ")" for row in table
    )
    return f"-- MySQL dump 10.13\nCREATE TABLE `customer` (\n{columns}\n) ENGINE=InnoDB;\nINSERT INTO `customer` VALUES {values};\n"


def copied(people: People) -> str:
    table = rows(people)
    body = "".join("\t".join(row.values()) + "\n" for row in table)
    return (
        f"--\n-- PostgreSQL database dump\n--\n\nCOPY public.customer ({', '.join(table[0])}) FROM stdin;\n{body}\\.\n"
    )


def python(people: People) -> str:
    return "CUSTOMERS = [\n" + "".join(f"    {person.row()!r},\n" for person in people) + "]\n"


def commented(people: People, mark: str) -> str:
    return "".join(f"{mark} {line}\n" for person in people for line in told(person)) + "\n"


def script(people: People) -> str:
    said = json.dumps([person.row() for person in people], ensure_ascii=False, indent=2)
    return f"export const customers = {said};\n"


def golang(people: People) -> str:
    return (
        "package fixtures\n\nvar Customers = []Customer{\n"
        + "".join(
            "\t{"
            + ", ".join(
                f"{name.title().replace('_', '')}: {json.dumps(value, ensure_ascii=False)}"
                for name, value in person.row().items()
            )
            + "},\n"
            for person in people
        )
        + "}\n"
    )


def java(people: People) -> str:
    lines = "".join(
        f"        customer.set{name.title().replace('_', '')}({json.dumps(value, ensure_ascii=False)});\n"
        for person in people
        for name, value in person.row().items()
    )
    return f"class Fixtures {{\n    void fill(Customer customer) {{\n{lines}    }}\n}}\n"


def seeds(people: People) -> str:
    return "".join(
        "Customer.create!("
        + ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in person.row().items())
        + ")\n"
        for person in people
    )


def bars(people: People, before: str = "", under: str = "") -> str:
    table = rows(people)
    head = [dict(zip(table[0], table[0], strict=True))]
    return before + "\n".join(
        "| " + " | ".join(row.values()) + " |" + (under if row in head else "") for row in [*head, *table]
    )


def columns(people: People) -> str:
    table = rows(people)
    head = dict(zip(table[0], table[0], strict=True))
    widths = {name: max(len(row[name]) for row in (head, *table)) + 2 for name in head}
    return "\n".join("".join(value.ljust(widths[name]) for name, value in row.items()) for row in (head, *table))


def notebook(people: People) -> str:
    half = len(people) // 2
    table = rows(people[half:])
    output = "\n".join("  ".join(row.values()) for row in [dict(zip(table[0], table[0], strict=True)), *table])
    page = as_html(people[half:])
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": ["# Customers\n", "\n", *(line + "\n" for p in people[:half] for line in told(p))],
        },
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {},
            "source": ["df.head()"],
            "outputs": [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {
                        "text/plain": output.splitlines(keepends=True),
                        "text/html": page.splitlines(keepends=True),
                    },
                }
            ],
        },
    ]
    return json.dumps(
        {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    )


def log(people: People) -> str:
    return "".join(
        f"2031-05-0{1 + at % 9}T10:00:0{at % 10}Z INFO checkout: {line}\n"
        for person in people
        for at, line in enumerate(told(person))
    )


def letter(people: People, coding: str = "quoted-printable") -> bytes:
    message = EmailMessage()
    message["Subject"] = "Refunds"
    message["From"], message["To"] = "shop@example.com", "office@example.com"
    message.set_content(prose(people), cte=coding)
    message.add_attachment(delimited(people).encode(), maintype="text", subtype="csv", filename="customers.csv")
    return bytes(message)


def sqlite(people: People) -> bytes:
    table = rows(people)
    connection = sqlite3.connect(":memory:")
    connection.execute(f"create table customer ({', '.join(name + ' text' for name in table[0])})")
    connection.executemany(
        f"insert into customer values ({', '.join('?' for _ in table[0])})", [tuple(row.values()) for row in table]
    )
    connection.commit()
    return bytes(connection.serialize())


def parquet(people: People) -> bytes:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    out = io.BytesIO()
    write_table(pa.Table.from_pylist(rows(people)), out)
    return out.getvalue()


def docx(people: People) -> bytes:
    from docx import Document

    document = Document()
    for person in people:
        for line in told(person):
            document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx(people: People) -> bytes:
    from openpyxl import Workbook

    book, table = Workbook(), rows(people)
    sheet = book.active
    assert sheet is not None
    sheet.append(list(table[0]))
    for row in table:
        sheet.append(list(row.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pptx(people: People) -> bytes:
    from pptx import Presentation

    show = Presentation()
    for person in people:
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.placeholders[1].text_frame.text = "\n".join(told(person))
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def odt(people: People) -> bytes:
    from odf.opendocument import OpenDocumentText
    from odf.text import P

    document = OpenDocumentText()
    for person in people:
        for line in told(person):
            document.text.addElement(P(text=line))
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def pdf(people: People) -> bytes:
    from fpdf import FPDF

    document = FPDF()
    document.set_font("helvetica", size=9)
    for person in people:
        document.add_page()
        for line in told(person):
            document.multi_cell(
                0, 5, line.encode("latin-1", "replace").decode("latin-1"), new_x="LMARGIN", new_y="NEXT"
            )
    return bytes(document.output())


def picture(people: People) -> bytes:
    from PIL import Image

    image = Image.new("RGB", (8, 8))
    exif = image.getexif()
    exif[0x10E] = prose(people)
    out = io.BytesIO()
    image.save(out, "jpeg", exif=exif)
    return out.getvalue()


def zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _text(write: Callable[[People], str], encoding: str = "utf-8") -> Callable[[People], bytes]:
    return lambda people: write(people).encode(encoding, "replace")


CARRIERS: Mapping[str, Callable[[People], bytes]] = {
    "customers.csv": _text(delimited),
    "customers-semicolon.csv": _text(lambda people: delimited(people, ";")),
    "customers.tsv": _text(lambda people: delimited(people, "\t")),
    "customers.ndjson": _text(lambda people: "".join(json.dumps(person.row()) + "\n" for person in people)),
    "customers.json": _text(lambda people: json.dumps({"customers": [person.row() for person in people]}, indent=1)),
    "customers.yaml": _text(as_yaml),
    "customers.toml": _text(as_toml),
    ".env": _text(as_env),
    "customers.ini": _text(as_ini),
    "customers.xml": as_xml,
    "customers.html": _text(as_html),
    "inserts.sql": _text(inserts),
    "mysql.sql": _text(mysql),
    "dump.sql": _text(copied),
    "fixtures.py": _text(python),
    "comments.py": _text(lambda people: commented(people, "#")),
    "fixtures.js": _text(script),
    "comments.ts": _text(lambda people: commented(people, "//")),
    "fixtures.go": _text(golang),
    "Fixtures.java": _text(java),
    "analysis.ipynb": _text(notebook),
    "seeds.rb": _text(seeds),
    "notes.md": _text(prose),
    "people.md": _text(lambda people: bars(people, "# Testers\n\n", "\n" + "|---" * len(rows(people)[0]) + "|")),
    "sign_up.feature": _text(lambda people: bars(people, "Feature: Sign up\n  Scenario: many\n    Given people\n")),
    "report.txt": _text(columns),
    "service.log": _text(log),
    "letter.eml": letter,
    "coded.eml": lambda people: letter(people, "base64"),
    "shop.sqlite": sqlite,
    "customers.parquet": parquet,
    "letter.docx": docx,
    "customers.xlsx": xlsx,
    "talk.pptx": pptx,
    "letter.odt": odt,
    "letter.pdf": pdf,
    "photo.jpg": picture,
    "backup.zip": lambda people: zipped({"data/customers.csv": delimited(people).encode()}),
    "backup.tar.gz": lambda people: tarred(
        {"data/customers.json": json.dumps([person.row() for person in people]).encode()}
    ),
    "nested.zip": lambda people: zipped(
        {"inner.tar.gz": tarred({"a/b.csv.bz2": bz2.compress(delimited(people).encode())})}
    ),
    "customers.csv.gz": lambda people: gzip.compress(delimited(people).encode()),
    "utf16.csv": _text(delimited, "utf-16"),
    "latin1.txt": _text(prose, "latin-1"),
}
"""Each carrier's file name, and what writes it."""

IN_PROSE = (
    *("comments.py", "comments.ts", "notes.md", "service.log", "letter.docx", "talk.pptx", "letter.odt", "letter.pdf"),
    *("photo.jpg", "latin1.txt"),
)
"""Where names stand in running text, not under a name of a column."""
