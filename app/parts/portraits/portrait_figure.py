"""What the figures of a room's portrait share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from quart import url_for

from app.compute.portrait import PersonPortrait
from app.services.rooms.portrait import RoomPortrait
from app.views.drawings import Bars, Columns, NameList
from app.views.figure import Figure, Finding
from app.views.rooms.overview_figures import name_of

NOT_THERE: Final = "–"
OfPeople = Sequence[tuple[PersonPortrait, Columns | NameList]]
"""A drawing of each person of whom there is one."""


@dataclass(frozen=True, slots=True)
class PortraitFigure(Figure["Bars | OfPeople"]):
    """A figure of a portrait: its rows and drawings are of the people there."""

    name: ClassVar[str]
    topic: ClassVar[str]
    """The heading; figures beside each other of one topic stand under one."""
    is_drawn: ClassVar[bool] = False
    """Whether the page draws the numbers; else it shows them in rows."""

    portrait: RoomPortrait
    tz: str = ""
    """The time zone that the page's address names."""

    def finding(self) -> Finding:
        return Finding()

    def plot(self) -> "Bars | OfPeople | None":
        return None

    def path(self) -> str:
        return self.messages_path()

    def line_of(self, person: PersonPortrait) -> list[str]:
        """Return what a picture tells of a person, in parts of a line."""
        return []

    @property
    def people(self) -> Sequence[PersonPortrait]:
        return self.portrait.people

    def messages_path(self, word: str | None = None) -> str:
        """Return the address of the room's messages, or of those with a word."""
        room = self.portrait.room
        return url_for("rooms.show_room", room_id=room.id, q=word, tz=self.tz or None)


def other_of(person: PersonPortrait, portrait: RoomPortrait) -> str:
    """Return the name of the one other person in a chat of two; empty in any other chat."""
    beside = [group for group in portrait.people if group is not person]
    return name_of(beside[0]) if sum(group.people for group in beside) == 1 else ""


def is_alone(portrait: RoomPortrait) -> bool:
    """Return whether one person wrote all messages."""
    return sum(person.people for person in portrait.people) == 1
