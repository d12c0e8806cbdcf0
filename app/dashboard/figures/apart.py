"""How well the authors are told apart, out of the model card."""

from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

from app.dashboard.figures.base import (
    HOVER,
    Drawing,
    Figure,
    Plot,
    Table,
    of_all_posts,
    row_axis,
    row_height,
    sentences,
    some_of,
)
from app.db.backend import Sessions
from app.i18n import gettext, gettext_noop, ngettext, show_number, show_percent
from app.lifespan import resources
from app.services.compare.card import Card, CardAuthor
from app.services.compare.contenders import MOST_COMPARED
from app.services.posts.statistics import most_active
from app.views.filters import View

MOST_AUTHORS: Final = 50
"""As many as a card measures."""
MOST_CONFUSIONS: Final = 12


@dataclass(frozen=True, slots=True)
class ShownCard:
    """The card of the authors, None for fewer than two."""

    card: Card | None
    asked_for: list[str]
    """The authors named in the card's address, none for all."""
    count: int

    @property
    def path(self) -> str:
        """The card's address."""
        return "/compare/card?" + urlencode([("username", name) for name in self.asked_for])


class ToldApart(Figure):
    name = "apart"
    title = gettext_noop("How well authors are told apart")
    about = gettext_noop(
        "Each author's newest posts, hidden from the model: how many it gave to their author, and "
        "to whom it gave the others."
    )

    waiting = gettext_noop("Being measured; it takes some seconds…")

    async def load(self, db: Sessions, view: View) -> ShownCard:
        selection = view.selection
        async with db.read() as session:
            active = await most_active(session, selection, limit=MOST_AUTHORS)
        count, asked_for = active.total, list[str]()
        if selection.usernames or selection.platform or count > MOST_COMPARED:
            count, asked_for = len(active.shown), active.names
        card = await resources().cards.get(asked_for) if count > 1 else None
        return ShownCard(card, asked_for, count)

    def draw(self, data: ShownCard, view: View) -> Drawing:
        if data.card is None:
            alone = gettext("It takes two authors with posts to tell them apart.")
            return Drawing(alone if data.count else "")
        if data.card.held_out is None:
            return Drawing(gettext("There are too few posts to measure this."))
        return Drawing(
            _note(data.card, view),
            _named_correctly(data.card, view),
            data.path,
            _confusions(data.card, data.path),
        )

    def table(self, data: ShownCard, view: View) -> Table:
        columns = (gettext("Author"), gettext("Given to"), gettext("Posts"))
        given = _given(data.card) if data.card else []
        return Table(columns, given)


def _given(card: Card) -> list[tuple[str, str, int]]:
    """Return true author, named author and how often, where it happened."""
    names = [author.username for author in card.authors]
    return [
        (names[true], names[said], times)
        for true, row in enumerate(card.confusion)
        for said, times in enumerate(row)
        if times
    ]


def _share(author: CardAuthor) -> float:
    return author.right / author.asked


def _note(card: Card, view: View) -> str:
    """Return the sentences above the graph; the share is that of the card."""
    asked = [author for author in card.authors if author.asked]
    hardest = min(asked, key=_share)
    told = gettext(
        "{right} of {asked} posts were given to their author; the hardest is {author}, {share}."
    )
    return sentences(
        told.format(
            right=show_number(sum(author.right for author in asked)),
            asked=show_number(sum(author.asked for author in asked)),
            author=hardest.username,
            share=show_percent(_share(hardest)),
        ),
        some_of(len(card.authors), len(card.authors) + card.left_out),
        of_all_posts(view),
    )


def _named_correctly(card: Card, view: View) -> Plot:
    """Return a bar for each author, those who are told best on top."""
    rows = sorted(
        (author for author in card.authors if author.asked),
        key=lambda author: (-_share(author), author.username.casefold()),
    )
    names = [author.username for author in rows]
    trace = {
        "type": "bar",
        "orientation": "h",
        "width": 0.7,
        "x": [round(_share(author), 4) for author in rows],
        "y": list(range(len(rows))),
        "text": [show_percent(_share(author)) for author in rows],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": "$accent", "line": {"width": 0}},
        "customdata": [""] * len(rows),
        "hovertext": [
            f"<b>{escape(author.username)}</b><br>{author.right} / {author.asked}"
            for author in rows
        ],
        "hovertemplate": HOVER,
    }
    layout = {
        "xaxis": {"range": [0, 1.08], "tickformat": ".0%", "fixedrange": True, "nticks": 6},
        "yaxis": row_axis(names, view),
        "meta": {"height": row_height(len(rows))},
    }
    return {"data": [trace], "layout": layout}


def _confusions(card: Card, path: str) -> list[tuple[str, str]]:
    """Return the most frequent confusions in words."""
    wrong = [each for each in _given(card) if each[0] != each[1]]
    wrong.sort(key=lambda each: -each[2])
    return [
        (
            ngettext(
                "{count} post by {author} was given to {other}",
                "{count} posts by {author} were given to {other}",
                times,
            ).format(count=show_number(times), author=author, other=other),
            path,
        )
        for author, other, times in wrong[:MOST_CONFUSIONS]
    ]
