"""How well authors are recognised: the authors that saywho attributed posts to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.language.i18n import gettext, gettext_noop, ngettext, show_number, show_percent
from app.lifespan import resources
from app.parts.dashboard.figures import (
    Panel,
    PanelFigure,
    Plot,
    hover_lines,
    nothing_dated,
    row_axis,
    row_height,
    sentences,
    some_of,
    some_shown,
)
from app.services.compare.comparing import MOST_COMPARED
from app.services.compare.model_card import FEWEST_OF_AUTHOR, Card, CardAuthor, own_names
from app.services.posts.post_counts import ActiveAuthors, most_active_with
from app.services.posts.users import sample_files
from app.views.cast import hue, shown_name
from app.views.figure import Finding, Table
from app.views.filters import View
from saywho.significance import FEWEST_COMPARED, most_frequent

MOST_MEASURED: Final = 50


class Judged(NamedTuple):
    author: CardAuthor
    wrong: Sequence[tuple[str, int]]
    """Other authors with the number of posts attributed to each, the most first."""

    @property
    def name(self) -> str:
        return shown_name(self.author.username)

    @property
    def share(self) -> float:
        return self.author.right / self.author.asked


class Measurable(NamedTuple):
    active: ActiveAuthors
    named: list[str]
    """Authors in the card's URL; empty for a card of all authors."""
    people: list[str]
    """The authors without samples, for a card that leaves samples out."""


class ToldApart(Panel[Measurable]):
    name = "apart"
    is_of_authors = needs_two = True
    topic = gettext_noop("How well authors are recognised")
    about = gettext_noop(
        "Each author’s newest posts were hidden from saywho, which then guessed who wrote them. "
        "The dates chosen above do not apply here."
    )
    waiting = gettext_noop("Measuring. This takes a few seconds…")

    async def load(self, session: AsyncSession, view: View) -> Measurable:
        # A single author of the view, and the samples that are left out, may come on top of those
        # who are measured.
        most = MOST_MEASURED + len(sample_files()) + 1
        active = await most_active_with(session, view.selection, limit=most)
        is_of_all = not (view.platform or len(view.names) > 1 or active.total > MOST_COMPARED)
        people = await own_names(session) if is_of_all else []
        is_left_out = bool(people) and not any(map(view.is_about, people))
        if is_left_out or not is_of_all:  # No card of all authors includes samples.
            return Measurable(active, active.names[:MOST_MEASURED], [])
        return Measurable(active, [], people)

    def usernames(self, loaded: Measurable) -> Iterable[str]:
        names, people = loaded.active.names, {*loaded.people}
        return [name for name in names if name in people] if people else names

    async def count(self, loaded: Measurable, view: View) -> "Measurement":
        active, named, people = loaded
        card = await resources().cards.get(named or people) if active.total > 1 else None
        total = len(people) if people else active.total
        return Measurement(view, card, named, total, is_of_own=bool(people))


@dataclass(frozen=True)
class Measurement(PanelFigure):
    view: View
    card: Card | None
    named: Sequence[str]
    total: int
    is_of_own: bool = False
    """Whether sample authors are left out without a choice of authors."""

    @cached_property
    def rows(self) -> list[Judged]:
        """The authors with judged posts, the best recognised first."""
        if self.card is None or self.card.held_out is None:
            return []
        wrong: dict[str, list[tuple[str, int]]] = {}
        for name, given_to, posts in self.card.given:
            if name != given_to:
                wrong.setdefault(name, []).append((given_to, posts))
        rows = [Judged(each, wrong.get(each.username, [])) for each in self._authors if each.asked]
        return sorted(rows, key=lambda row: (-row.share, row.author.username.casefold()))

    @property
    def _authors(self) -> list[CardAuthor]:
        several = len(self.view.names) > 1
        authors = self.card.authors if self.card else []
        return [each for each in authors if several or self.view.is_about(each.username)]

    @cached_property
    def drawn(self) -> list[Judged]:
        """The authors with enough judged posts; among many, only those ever recognised, otherwise
        no one.
        """
        rows = [row for row in self.rows if row.author.asked >= FEWEST_OF_AUTHOR]
        known = [row for row in rows if row.author.right]
        return rows if known and len(rows) <= 12 else known

    def finding(self) -> Finding:
        if self.card is None:
            alone = gettext("This needs at least two authors with posts")
            return Finding(alone) if self.total else nothing_dated(self.view)
        if not any(row.author.asked >= FEWEST_OF_AUTHOR for row in self.rows):
            return Finding(gettext("There are too few posts to measure this"))
        if len(self.rows) == 1:
            title = _title_of_one(self.rows[0], self.card)
            notes = iter([_chosen_among(self.card), *_mostly_taken_for(self.rows[0])])
        else:
            title, notes = self._title(self.card), self._notes(self.card)
        about = gettext(
            "Each author’s newest posts were hidden from saywho. Colour: posts that "
            "it attributed to their author. Grey: posts that it attributed to "
            "someone else. The dates chosen above do not apply here."
        )
        return Finding(title, sentences(*notes), about=about if self._has_wrong else "")

    def _title(self, card: Card) -> str:
        template = gettext("saywho named the right author for {right} of {asked} hidden posts")
        # Of whom too few were asked about, nothing can be said.
        enough = [row.author for row in self.rows if row.author.asked >= FEWEST_OF_AUTHOR]
        right, asked = (sum(each.right for each in enough), sum(each.asked for each in enough))
        if card.held_out and card.held_out.in_pieces:
            template = gettext("saywho named the right author for {right} of {asked} hidden texts")
        elif right == asked:
            template = gettext("saywho named the right author for all {asked} hidden posts")
        elif asked >= FEWEST_COMPARED and self._is_no_better_than_chance(card):
            template = gettext(
                "saywho cannot tell these authors apart: it named the right author for {right} of "
                "{asked} hidden posts"
            )
        return template.format(right=show_number(right), asked=show_number(asked))

    def _is_no_better_than_chance(self, card: Card) -> bool:
        measured = card.held_out
        is_of_all = len(self._authors) == len(card.authors)
        return measured is not None and is_of_all and measured.right <= measured.by_chance

    def _notes(self, card: Card) -> Iterator[str]:
        measured = card.held_out
        if self._is_no_better_than_chance(card):
            plain = gettext(
                "Always naming the author with the most posts would be right for {count}."
            )
            most = max(each.asked for each in card.authors)
            yield plain.format(count=show_number(most))
        if measured and measured.in_pieces:
            yield gettext(
                "Long posts of authors with few posts were judged in pieces of 20 to 60 words."
            )
        elif measured and measured.posts != measured.asked:
            few = gettext("Only {asked} of the {posts} newest posts had enough words to be judged.")
            yield few.format(posts=show_number(measured.posts), asked=show_number(measured.asked))
        yield some_of(len(card.authors), self.total)
        yield _chosen_among(card)
        enough = [row for row in self.rows if row.author.asked >= FEWEST_OF_AUTHOR]
        if failures := [row.author.username for row in enough if row not in self.drawn]:
            yield gettext("Never recognised: {names}.").format(names=some_shown(failures))
        if unjudged := [each.username for each in self._authors if each.asked < FEWEST_OF_AUTHOR]:
            few = gettext("Too few posts with enough words, each counted once, to say: {names}.")
            yield few.format(names=some_shown(unjudged))
        if self.is_of_own:
            yield gettext("The sample authors are left out.")

    @property
    def _has_wrong(self) -> bool:
        # Bars that are all full would add nothing to the sentence.
        return any(row.wrong for row in self.drawn)

    def plot(self) -> Plot | None:
        return _stacked(self.drawn) if self._has_wrong else None

    def path(self) -> str:
        return "/compare/card?" + urlencode([("username", name) for name in self.named])

    def table(self) -> Table:
        columns = (gettext("Author"), gettext("Attributed to"), gettext("Posts"))
        rows = []
        for row in self.rows:
            rows += [(row.name, row.name, row.author.right)] if row.author.right else []
            rows += [(row.name, shown_name(name), posts) for name, posts in row.wrong]
        about = gettext(
            "Each author’s newest posts were hidden from saywho, which then guessed who wrote "
            "them. The chosen dates do not apply here."
        )
        return Table(columns, rows, about=about)


def _chosen_among(card: Card) -> str:
    """Return among how many authors was guessed: a person's page asks among its chat."""
    return gettext("saywho chose among {count} authors.").format(
        count=show_number(len(card.authors))
    )


def _title_of_one(row: Judged, card: Card) -> str:
    name, asked = row.author.username, row.author.asked
    template = ngettext(
        "saywho recognised {name} in {right} of {asked} hidden post",
        "saywho recognised {name} in {right} of {asked} hidden posts",
        asked,
    )
    wrong = sum(posts for own, given_to, posts in card.given if given_to == name != own)
    others = sum(each.asked for each in card.authors) - asked
    if card.held_out and card.held_out.in_pieces:
        template = gettext("saywho recognised {name} in {right} of {asked} hidden texts")
    # Posts by others are attributed to the author as often as the author's own.
    elif asked >= FEWEST_COMPARED and row.author.right * others <= wrong * asked:
        template = gettext(
            "saywho cannot tell {name} apart from the others: it recognised {right} of {asked}"
            " hidden posts"
        )
    return template.format(
        right=show_number(row.author.right), asked=show_number(row.author.asked), name=row.name
    )


def _mostly_taken_for(row: Judged) -> Iterator[str]:
    wrong = dict(row.wrong)
    if name := most_frequent(wrong):
        posts = wrong[name]
        note = ngettext(
            "saywho attributed {count} to {name}.", "saywho attributed {count} to {name}.", posts
        )
        yield note.format(count=show_number(posts), name=shown_name(name))


def _segments(rows: Sequence[Judged]) -> Iterator[tuple[float, float, int, str, float, str]]:
    for place, row in enumerate(rows):
        start, opacity, colour = 0.0, 1.0, f"${hue(row.author.username)}"
        for name, posts in [(row.author.username, row.author.right), *row.wrong]:
            share = posts / row.author.asked
            label = gettext("{posts} of {asked} attributed to {name}")
            label = label.format(
                posts=show_number(posts), asked=show_number(row.author.asked), name=shown_name(name)
            )
            text = f"<b>{hover_lines(row.name)}</b><br>{hover_lines(label)}"
            yield round(start, 4), round(share, 4), place, colour, opacity, text
            # The largest wrong part is the strongest.
            start, opacity, colour = start + share, max(0.25, opacity * 0.6), "$soft"


def _stacked(rows: Sequence[Judged]) -> Plot:
    starts, lengths, places, colours, opacities, texts = map(
        list, zip(*_segments(rows), strict=True)
    )
    trace = {
        "orientation": "h",
        "width": 0.7,
        "base": starts,
        "x": lengths,
        "y": places,
        "marker": {"color": colours, "opacity": opacities, "line": {"width": 1, "color": "$panel"}},
        "hovertext": texts,
    }
    labels = {
        "type": "scatter",
        "mode": "text",
        "x": [1] * len(rows),
        "y": list(range(len(rows))),
        "text": [show_percent(row.share) for row in rows],
        "textposition": "middle right",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    names = [row.name for row in rows]
    layout = {
        "xaxis": {"range": [0, 1.02], "nticks": 6, "tickformat": ".0%"},
        # There is room for the share at the end of a bar, on a screen of any width.
        "margin": {"l": 8, "r": 44, "t": 8, "b": 8},
        "yaxis": row_axis(names),
        "meta": {"height": row_height(names, least_px=90)},
    }
    return {"data": [trace, labels], "layout": layout}
