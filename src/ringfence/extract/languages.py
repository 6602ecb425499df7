r"""Where programs hold data: strings and comments, by the lexical rules of each language.

The rule: a table says what opens a string or comment and how it goes on, and every rule goes on to its end or to the end of the
text, so that one pass over the text finds all of them in linear time. Where a language cannot be told without parsing it (a
regular expression or a division, ``<<`` as a shift or a heredoc), the rule errs to the side on which more is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Pieces of rules: each matches from its opening mark to its end, and to the end of line or text where there is none.
_HASH: Final = r"#[^\n]*"
_SLASHES: Final = r"//[^\n]*"
_BLOCK: Final = r"(?s:/\*.*?(?:\*/|\z))"
_DASHES: Final = r"--[^\n]*"
_DOUBLE: Final = r'"(?s:[^"\\\n]|\\.)*"?'
_SINGLE: Final = r"'(?s:[^'\\\n]|\\.)*'?"
_DOUBLE_LONG: Final = r'"(?s:[^"\\]|\\.)*"?'  # may go over lines
_SINGLE_LONG: Final = r"'(?s:[^'\\]|\\.)*'?"
_SINGLE_RAW: Final = r"'[^']*'?"
_DOUBLE_RAW: Final = r'"[^"]*"?'
_TRIPLE: Final = r'"""(?s:[^\\]|\\.)*?(?:"""|\z)'
_TRIPLE_SINGLE: Final = r"'''(?s:[^\\]|\\.)*?(?:'''|\z)"
_BACKTICK: Final = r"`[^`]*`?"
_CHARACTER: Final = r"'(?:[^'\\\n\x80-\xff]|[\x80-\xff]{2,4}|\\[^'\n]{1,10}|\\')'"
_CLASS: Final = r"\[(?:[^\]\\\n]|\\[^\n])*\]"
_REGEX: Final = (
    r"[(,=:\[!&|?{};+~^<>\n][ \t]*/(?:[^/\\\[\n*]|\\[^\n]|" + _CLASS + r")(?:[^/\\\[\n]|\\[^\n]|" + _CLASS + r")*/"
)
_RETURNED_REGEX: Final = r"\breturn[ \t]+/(?:[^/\\\n*]|\\[^\n])(?:[^/\\\n]|\\[^\n])*/"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a language spells comments and strings: patterns, tried in this order, comments first.

    `templates`: text between backticks with programs in it, ``${…}``, which have strings of their own. `heredocs`: text that a line
    opens (``<<NAME``) and the name ends. `outside`: what stands outside of ``<?`` and ``?>`` is text.
    """

    comments: tuple[str, ...]
    strings: tuple[str, ...]
    templates: bool = False
    heredocs: bool = False
    outside: bool = False


_C: Final = Rules((_SLASHES, _BLOCK), (_DOUBLE, _SINGLE))

LANGUAGES: Final[Mapping[str, tuple[str, Rules]]] = {
    "python": (
        "py pyi pyw pyx pxd pxi wsgi bzl star sage .wscript .snakefile .sconstruct .build .workspace",
        Rules((_HASH,), (_TRIPLE, _TRIPLE_SINGLE, _DOUBLE, _SINGLE)),
    ),
    "javascript": (
        "js jsx mjs cjs ts tsx mts cts es6 qml",
        Rules((_SLASHES, _BLOCK), (_RETURNED_REGEX, _REGEX, _DOUBLE, _SINGLE), templates=True),
    ),
    "java": (
        "java kt kts scala sc groovy gradle gvy swift dart cs csx vala .jenkinsfile",
        Rules((_SLASHES, _BLOCK), (_TRIPLE, _TRIPLE_SINGLE, r'@"(?:[^"]|"")*"?', _DOUBLE, _SINGLE)),
    ),
    "c": (
        "c h cc cpp cxx c++ hh hpp hxx inl ipp m mm cu cuh glsl hlsl proto thrift idl d zig v sv svh sol graphql gql",
        Rules((_SLASHES, _BLOCK), (r'R"\((?s:.*?)(?:\)"|\z)', _DOUBLE, _SINGLE)),
    ),
    "go": ("go", Rules((_SLASHES, _BLOCK), (_BACKTICK, _DOUBLE, _SINGLE))),
    "rust": (
        "rs ron",
        Rules(
            (_SLASHES, _BLOCK),
            (
                r'r##"(?s:.*?)(?:"##|\z)',
                r'r#"(?s:.*?)(?:"#|\z)',
                r'r"[^"]*"?',
                _DOUBLE_LONG,
                _CHARACTER,
            ),
        ),
    ),
    "ruby": (
        "rb rake gemspec ru erb podspec cr .gemfile .rakefile .podfile .vagrantfile .fastfile .guardfile .brewfile",
        Rules(
            (_HASH, r"\n=begin(?s:.*?)(?:\n=end|\z)"),
            (_DOUBLE_LONG, _SINGLE_LONG, _BACKTICK, r"%[qQwWiI](?:\([^)]*\)?|\[[^\]]*\]?|\{[^}]*\}?)", _REGEX),
            heredocs=True,
        ),
    ),
    "php": (
        "php php3 php4 php5 php7 phtml inc phpt",
        Rules(
            (_SLASHES, _BLOCK, r"#[^\[\n][^\n]*"), (_DOUBLE_LONG, _SINGLE_LONG, _BACKTICK), heredocs=True, outside=True
        ),
    ),
    "perl": (
        "pl pm t pod raku .makefile.pl",
        Rules(
            (_HASH, r"\n=[a-z](?s:.*?)(?:\n=cut|\z)", r"\n__(?:END|DATA)__\n(?s:.*)"),
            (_DOUBLE_LONG, _SINGLE_LONG, _BACKTICK, r"\bq[qw]?(?:\([^)]*\)?|\[[^\]]*\]?|\{[^}]*\}?|/[^/]*/?)"),
            heredocs=True,
        ),
    ),
    "shell": (
        "sh bash zsh ksh fish bats ebuild eclass command .bashrc .zshrc .profile .bash_profile .bash_history .envrc",
        Rules((r"(?:^|[ \t\n;])#[^\n]*",), (r"\\.", _DOUBLE_LONG, _SINGLE_RAW, _BACKTICK), heredocs=True),
    ),
    "powershell": (
        "ps1 psm1 psd1",
        Rules(
            (r"<#(?s:.*?)(?:#>|\z)", _HASH),
            (r'@"(?s:.*?)(?:\n"@|\z)', r"@'(?s:.*?)(?:\n'@|\z)", r'"(?:[^"`]|`(?s:.))*"?', _SINGLE_RAW),
        ),
    ),
    "lua": (
        "lua luau",
        Rules(
            (r"--\[\[(?s:.*?)(?:\]\]|\z)", r"--\[=\[(?s:.*?)(?:\]=\]|\z)", _DASHES),
            (r"\[\[(?s:.*?)(?:\]\]|\z)", r"\[=\[(?s:.*?)(?:\]=\]|\z)", _DOUBLE, _SINGLE),
        ),
    ),
    "r": ("r rmd rprofile jl .rprofile", Rules((_HASH,), (_TRIPLE, _DOUBLE_LONG, _SINGLE_LONG))),
    "haskell": (
        "hs lhs elm purs idr agda",
        Rules((r"\{-(?s:.*?)(?:-\}|\z)", _DASHES), (_TRIPLE, _DOUBLE, _CHARACTER)),
    ),
    "ml": ("ml mli fs fsi fsx sml", Rules((r"\(\*(?s:.*?)(?:\*\)|\z)", _SLASHES), (_TRIPLE, _DOUBLE_LONG, _CHARACTER))),
    "elixir": (
        "ex exs erl hrl eex heex leex",
        Rules((_HASH, r"%[^\n{}(\[]*\n"), (_TRIPLE, _TRIPLE_SINGLE, _DOUBLE_LONG, _SINGLE)),
    ),
    "lisp": (
        "lisp lsp cl el scm ss rkt clj cljs cljc edn",
        Rules((r";[^\n]*", r"#\|(?s:.*?)(?:\|#|\z)"), (_DOUBLE_LONG,)),
    ),
    "sql": ("sql", Rules((_DASHES, _BLOCK), (r"'(?:[^']|'')*'?", _DOUBLE_RAW))),
    "hash": (  # a dialect of settings, in which bare words are data, too
        (
            "mk mak cmake bazel nix tcl awk sed gp ninja pp just dockerfile .dockerfile .containerfile "
            ".makefile .gnumakefile .justfile .cmakelists.txt .procfile"
        ),
        Rules((_HASH,), (_DOUBLE_LONG, _SINGLE_LONG, r"[^\s\"'#][^\s\"']*")),
    ),
    "hcl": ("tf tfvars hcl nomad", Rules((_HASH, _SLASHES, _BLOCK), (_DOUBLE,), heredocs=True)),
    "css": ("css scss sass less styl", Rules((_BLOCK, _SLASHES), (_DOUBLE, _SINGLE))),
    "basic": ("vb vbs bas cls frm vba", Rules((r"'[^\n]*",), (_DOUBLE_RAW,))),
    "pascal": (
        "pas pp dpr ada adb ads f f90 f95 for cob cbl",
        Rules((r"\{[^}]*\}?", _SLASHES, _DASHES, r"![^\n]*"), (_SINGLE_RAW, _DOUBLE)),
    ),
    "batch": ("bat cmd", Rules((r"(?i)(?:^|\n)[ \t]*(?:rem\b|::)[^\n]*",), (_DOUBLE, r"[^\s\"][^\s\"]*"))),
    "matlab": ("matlab", Rules((r"%[^\n]*", _HASH), (_DOUBLE, _SINGLE))),
}
"""Each language's endings (those with a dot before them are whole names) and rules."""

BY_ENDING: Final[Mapping[str, str]] = {
    ending: language
    for language, (endings, _) in reversed(tuple(LANGUAGES.items()))
    for ending in endings.split()
    if not ending.startswith(".")
}
BY_NAME: Final[Mapping[str, str]] = {
    name: language
    for language, (endings, _) in LANGUAGES.items()
    for ending in endings.split()
    if ending.startswith(".")
    for name in (ending, ending[1:])
}
ENDINGS_OF_LANGUAGES: Final = tuple(ending for ending in BY_ENDING if ending != "sql")
NAMES_OF_LANGUAGES: Final = tuple(BY_NAME)
BY_INTERPRETER: Final[Mapping[bytes, str]] = {
    b"python": "python",
    b"node": "javascript",
    b"deno": "javascript",
    b"ruby": "ruby",
    b"perl": "perl",
    b"php": "php",
    b"lua": "lua",
    b"Rscript": "r",
    b"pwsh": "powershell",
    b"sh": "shell",
}


def language_of(name: str, head: bytes = b"") -> str:
    """Say in which language a program is, by its name, or by the line that says what runs it; "" where neither tells."""
    base = name.rpartition("/")[2].lower()
    found = BY_NAME.get(base) or BY_ENDING.get(base.rpartition(".")[2] if "." in base else "")
    if found:
        return found
    if base.startswith(("dockerfile", "makefile", "containerfile")):
        return "hash"
    first = head[:128].partition(b"\n")[0]
    if first.startswith(b"#!"):
        return next((language for mark, language in BY_INTERPRETER.items() if mark in first), "")
    return "php" if first.startswith(b"<?php") else ""
