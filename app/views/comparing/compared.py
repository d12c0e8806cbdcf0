"""What the page of a comparison shows of it."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct
from quart import url_for

from app.clock import now
from app.services.compare.verdict import Comparison
from app.services.posts.tweets import Post
from app.views.comparing.evidence import Evident
from app.views.comparing.nobody import why_nobody
from app.views.comparing.read_before import place_of, read_before
from app.views.comparing.strangers import rate_of, threshold_of
from app.views.comparing.undecided import more_text_of
from app.views.comparing.verdicts import Bar, bars_of, heading_of, is_brief, limits_of, reasons_of

LONGEST_UNFOLDED: Final = 1_500
"""Characters of a text that are all in sight; a longer one scrolls."""
SHOWN_BARS: Final = 5
FOLDED_SHARE: Final = 0.05
"""Below the first bars, those of a smaller share are folded."""
Names = Annotated[list[str], Meta(description="Repeat for several authors; omit to compare all.")]


class PanelArgs(Struct):
    """Whom a comparison is about."""

    username: Names = []


class Compared(Struct, frozen=True):
    """What the page shows of a comparison."""

    comparison: Comparison
    names: list[str]
    """Who was asked about; nobody for all."""
    evident: Evident
    hidden: Post | None
    """The kept post that the text is."""

    @property
    def heading(self) -> str:
        return heading_of(self.comparison, is_named=bool(self.names))

    @property
    def reasons(self) -> list[str]:
        return reasons_of(self.comparison, is_named=bool(self.names))

    @property
    def why_nobody(self) -> list[str]:
        return why_nobody(self.comparison)

    @property
    def read_before(self) -> str | None:
        return read_before(self.comparison)

    @property
    def place(self) -> str | None:
        return place_of(self.comparison)

    @property
    def answers(self) -> list[Bar]:
        return bars_of(self.comparison)

    @property
    def folded(self) -> int:
        """How many bars are folded, those at the end."""
        folded = sum(bar.share < FOLDED_SHARE for bar in self.answers[SHOWN_BARS:])
        return folded if folded > 1 else 0

    @property
    def limits(self) -> list[str]:
        return limits_of(self.comparison)

    @property
    def rate(self) -> str | None:
        return rate_of(self.comparison)

    @property
    def threshold(self) -> str | None:
        return threshold_of(self.comparison)

    @property
    def more_text(self) -> list[str]:
        return more_text_of(self.comparison)

    @property
    def is_brief(self) -> bool:
        return is_brief(self.comparison)

    @property
    def card_address(self) -> str:
        names = self.names if len(self.comparison.ranking) > 1 else []
        return url_for("compare.show_card", username=names)

    @property
    def is_long(self) -> bool:
        return len(self.comparison.text) > LONGEST_UNFOLDED

    @property
    def made_at(self) -> datetime:
        return now()
