"""The skeleton of a page, and its style: one for all pages.

The rule: the page's own policy for content (`Content-Security-Policy`) forbids every request, so that a mistake in a part
cannot make one. Colours keep a contrast of 4.5 to 1 or more in both schemes; print is black on white and breaks no row.
"""

from collections.abc import Iterable
from typing import Final

from ringfence.pages.parts import WIDE, Markup, escape

STYLE: Final = """
:root{color-scheme:light dark;--ground:#fff;--raised:#f4f6f8;--text:#1b2430;--soft:#52606f;--line:#cfd6de;--accent:#0b5cad;
--personal:#a3195b;--personal-ground:#fdeaf3;--scan:#7a4b00;--scan-ground:#fff3d6;--unknown:#5b3aa8;--unknown-ground:#f0ebfd;
--none:#3d5a45;--none-ground:#e9f4ec}
@media (prefers-color-scheme:dark){:root{--ground:#12171e;--raised:#1b222b;--text:#e8edf3;--soft:#a9b5c2;--line:#3a4552;
--accent:#7ab8ff;--personal:#ff9ccb;--personal-ground:#3d1229;--scan:#ffd27a;--scan-ground:#3a2a06;--unknown:#cdb9ff;
--unknown-ground:#2a1d4d;--none:#a9d8b5;--none-ground:#15301d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main,header,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem}footer{padding:2rem 1.25rem;color:var(--soft);font-size:.875rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.3rem;margin:2.25rem 0 .5rem}h3{font-size:1.05rem;margin:1.5rem 0 .4rem}
header p,figcaption{color:var(--soft);margin:.25rem 0}
a{color:var(--accent)}a:focus-visible,.scroll:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--ground);padding:.5rem}
dl{display:flex;flex-wrap:wrap;gap:.75rem 2rem;margin:1rem 0}dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-weight:600}
.scroll{overflow-x:auto;margin:.75rem 0 1.25rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}caption{text-align:left;color:var(--soft);padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom}tbody th{font-weight:600}
td,th,p,dd{overflow-wrap:break-word}dd,p,code{overflow-wrap:anywhere}
.badge{display:inline-block;padding:0 .45rem;border-radius:.3rem;border:1px solid currentColor;
font-size:.85rem;overflow-wrap:break-word}
.personal,.bad{color:var(--personal);background:var(--personal-ground)}.scan,.warned{color:var(--scan);background:var(--scan-ground)}
.unknown{color:var(--unknown);background:var(--unknown-ground)}.none,.good{color:var(--none);background:var(--none-ground)}
figure{margin:1rem 0;overflow-x:auto}svg{display:block}svg text{font:14px system-ui,sans-serif;fill:var(--text)}
svg .soft{fill:var(--soft);font-size:12px}
svg .head{font-weight:600}svg .zone{fill:var(--raised);stroke:var(--line)}
svg .outside{stroke-dasharray:6 4}svg .asset{fill:var(--ground);stroke:var(--accent)}
svg .flow{fill:none;stroke:var(--accent);stroke-width:2}
svg .observed{stroke-dasharray:7 5}svg .tip,svg .mark{fill:var(--accent)}
svg text.number{fill:var(--ground);font-size:12px;font-weight:600}
@media (max-width:40rem){body{font-size:15px}
thead{position:absolute;left:-99rem}table,tbody,tr,th,td{display:block}
tr{border-bottom:1px solid var(--line);padding:.5rem 0}th,td{border:0;padding:.1rem 0}
td[data-head]:not([data-head=""]):before{content:attr(data-head) ": ";color:var(--soft)}caption{display:block}}
@media print{svg{max-width:100%;height:auto}
:root{color-scheme:light;--ground:#fff;--raised:#fff;--text:#000;--soft:#333;--line:#999;--accent:#003a75;
--personal:#7a0f43;--personal-ground:#fff;--scan:#5c3800;--scan-ground:#fff;--unknown:#3d2580;--unknown-ground:#fff;--none:#24402c;
--none-ground:#fff}body{font-size:10pt}main,header,footer{max-width:none;padding:0}.scroll,figure{overflow:visible}
.scroll th,.scroll td{overflow-wrap:anywhere;min-width:5.5em}.scroll thead th{overflow-wrap:normal}
.wide tbody th{min-width:13em}.wide table{font-size:7pt}.wide th,.wide td{padding-right:.4rem}
tr,figure,h2,h3{break-inside:avoid}h2,h3,caption{break-after:avoid}thead{display:table-header-group}.skip{display:none}}
"""

_SIDEWAYS: Final = "@page{size:landscape;margin:12mm}"
"""For a page with a table that is too wide for a sheet upright: what is cut off at an edge is not printed at all."""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(
    title: str, sections: Iterable[Markup], *, lead: str = "", foot: str = "", language: str = "en", style: str = ""
) -> str:
    """Give a whole page: a heading, what it is about, its sections, and a last line; `style` is added to that of all pages."""
    heading = escape(title)
    body = "\n".join(sections)
    style = STYLE + style + (_SIDEWAYS if f'class="{WIDE}"' in body else "")
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="referrer" content="no-referrer">\n<title>{heading}</title>\n<style>{style}</style>\n</head>\n<body>\n'
        f'<a class="skip" href="#content">To the content</a>\n'
        f"<header><h1>{heading}</h1>{f'<p>{escape(lead)}</p>' if lead else ''}</header>\n"
        f'<main id="content">\n{body}\n</main>\n<footer>{escape(foot)}</footer>\n</body>\n</html>\n'
    )
