"""How well the authors are told apart, out of the model card."""

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
        hardest = asked[-1]
        if view.is_about_one:
            told = gettext("{right} of {asked} posts by {author} were given to their author.")
            given = [row for row in given_posts(card) if row[0] == hardest.username]
            shares = {name: times / hardest.asked for _, name, times in given}
        else:
            told = gettext(
                "{right} of {asked} posts were given to their author; "
                "the hardest is {author}, {share}."
            )
            shares = {author.username: _share(author) for author in asked}
        note = told.format(
            right=show_number(sum(author.right for author in asked)),
            asked=show_number(sum(author.asked for author in asked)),
            author=hardest.username,
            share=show_percent(_share(hardest)),
        )
        shown = some_of(len(card.authors), len(card.authors) + card.left_out)
        rows = [(name, share, show_percent(share), "") for name, share in shares.items()]
        path = "/compare/card?" + urlencode([("username", name) for name in asked_for])
        plot = draw_bars(rows, view, tickformat=".0%")
        return Drawing(sentences(note, shown, of_all_posts(view)), plot, path)

    def table(self, data: Shown, view: View) -> Table:
        columns = (gettext("Author"), gettext("Given to"), gettext("Posts"))
        return Table(columns, given_posts(data[0]) if data[0] else [])


def _share(author: CardAuthor) -> float:
    return author.right / author.asked
