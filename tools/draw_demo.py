"""Draw the pictures of the documentation: run the demo as on a terminal, and keep what some of its scenes show.

The rule: a picture is what the demo really printed. No two runs are the same (times, ids, keys), so nothing checks that a picture
is the newest; a test holds its scenes to those that the demo has.

    python tools/draw_demo.py
"""

import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from ringfence.demo.performance import show
from ringfence.demo.place import Place
from ringfence.demo.scenes import SCENES, Scene
from ringfence.demo.screen import Screen
from ringfence.demo.stage import Stage

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDTH = 108  # columns: both sides of the boundary stand one below the other, large enough to read in a page

PICTURES = {  # file -> the scenes of the demo that it shows
    "demo.svg": ("Both sides of the boundary", "A refused crossing"),
    "demo-account.svg": ("What arrived",),
    "demo-database.svg": ("Observed first, then enforced",),
    "demo-matrix.svg": ("The leak matrix",),
    "demo-http.svg": ("Endpoints", "A language model, told nothing"),
    "demo-code.svg": ("A commit with people in it", "What history keeps"),
}


FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own frame, without the fonts that it would fetch from elsewhere."""


def draw() -> None:
    """Run the demo as on a terminal, and keep what some of its scenes show."""
    console = Console(
        record=True,
        force_terminal=True,
        color_system="truecolor",
        width=WIDTH,
        file=io.StringIO(),
        emoji=False,
        highlight=False,
    )
    shown: dict[str, str] = {}

    def kept(scene: Scene) -> Scene:
        def run(stage: Stage, screen: Screen) -> bool:
            held = scene.show(stage, screen)
            last = next((file for file, titles in PICTURES.items() if scene.title == titles[-1]), None)
            if last is not None:
                shown[last] = console.export_svg(title="ringfence demo --once", code_format=FRAME, unique_id="demo")
            elif not any(scene.title in titles for titles in PICTURES.values()):
                console.export_text(clear=True)
            return held

        return Scene(scene.title, scene.text, run)

    with TemporaryDirectory(prefix="ringfence-picture-") as folder:
        held = show(Place(Path(folder).resolve()), Screen(console), scenes=[kept(scene) for scene in SCENES])
    if not held:
        sys.exit(
            "the demo did not hold, so no picture was drawn\n  run `ringfence demo --once` and see which step failed"
        )
    for file, picture in shown.items():
        (IMAGES / file).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    draw()
