"""How well the authors are told apart, out of the model card."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from app.dashboard.figures.base import (
    Drawing,
    Figure,
    Table,
    draw_bars,
    lacks,
    of_all_posts,
    sentences,
    some_of,
)
from app.db.backend import Sessions
from app.i18n import gettext, gettext_noop, show_number, show_percent
from app.lifespan import resources
from app.services.compare.card import Card, CardAuthor
from app.services.compare.contenders import MOST_COMPARED
from app.services.posts.statistics import most_active_with
from app.views.filters import View
from app.views.pages.cards import given_posts

MOST_AUTHORS: Final = 50
"""As many as a card measures."""
FEWEST_ASKED: Final = 10
"""Posts of an author that are measured before that author is called the hardest."""

Shown = tuple[Card | None, list[str], int]
"""The card of the authors, None for fewer than two; those named in its address; how many."""


class ToldApart(Figure):
    name = "apart"
    needs_two = True
    title = gettext_noop("How well authors are told apart")
    about = gettext_noop(
        "Each author's newest posts, hidden from the model: how many it gave to their author, and "
        "to whom it gave the others."
    )

    waiting = gettext_noop("Being measured; it takes some seconds…")

    async def load(self, db: Sessions, view: View) -> Shown:
        async with db.read() as session:
            active = await most_active_with(session, view.selection, limit=MOST_AUTHORS)
        is_some = len(view.names) > 1 or view.platform or active.total > MOST_COMPARED
        asked_for = active.names if is_some else []
        count = len(active.shown)
        is_made = lacks(view, count) is None
        return await resources().cards.get(asked_for) if is_made else None, asked_for, count

    def draw(self, data: Shown, view: View) -> Drawing:
        card, asked_for, count = data
        missing = lacks(view, count)
        if card is None or missing is not None:
            return Drawing(missing or "")
        asked = [a for a in card.authors if a.asked and (view.is_about(a.username) or asked_for)]
        if card.held_out is None or not asked:
            return Drawing(gettext("There are too few posts to measure this."))
        asked.sort(key=lambda author: (-_share(author), author.username.casefold()))
        if view.is_about_one:
            told = gettext("{right} of {asked} posts by {author} were given to their author.")
            given = [row for row in given_posts(card) if row[0] == asked[0].username]
            shares = {name: times / asked[0].asked for _, name, times in given}
        else:
            told = gettext("{right} of {asked} posts were given to their author.")
            shares = {author.username: _share(author) for author in asked}
        note = told.format(
            right=show_number(sum(author.right for author in asked)),
            asked=show_number(sum(author.asked for author in asked)),
            author=asked[0].username,
        )
        hardest = "" if view.is_about_one else _hardest(asked)
        shown = some_of(len(card.authors), len(card.authors) + card.left_out)
        rows = [(name, share, show_percent(share), "") for name, share in shares.items()]
        path = "/compare/card?" + urlencode([("username", name) for name in asked_for])
        plot = draw_bars(rows, view, tickformat=".0%")
        return Drawing(sentences(note, hardest, shown, of_all_posts(view)), plot, path)

    def table(self, data: Shown, view: View) -> Table:
        columns = (gettext("Author"), gettext("Given to"), gettext("Posts"))
        return Table(columns, given_posts(data[0]) if data[0] else [])


def _hardest(asked: Sequence[CardAuthor]) -> str:
    """Return who is told apart the worst, in words, if enough posts of that author say so."""
    if all(author.right == author.asked for author in asked):
        return ""
    known = [author for author in asked if author.asked >= FEWEST_ASKED]
    if not known:
        return gettext("Too few posts of each author were measured to say who is the hardest.")
    worst = min(known, key=_share)
    if worst.right == worst.asked:
        return ""
    told = gettext("The hardest is {author}, {share}.")
    return told.format(author=worst.username, share=show_percent(_share(worst)))


def _share(author: CardAuthor) -> float:
    return author.right / author.asked
