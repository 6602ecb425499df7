"""Any bytes under any name: a reader of a text format ends, without an exception, and what it says of places is so.

The first byte of an input chooses the name, the rest is the file.
"""

from io import BytesIO

from ringfence.extract import Bounds, Budget, LeftOut, Source, Text, Unreadable, extract
from ringfence.extract.model import Fault
from ringfence.extract.places import Lines

FILES: dict[str, list[bytes]] = {
    "a.txt": [b"one\ntwo \xe9\nthree", b"\xff\xfea\x00\n\x00b\x00", b"\xef\xbb\xbfx\r\ny"],
    "a.py": [b"x = f'a{b}' + '''t\n''' # c\n\"\"\"d\"\"\"\n"],
    "a.ts": [b"let a = /['\"]x/, s = `a${b.map(x => `y${z}`)}c` /* k */ // l\n"],
    "a.rb": [b"x = <<~SQL\n  a\nSQL\nf 'b' # c\n=begin\nq\n=end\n"],
    "a.php": [b"<h1>a</h1><?php $b = <<<EOT\nx\nEOT;\n// z\n?> b"],
    "a.sh": [b"cat <<EOF\na\nEOF\necho 'x' \"y\" # c\n"],
    "a.lua": [b"x = [[a\nb]] --[[ c ]] -- d\n"],
    "Dockerfile": [b"FROM x\nENV A=b # c\nRUN echo 'a'\n"],
    "a.csv": [b'name;born\n"Bo ""x""\nb";2000-01-01\nC;5" pipe\n', b"a,b\r\n1,2\r\n,\n3\n"],
    "a.tsv": [b"a\tb\n1\t2\n"],
    "a.json": [
        b'{"a": [1, -2.5e3, true, null, {"b.c": "\\u00e9\\"x"}],\n "": "x", "a@b.example": {"n":[12,\n 13]}}',
        b"// c\n[1,]",
    ],
    "a.ndjson": [b'{"a":"x"}\n{"a":"broken\n{"a":"y","n":5}\n7\n'],
    "a.yaml": [
        b'# c\na: &x\n  - b: \'c\'\n    d: "e\\u00e9" # f\n  - [g, {h: i}]\nj: |\n  k\n\n  l\nm: {{ .n }}\n---\no: "p\n  q"\n'
    ],
    "a.toml": [b'a = "b" # c\n[d.e]\nf = [ "g",\n "h" ]\ni = { j = "k" }\nl = """m\nn"""\n[[o]]\np = \'q\'\n'],
    ".env": [b"# c\nexport A=b\nB='c' # d\nE = f \\\n g\n[h]\ni: j\nk\n"],
    "a.xml": [b'<?xml version="1.0"?><a b="c&#233;">d<!-- e --><![CDATA[f]]>\n<g/></a>'],
    "a.html": [b"<p id=a title='b'>c<b>d</b> &lt;\n<!-- e --><script>f()</script>"],
    "a.sql": [
        (
            b"CREATE TABLE t (\n a int,\n b text\n);\nCOPY t (a, b) FROM stdin;\n1\tx\\ty\n2\t\\N\n\\.\n"
            b"INSERT INTO t VALUES (1,'it''s'),(2,E'\\'');\nINSERT INTO t VALUES (3,'x');\nSELECT 'q'; -- c\n"
        ),
        b"-- MySQL dump\nINSERT INTO `t` (`a`,`b`) VALUES (now(),'a\\'b'),(2,NULL);\n",
    ],
    "a.ipynb": [
        (
            b'{"cells":[{"cell_type":"code","outputs":[{"data":{"text/html":["<b>a</b>\\n"],"text/plain":["b\\n",\n"c"]}}],'
            b'\n"source":["x = 1\\n",\n"y"]}],"metadata":{},"nbformat":4}'
        )
    ],
    "a.eml": [
        (
            b"From: =?utf-8?q?=C3=A9?= <a@b.example>\nSubject: c\n d\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\n"
            b'e\n--B\nContent-Type: text/html\n\n<p>f\n--B\nContent-Disposition: attachment; filename="g.csv"\n\nh,i\n'
            b"--B--\n\nFrom j\nk: l\n\nm"
        )
    ],
    "unknown": [b"#!/usr/bin/env python\nx = 'a'\n", b'{"a": 1}'],
}
NAMES = tuple(FILES)
SEEDS: list[bytes] = [bytes((number,)) + file for number, name in enumerate(NAMES) for file in FILES[name]]
MOST = 64  # times what goes in


def target(data: bytes) -> None:
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    look(name, data[1:])


def look(name: str, file: bytes) -> list[Text]:
    """Take a file apart, and check what is said of it; give its texts."""
    found: list[Text] = []
    size = 0
    for step in extract(Source(name, len(file), lambda: BytesIO(file)), Budget(Bounds(unpacked=1 << 22))):
        if isinstance(step, Unreadable):
            assert step.fault is not Fault.DAMAGED or step.members, f"what no reader foresaw: {step.what}"
        elif not isinstance(step, LeftOut):
            for text in step:
                size += len(text.value)
                assert size <= MOST * len(file) + 4096, "more comes out than can be in there"
                check(text, file)
                found.append(text)
    return found


def check(text: Text, file: bytes) -> None:
    """Check what a text says of its places and parts."""
    if not text.members:
        assert text.start < 0 or file.startswith(text.value, text.start), "a text does not stand where it says"
        assert 0 <= text.line <= file.count(b"\n") + 1, "a line that is not there"
        if text.start >= 0 and text.line and not file.startswith(b"\xef\xbb\xbf"):
            before = file[: text.start]
            assert text.line == before.count(b"\n") + 1, "another line than that of its first byte"
            assert text.column == text.start - before.rfind(b"\n"), "another column than that of its first byte"
        assert Lines(text).at(len(text.value)) >= (text.line, text.column if b"\n" not in text.value else 0)
    at = 0
    for part in text.parts() if text.parts is not None else ():
        assert at <= part.start < part.end <= len(text.value), "parts overlap, are empty or lie outside"
        at = part.end
