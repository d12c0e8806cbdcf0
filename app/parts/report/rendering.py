"""How a page becomes one file: style and script inside, and no link."""

import asyncio
import re
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment
from msgspec import Struct

from app.config import Locale
from app.errors import InvalidInputError
from app.language.i18n import speaking
from app.views.cast import Cast, bound
from app.views.page import WebPage, values_of
from app.views.self_contained import Inside, inside_of

MOST_BYTES: Final = 300_000
_HERE: Final = Path(__file__).parent
_STATIC: Final = _HERE.parents[1] / "static"
_LINK: Final = re.compile(r"</?a(?: [^<>]*)?>")
"""The beginning or end of a link; neither is ever in a text, where `<` is written otherwise."""


@cache
def inside() -> Inside:
    """Return the style and the script of each file."""
    style = _read(_STATIC / "style.css", _HERE / "report.css")
    return inside_of(style, _read(_STATIC / "values.js", _HERE / "report.js").strip())


def _read(*files: Path) -> str:
    return "".join(file.read_text("utf-8") for file in files)


class ReportFrame(Struct, frozen=True):
    """What surrounds every file."""

    title: str
    language: Locale
    told: str
    """The first sentence at the foot: what it is, and of which day."""
    command: str
    """The command that writes such a file."""


async def render_report(
    environment: Environment, page: WebPage, frame: ReportFrame, cast: Cast
) -> bytes:
    """Return the file. Raises InvalidInputError if it is too large to be sent."""
    with bound(cast), speaking(frame.language):
        shown = {**values_of(page), "frame": frame, "inside": inside(), "locale": frame.language}
        template = environment.get_template(page.template)
        html = await asyncio.to_thread(template.render, shown)
    file = _LINK.sub("", html).encode()
    if len(file) > MOST_BYTES:
        raise InvalidInputError(
            "The file would have {size} KB, and may have {most}; choose fewer messages",
            size=len(file) // 1_000,
            most=MOST_BYTES // 1_000,
        )
    return file
