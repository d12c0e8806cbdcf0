"""The figures as a picture: requests for each second of processor time, a panel a workload.

The SVG is readable on light and dark pages.
"""

import statistics
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from benchmarks.report import COURSE, FASTAPI, NAIVE, OURS, WORKLOADS, Figures, best_flask, ratio_to

WIDTH: Final = 760
PANEL_WIDTH: Final = 370
BAR: Final = 18
GAP: Final = 6
TITLE: Final = 34
LABELS: Final = 92
NUMBERS: Final = 100
MARGIN: Final = 16
# The card has a ground of its own, so the text can be read whatever the page's colour is.
STYLE: Final = """
.card { fill: #ffffff; stroke: #d0d7de } .ours { fill: #0b6e4f } .other { fill: #8c959f }
text { fill: #1f2328; font: 13px system-ui, sans-serif } .title { font-weight: 600 }
@media (prefers-color-scheme: dark) {
  .card { fill: #161b22; stroke: #3d444d } .ours { fill: #3fb98b } .other { fill: #6e7681 }
  text { fill: #e6edf3 }
}
"""
SHORT: Final = {OURS: "saywho", FASTAPI: "FastAPI", NAIVE: "naive Quart", COURSE: "course's way"}


def plot(results: Mapping[str, Mapping[str, Figures]]) -> str:
    """Return a picture of requests a second, two workloads a row."""
    panels = [_panel(name, results[name]) for name in WORKLOADS if name in results]
    body: list[str] = []
    y = MARGIN
    for start in range(0, len(panels), 2):
        row = panels[start : start + 2]
        for column, (lines, _) in enumerate(row):
            body.append(f'<g transform="translate({MARGIN + column * PANEL_WIDTH} {y})">')
            body += [*lines, "</g>"]
        y += max(height for _, height in row) + MARGIN
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img"'
            f' aria-label="Requests for each second of processor time">',
            f"<style>{STYLE}</style>",
            f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{y - 1}" rx="8"/>',
            *body,
            "</svg>\n",
        )
    )


def _panel(name: str, found: Mapping[str, Figures]) -> tuple[Sequence[str], int]:
    """Return the elements of one workload, and their height."""
    flask = best_flask(found)
    shown = [each for each in (OURS, FASTAPI, NAIVE, flask) if each in found]
    values = [1e6 / max(statistics.median(found[each]["cpu_us"]), 1.0) for each in shown]
    room = PANEL_WIDTH - LABELS - NUMBERS - MARGIN
    lines = [f'<text class="title" y="16">{escape(WORKLOADS[name][0])}</text>']
    for row, (each, value) in enumerate(zip(shown, values, strict=True)):
        top = TITLE + row * (BAR + GAP)
        width = max(1.0, room * value / max(values))
        kind = "ours" if each == OURS else "other"
        times = "" if each == OURS else f" · 1/{ratio_to(found, each, 'cpu_us'):.1f}"
        lines += [
            f'<text x="0" y="{top + 13}">{escape(SHORT.get(each, "Flask"))}</text>',
            f'<rect class="{kind}" x="{LABELS}" y="{top}" width="{width:.1f}" height="{BAR}"/>',
            f'<text x="{LABELS + width + 6:.1f}" y="{top + 13}">{value:,.0f}{times}</text>',
        ]
    return lines, TITLE + len(shown) * (BAR + GAP)
