"""The pages that ringfence writes (map, matrix, reports): one style, one skeleton, few parts.

The rule: a page is one file that asks for nothing: no script, no font, no picture from elsewhere, and it reads without a network,
light and dark, wide and narrow, on paper, by keyboard and by ear. Whatever text is handed in is escaped here; only `Markup` passes
as it is, and only this room and drawings make it.

>>> str(table("Fields", ("field", "category"), [("<b>", "none")])).count("&lt;b&gt;")
1
>>> page("A map", [section("Assets", [text("two & more")])]).count("two &amp; more")
1
"""

from ringfence.pages.parts import Markup, badge, drawn, escape, facts, figure, joined, listed, section, table, text
from ringfence.pages.skeleton import page

__all__ = [
    "Markup",
    "badge",
    "drawn",
    "escape",
    "facts",
    "figure",
    "joined",
    "listed",
    "page",
    "section",
    "table",
    "text",
]
