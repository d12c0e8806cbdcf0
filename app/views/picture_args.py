"""The options of pictures in their URLs."""

from typing import Literal

from msgspec import Struct

from app.drawing.png import ThemeName
from app.drawing.poster import Format


class LookArgs(Struct):
    format: Format = "1200x630"
    theme: ThemeName = "light"
    lang: Literal["ko", "en"] | None = None
    """Language of the page with the link; programs that show links send none."""


class PeopleArgs(LookArgs):
    tz: str = ""
    """Time zone of its days (default: the chat's, otherwise UTC)."""
    names: Literal["names", "initials"] = "names"

    @property
    def has_names(self) -> bool:
        return self.names == "names"


class PictureArgs(PeopleArgs):
    words: Literal["", "1"] = ""

    @property
    def has_words(self) -> bool:
        return bool(self.words)
