"""How well the authors are told apart: the model card in figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.verdict import FEWEST_IN_BIN, wilson
from app.dashboard.figures.base import (
    HOVER,
    Drawing,
    Figure,
    Plot,
    RowRange,
    Table,
    card_path,
    draw_rows,
    of_all_posts,
    sentences,
    some_of,
)
from app.i18n import gettext, gettext_noop, ngettext, show_moment, show_number, show_percent
from app.lifespan import resources
from app.services.compare.card import Card, Measured
from app.services.compare.contenders import MOST_COMPARED
from app.services.posts.statistics import most_active
from app.views.filters import View
from app.views.pages.parts import hues_of

MOST_AUTHORS: Final = 50
"""As many as a card measures."""
MOST_CONFUSIONS: Final = 12
AGAIN_S: Final = 30
"""Until the browser asks for the card that follows one of older posts."""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """The card of the authors, None while it is being made."""

    card: Card | None
    asked_for: Sequence[str]
    """The authors named in the card's address, none for all."""
    count: int
    hues: dict[str, str]
    zone: ZoneInfo
    is_narrowed: bool = False
    """Whether the view has a language or dates, which do not count here."""


class CardFigure(Figure):
    name = "card"
    height = "22rem"
    title = gettext_noop("How well authors are told apart")
    about = gettext_noop(
        "Each author's newest posts, hidden from the model: how many were told right, who was "
        "taken for whom, and whether a stated probability is how often the answer is right."
    )
    graphs = (
        gettext_noop("Told right, author by author"),
        gettext_noop("Stated and actual accuracy"),
    )
    rest_s = 60

    async def load(self, session: AsyncSession, view: View) -> ShownCard:
        selection = view.selection
        active = await most_active(session, selection, limit=MOST_AUTHORS)
        count, asked_for, card = active.total, list[str](), None
        if selection.usernames or selection.platform or count > MOST_COMPARED:
            count, asked_for = len(active.shown), active.names
        if count > 1:
            card = await resources().cards.find_or_ask(asked_for)
        names = [author.username for author in card.authors] if card else []
        hues = {name: f"${hue}" for name, hue in (await hues_of(session, names)).items()}
        return ShownCard(card, asked_for, count, hues, view.zone, selection.is_narrowed)

    def draw(self, data: ShownCard) -> Drawing:
        if data.count < 2:
            return Drawing([], gettext("It takes two authors with posts to tell them apart."))
        if data.card is None:
            waits = gettext(
                "How well {count} authors are told apart is being measured; it takes some seconds."
            )
            return Drawing([], waits.format(count=show_number(data.count)), again_s=1)
        if data.card.held_out is None:
            return Drawing([], gettext("There are too few posts to measure this."))
        plots = [_told_right(data.card, data.hues), _promised(data.card.held_out)]
        return Drawing(
            plots,
            _note(data, data.card, data.card.held_out),
            {"path": card_path(data.asked_for)},
            _confusions(data.card, data.asked_for),
            again_s=AGAIN_S if data.card.tweets_since else 0,
        )

    def table(self, data: ShownCard, view: View) -> Table:
        columns = (gettext("Measure"), gettext("Actual"), gettext("Predicted"), gettext("Posts"))
        if data.card is None or data.card.held_out is None:
            return Table(columns, [])
        names = _names(data.card)
        taken = gettext("Actual and predicted author")
        promised = gettext("Stated and actual accuracy")
        rows: list[tuple[str, str, str, int]] = [
            (taken, names[true], names[said], times) for true, said, times in _answers(data.card)
        ]
        rows += [
            (promised, f"{each.claimed:.0%}", f"{each.right:.0%}", each.asked)
            for each in data.card.held_out.bins
        ]
        return Table(columns, rows)


def _names(card: Card) -> list[str]:
    return [author.username for author in card.authors]


def _answers(card: Card) -> list[tuple[int, int, int]]:
    """Return true author, answered author and how often, where it happened."""
    return [
        (true, said, times)
        for true, row in enumerate(card.confusion)
        for said, times in enumerate(row)
        if times
    ]


def _note(data: ShownCard, card: Card, measured: Measured) -> str:
    """Return the sentences above the graphs; the share is that of the card."""
    told = gettext("{share} of {asked} posts by {count} authors were told right.")
    share, asked = show_percent(measured.accuracy), show_number(measured.asked)
    few = sum(each.asked for each in measured.bins if each.asked < FEWEST_IN_BIN)
    hidden = gettext("{count} answers in parts of fewer than {least} are not drawn.")
    older = gettext("Measured {time}; posts since then: {count}.")
    time = show_moment(card.made_at.astimezone(data.zone))
    return sentences(
        told.format(share=share, asked=asked, count=len(card.authors)),
        some_of(len(card.authors), len(card.authors) + card.left_out),
        hidden.format(count=few, least=FEWEST_IN_BIN) if few else "",
        older.format(time=time, count=show_number(card.tweets_since)) if card.tweets_since else "",
        of_all_posts() if data.is_narrowed else "",
    )


def _told_right(card: Card, hues: dict[str, str]) -> Plot:
    """Return a bar for each author, those who are told best on top."""
    rows = [
        RowRange(
            author.username,
            hues.get(author.username, "$author-0"),
            author.right / author.asked,
            *wilson(author.right, author.asked),
            f"{author.right} / {author.asked}",
            None,
        )
        for author in card.authors
        if author.asked
    ]
    rows.sort(key=lambda row: (-row.value, row.username.casefold()))
    return draw_rows(rows, is_bar=True, range=[0, 1.02], tickformat=".0%")


def _confusions(card: Card, asked_for: Sequence[str]) -> list[tuple[str, str]]:
    """Return the most frequent confusions in words, with the posts behind each."""
    names = _names(card)
    wrong = sorted(
        (each for each in _answers(card) if each[0] != each[1]), key=lambda each: -each[2]
    )
    return [
        (
            ngettext(
                "{count} post by {author} was taken for {other}",
                "{count} posts by {author} were taken for {other}",
                times,
            ).format(count=show_number(times), author=names[true], other=names[said]),
            card_path(asked_for),
        )
        for true, said, times in wrong[:MOST_CONFUSIONS]
    ]


def _promised(measured: Measured) -> Plot:
    """Return the range in which the accuracy of each part of the answers lies."""
    bins = [each for each in measured.bins if each.asked >= FEWEST_IN_BIN]
    ranges = [wilson(round(each.right * each.asked), each.asked) for each in bins]
    shared = {
        "x": [each.claimed for each in bins],
        "hovertext": [
            f"{each.claimed:.0%} → {each.right:.0%} ({low:.0%}–{high:.0%}, {each.asked})"
            for each, (low, high) in zip(bins, ranges, strict=True)
        ],
        "hovertemplate": HOVER,
    }
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": "$field", "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }
    reach = shared | {
        "type": "bar",
        "base": [round(low, 4) for low, _ in ranges],
        "y": [round(high - low, 4) for low, high in ranges],
        "width": 0.045,
        "marker": {"color": "$accent", "opacity": 0.35, "line": {"width": 0}},
    }
    found = shared | {
        "type": "scatter",
        "mode": "markers",
        "y": [each.right for each in bins],
        "marker": {"color": "$accent", "size": 9, "line": {"width": 0}},
    }
    axis = {"range": [-0.03, 1.05], "tickformat": ".0%", "fixedrange": True, "nticks": 6}
    layout = {
        "xaxis": axis | {"title": {"text": gettext("Stated")}},
        "yaxis": axis | {"title": {"text": gettext("Actually right")}},
        "meta": {"height": 340},
    }
    return {"data": [ideal, reach, found], "layout": layout}
