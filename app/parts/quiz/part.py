"""The part `quiz` of a site."""

from typing import Final

from app.language.i18n import gettext_noop
from app.part_list import MenuEntry, Part
from app.parts.quiz import pages
from app.parts.quiz.pages import read_teaser

PART: Final = Part(
    pages=(pages.blueprint,),
    pages_with=("pictures",),
    menu=(MenuEntry("quiz.show_quiz", gettext_noop("Quiz")),),
    cards=("home_side", "room_overview"),
    reads={"room_overview": read_teaser},
)
