"""What tests of mending share: people who are nobody, files of every format that hold them, and one mender."""

from ringfence.detect import Detection, detector_for
from ringfence.gates.git.mending import Mended, Mender
from ringfence.gates.git.model import Item, Origin
from ringfence.gates.git.rules import Rules
from ringfence.gates.git.scanning import Scanner
from ringfence.gates.git.standing_in import StandIns
from ringfence.transform.alike import Drawing

VALUES = (b"nadia.kerst", b"olav.brandvik", b"brieffalke", b"listolot", b"901820", b"1985-03-17")

FILES: dict[str, bytes] = {
    "app.py": b'MAIL = "nadia.kerst@brieffalke.de"\nif MAIL:  # +49 30 901820\n    print(f"{MAIL} olav.brandvik@listolot.pl")\n',
    "user.json": b'{"email" : "nadia.k\\u0065rst@brieffalke.de",\t"born": "1985-03-17", "n": 1.50, "x": "\\u00e4\\/"}',
    "keys.json": b'{"olav.brandvik@listolot.pl": {"a": 1}, "nadia.kerst@brieffalke.de": {"a": 2}}',
    "users.ndjson": b'{"email":"nadia.kerst@brieffalke.de"}\r\n{"email":"olav.brandvik@listolot.pl"}\r\n',
    "people.csv": 'name;email;geburtsdatum;note\r\n"J\xfcrgen ""J"" K.";nadia.kerst@brieffalke.de;17.03.1985;"a;b"\r\n'.encode(
        "latin-1"
    ),
    "wide.csv": "\ufeffid,email,phone\r\n1,nadia.kerst@brieffalke.de,+49 30 901820\r\n".encode("utf-16"),
    "marked.csv": "\ufeffemail,note\nnadia.kerst@brieffalke.de,für\n".encode(),
    "dump.sql": (
        b"COPY public.customer (id, note, email) FROM stdin;\n1\ta\\tb\tnadia.kerst@brieffalke.de\n\\.\n"
        b"INSERT INTO p (name, mail) VALUES ('O''Kerst', 'olav.brandvik@listolot.pl'), ('x', 'nadia.kerst@brieffalke.de');\n"
    ),
    "people.yaml": (
        b"people:\n  - email: 'nadia.kerst@brieffalke.de'  # hers\n    born: 1985-03-17\n"
        b'  - {email: "olav.brandvik\\u0040listolot.pl", tags: [a, b]}\n'
    ),
    "conf.toml": b'[a]\nemail = "nadia.kerst@brieffalke.de" # x\nborn = 1985-03-17\n',
    "page.xml": '<?xml version="1.0" encoding="ISO-8859-1"?>\n<p><m n="\xfc">nadia.kerst&#64;brieffalke.de</m></p>\n'.encode(
        "latin-1"
    ),
    "page.html": b'<a href="mailto:nadia.kerst@brieffalke.de">write &amp; call</a><!-- olav.brandvik@listolot.pl -->',
    "notes.md": b"Write to <nadia.kerst@brieffalke.de>, born 1985-03-17\r\nor call +49 30 901820.\r\n",
    ".env": b'export ADMIN_EMAIL=nadia.kerst@brieffalke.de\nPHONE="+49 30 901820"\n',
    "out.ipynb": (
        b'{"cells":[{"cell_type":"code","execution_count":1,"metadata":{},"outputs":[{"name":"stdout","output_type":"stream",'
        b'"text":["nadia.kerst@brieffalke.de\\n"]}],"source":["x"]}],"metadata":{},"nbformat":4,"nbformat_minor":5}'
    ),
    "app.js": b"const a = `to ${x} and nadia.kerst@brieffalke.de`; // +49 30 901820\n",
    "Main.java": b'class A { String m = "nadia.kerst@brieffalke.de"; /* olav.brandvik@listolot.pl */ }\n',
    "link.txt": b"GET /users?mail=nadia.kerst%40brieffalke.de&phone=%2B4930901820 HTTP/1.1\n",
}
"""Files of every format that is mended, each with people in it."""


def mender_of(key: bytes = b"a key of thirty-two bytes, or so") -> Mender:
    return Mender(Scanner(Rules()), StandIns(Drawing(key), detector_for(Detection())))


def mended(name: str, data: bytes, mender: Mender | None = None) -> Mended:
    return (mender or mender_of()).mend(Item(name, Origin.FILE, len(data)), data)


def outside(result: Mended) -> tuple[list[bytes], list[bytes]]:
    """Give what stands between the edits, before and after."""
    assert result.data is not None
    before, at = list[bytes](), 0
    for edit in result.edits:
        before.append(result.text[at : edit.start])
        at = edit.end
    before.append(result.text[at:])
    return before, [edit.made for edit in result.edits]
