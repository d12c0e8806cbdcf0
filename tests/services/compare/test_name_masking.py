"""Names in texts: how much of a text goes for whom."""

import pytest

from app.services.compare.name_masking import Masker
from saywho.people.names import ManyNames

PEOPLE = ManyNames([("kim min", None), ("min jun", None)])
TEXT = "ask Kim Min Jun, #bus or @bo at https://example.org -K"


def test_of_names_that_overlap_nothing_stays() -> None:
    """The end of the second name stood in files that were given away."""
    assert Masker("names", PEOPLE).renamed(TEXT).startswith("ask […], #bus or @bo")


@pytest.mark.parametrize(
    ("strength", "shown"),
    [
        ("names", "ask […], #bus or @bo at https://example.org -K"),
        ("clues", "ask […], […] or @bo at […][…]"),
        ("mentions", "ask […], […] or […] at […][…]"),
    ],
)
def test_each_strength_hides_what_the_weaker_one_does(strength: str, shown: str) -> None:
    masker = Masker(strength, PEOPLE)  # type: ignore[arg-type]
    assert masker.hidden(TEXT).shown == shown.replace("[…][…]", "[…]")
