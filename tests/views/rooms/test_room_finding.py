"""The sentence on what sets the people of a chat apart."""

from app.compute.portrait import Trait
from app.services.rooms.room_facts import RoomFacts
from app.views.rooms.figures import finding_of

ROOM = RoomFacts(1, "crew", None, 900, None, [], 3, None, None, has_media=False)
LAUGH = Trait("laugh", 0, 0.5, 5.0, "haha", "ann")
LONGEST = Trait("longest", 1, 6.0, 4.0, username="bob")


def test_what_is_of_lately_is_said_once() -> None:
    of_all = (
        "ann writes “haha” most often, and bob writes the longest messages (6 words on average)."
    )
    assert finding_of([], [LAUGH, LONGEST], ROOM) == of_all
    assert finding_of([], [LAUGH, LONGEST], ROOM, is_of_newest=True) == f"Lately, {of_all}"
    alone = finding_of([], [LAUGH], ROOM, is_of_newest=True)
    assert alone == "ann has lately been writing “haha” most often."
