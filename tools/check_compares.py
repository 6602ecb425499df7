"""Refuse `==` and `!=` on secrets and digests: their time tells how much of a guess was right.

Compare with `hmac.compare_digest`. Looked at are names, attributes and calls whose name says what they hold: see `SECRET`. Hashes
that are public (a Merkle tree's) are named for what they are: `root`, `leaf`, `commitment`. Where a comparison of such a name
reveals nothing, the line says so: `# public: why`.
"""

import ast
import pathlib
import sys

SECRET = ("digest", "hmac", "signature", "secret", "password", "token_bytes", "key_bytes")


def name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case ast.Call(func=function):
            return name_of(function)
        case ast.Subscript(value=value):
            return name_of(value)
        case _:
            return ""


def compares(file: pathlib.Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        names = [name_of(side).lower() for side in (node.left, *node.comparators)]
        secret = next((name for name in names if any(name == word or name.endswith(f"_{word}") for word in SECRET)), "")
        if secret and "# public:" not in lines[node.lineno - 1]:
            found.append(f"{file}:{node.lineno}: {secret} is compared with ==: use hmac.compare_digest")
    return found


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    files = [pathlib.Path(name) for name in sys.argv[1:]] or sorted((root / "src").rglob("*.py"))
    found = [line for file in files for line in compares(file)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
