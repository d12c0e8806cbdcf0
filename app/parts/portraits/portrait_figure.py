"""What the figures of a room's portrait share."""

from collections.abc import Sequence
from typing import ClassVar, Final

from app.compute.portrait import PersonPortrait
from app.drawing.drawings import Bars, Columns, NameList
from app.services.rooms.sight import ChatSight
from app.views.figure import Finding
from app.views.rooms.overview_figures import ChatFigure, name_of

NOT_THERE: Final = "–"
OfPeople = Sequence[tuple[PersonPortrait, Columns | NameList]]
"""A drawing of each person of whom there is one."""


class PortraitFigure(ChatFigure["Bars | OfPeople"]):
    """A figure of a portrait: its rows and drawings are of the people there."""

    name: ClassVar[str]
    is_drawn: ClassVar[bool] = False
    """Whether the page draws the numbers; otherwise it shows them in rows."""

    def finding(self) -> Finding:
        return Finding()

    def plot(self) -> "Bars | OfPeople | None":
        return None

    def line_of(self, person: PersonPortrait) -> list[str]:
        """Return what a picture tells of a person, in parts of a line."""
        return []


def other_of(person: PersonPortrait, sight: ChatSight) -> str:
    """Return the name of the one other person in a chat of two; empty in any other chat."""
    beside = [group for group in sight.people if group is not person]
    return name_of(beside[0]) if sum(group.people for group in beside) == 1 else ""


def is_alone(sight: ChatSight) -> bool:
    """Return whether one person wrote all messages."""
    return sum(person.people for person in sight.people) == 1
