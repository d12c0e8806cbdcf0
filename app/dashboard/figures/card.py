"""How well the authors are told apart: the model card in figures."""

from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard.figures.base import (
    COLOURS,
    Dot,
    Drawing,
    Figure,
    Plot,
    Table,
    among_authors,
    asked_path,
    draw_dots,
)
from app.i18n import gettext, gettext_noop
from app.lifespan import resources
from app.services.compare.card import Card, Measured, MeasuredBin
from app.services.posts.statistics import most_active
from app.views.filters import View


@dataclass(frozen=True, slots=True)
class ShownCard:
    """The card of the authors, None while it is being made."""

    card: Card | None
    is_comparable: bool
    is_narrowed: bool = False
    """Whether the view has a language or dates, which do not count here."""


class CardFigure(Figure):
    name = "card"
    height = "22rem"
    title = gettext_noop("How well authors are told apart")
    about = gettext_noop(
        "Each author's newest posts, hidden from the model: who was taken for whom, and whether a "
        "stated probability is how often the answer is right."
    )
    graphs = (
        gettext_noop("Actual and predicted author"),
        gettext_noop("Stated and actual accuracy"),
    )
    rest_s = 60

    async def load(self, session: AsyncSession, view: View) -> ShownCard:
        names = await most_active(session, view.selection, limit=COLOURS)
        if len(names) < 2:
            return ShownCard(None, is_comparable=False)
        card = await resources().cards.find_or_ask(names)
        return ShownCard(card, is_comparable=True, is_narrowed=view.selection.is_narrowed)

    def draw(self, data: ShownCard) -> Drawing:
        if not data.is_comparable:
            return Drawing([], gettext("It takes two authors with posts to tell them apart."))
        if data.card is None:
            return Drawing([], gettext("This is being measured…"), again_s=1)
        if data.card.held_out is None:
            return Drawing([], gettext("There are too few posts to measure this."))
        note = gettext("{share} of {asked} posts were told right.").format(
            share=f"{data.card.held_out.accuracy:.0%}", asked=data.card.held_out.asked
        )
        if data.is_narrowed:
            note += " " + gettext(
                "Of all posts of these authors, whatever their language and date."
            )
        plots = [_taken_for(data.card), _promised(data.card.held_out)]
        return Drawing(plots, note, {"path": asked_path(_names(data.card))})

    def table(self, data: ShownCard, view: View) -> Table:
        columns = (gettext("Measured"), gettext("Of"), gettext("As"), gettext("Posts"))
        if data.card is None or data.card.held_out is None:
            return Table(columns, [])
        names = _names(data.card)
        taken = gettext("Actual and predicted author")
        promised = gettext("Stated and actual accuracy")
        rows: list[tuple[str, str, str, int]] = []
        links = []
        for true, row in enumerate(data.card.confusion):
            for said, times in enumerate(row):
                if times:
                    rows.append((taken, names[true], names[said], times))
                    links.append(asked_path(names, written_by=names[true], taken_for=names[said]))
        for each in data.card.held_out.bins:
            rows.append((promised, f"{each.claimed:.0%}", f"{each.right:.0%}", each.asked))
            links.append(asked_path(names, claimed=_percent(each)))
        return Table(columns, rows, links)


def _names(card: Card) -> list[str]:
    return [author.username for author in card.authors]


def _percent(tenth: MeasuredBin) -> str:
    """Return the beginning of the bin in percent, as addresses have it."""
    return str(round(tenth.at_least * 100))


def _taken_for(card: Card) -> Plot:
    names = _names(card)
    cells = [
        (true, said, times, max(1, sum(row)))
        for true, row in enumerate(card.confusion)
        for said, times in enumerate(row)
        if times
    ]
    dots = [
        Dot(
            column=said,
            row=true,
            size=(times / asked) ** 0.5,
            text=f"{escape(names[true])} → {escape(names[said])}: {times} / {asked}",
            click=urlencode({"written_by": names[true], "taken_for": names[said]}),
        )
        for true, said, times, asked in cells
    ]
    trace = draw_dots(
        dots,
        color=[int(dot.row != dot.column) for dot in dots],
        colorscale=[[0, "$accent"], [1, "$author-2"]],
        cmin=0,
        cmax=1,
        symbol=["circle" if dot.row == dot.column else "diamond" for dot in dots],
        opacity=1,
    )
    return among_authors(trace, names, gettext("Taken for"), gettext("Written by"))


def _promised(measured: Measured) -> Plot:
    most = max((each.asked for each in measured.bins), default=1)
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": "$field", "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }
    found = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [each.claimed for each in measured.bins],
        "y": [each.right for each in measured.bins],
        "line": {"color": "$accent", "width": 1.5},
        "marker": {
            "color": "$accent",
            "size": [round(6 + 14 * (each.asked / most) ** 0.5, 1) for each in measured.bins],
            "line": {"width": 0},
        },
        "text": [f"{each.claimed:.0%} → {each.right:.0%} ({each.asked})" for each in measured.bins],
        "customdata": [urlencode({"claimed": _percent(each)}) for each in measured.bins],
        "hovertemplate": "%{text}<extra></extra>",
    }
    axis = {"range": [-0.03, 1.05], "tickformat": ".0%", "fixedrange": True, "nticks": 6}
    layout = {
        "xaxis": axis | {"title": {"text": gettext("Promised")}},
        "yaxis": axis | {"title": {"text": gettext("Right")}},
    }
    return {"data": [ideal, found], "layout": layout}
