"""Marks of an answer, their rates, and posts with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec import UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from app.language.i18n import gettext, ngettext, show_number
from app.runtime.work_pool import worked_on
from app.services.posts.tweets import Post, find_posts
from app.views.comparing.verdicts import strange_places
from app.views.highlighting import TextPiece, excerpt, marked_text
from saywho.comparing import verdict
from saywho.engine.evidence import place_in


def shown_marks(comparison: verdict.Comparison) -> list[verdict.Evidence]:
    """Return the shown marks of an answer with reasons; none for a short text.

    The author uses these words more than others, or less for evidence against. Spelling or layout
    made a mark that is as common elsewhere.
    """
    marks = [] if comparison.verdict == "short" else comparison.evidence
    return [mark for mark in marks if (_times(mark.own) - _times(mark.others)) * mark.weight > 0]


def _times(uses: float | UnsetType | None) -> float:
    return uses if isinstance(uses, float) else 0.0


def uses_of(mark: verdict.Evidence, comparison: verdict.Comparison) -> tuple[str, str | None]:
    """Return rates of a mark in words, the author's and others', None without others of the
    language.

    The others are all other compared authors, of more than 20 the likeliest. If a single author
    was compared, they are everyone else here.
    """
    usage, compared = mark.own_usage, mark.others_usage
    written = {ranked.username: ranked.tweets for ranked in verdict.searched_authors(comparison)}
    is_alone = len(written) == 1
    own = written.pop(mark.username, 0)
    rate = _usage(usage, is_of_newest=own > usage.posts) if isinstance(usage, verdict.Usage) else ""
    if not isinstance(compared, verdict.Usage):
        return rate, None
    if is_alone:
        is_of_newest = compared.posts >= verdict.NEWEST_ELSEWHERE
        text = ngettext(
            "the other author here: {rate}",
            "the other {count} authors here: {rate}",
            compared.authors,
        )
    else:
        is_of_newest = sum(written.values()) > compared.posts
        text = ngettext(
            "the other author compared: {rate}",
            "the other {count} authors compared: {rate}",
            compared.authors,
        )
        if comparison.compared > len(written) + 1:
            text = ngettext(
                "the other likeliest author: {rate}",
                "the other {count} likeliest authors: {rate}",
                compared.authors,
            )
    return rate, text.format(
        count=show_number(compared.authors), rate=_usage(compared, is_of_newest=is_of_newest)
    )


def _usage(usage: verdict.Usage, *, is_of_newest: bool) -> str:
    """Return a rate in words. is_of_newest: whether the authors have more posts."""
    posts = show_number(usage.posts)
    if usage.uses <= 1:
        if is_of_newest:
            never = gettext("never in their newest {posts} posts")
            once = gettext("once in their newest {posts} posts")
        else:
            count = usage.posts
            never = ngettext("never in {posts} post", "never in {posts} posts", count)
            once = ngettext("once in {posts} post", "once in {posts} posts", count)
        return (once if usage.uses else never).format(posts=posts)
    text = _rate(usage.uses / usage.posts)
    if is_of_newest:
        text = gettext("{rate} (newest {posts})").format(rate=text, posts=posts)
    return text


def _rate(rate: float) -> str:
    if rate >= 0.95:
        text = gettext("about {times} times a post")
        times = show_number(round(rate, 1))
        return gettext("about once a post") if times == "1" else text.format(times=times)
    if rate >= 0.35:
        text = gettext("about {times} times in 10 posts")
        return text.format(times=show_number(round(10 * rate, 1)))
    return gettext("about once in {posts} posts").format(posts=show_number(round(1 / rate)))


@dataclass(frozen=True, slots=True)
class Quotation:
    id: int
    pieces: list[TextPiece[None]]
    lang: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    number: int
    mark: verdict.Evidence
    comparison: verdict.Comparison
    posts: list[Quotation]
    places: list[str]
    """Marks with these words, as in `without`."""

    @property
    def rates(self) -> tuple[str, str | None]:
        return uses_of(self.mark, self.comparison)


@dataclass(frozen=True, slots=True)
class TextMark:
    """A piece of a text, left out if it has no mark."""

    place: str
    """As in `without`."""
    mark: verdict.Evidence | None = None
    use: EvidenceItem | None = None
    is_strange: bool = False
    """Whether no author writes this word."""
    is_unjudged: bool = False
    """Whether it is a head, quoted, or another person's message."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    pieces: list[TextPiece[TextMark]]
    uses: list[EvidenceItem]
    """The strongest mark of equal words, strongest first."""
    lines: dict[str, int]
    """Authors' underlines, from 1."""
    strong_weight: float = 1.0
    """Log-odds for a double line: alone, 2.7 times as likely."""
    lang: str = ""
    """BCP 47 tag, empty if unknown: the page's own language would be a guess."""

    @property
    def has_against(self) -> bool:
        return any(use.mark.weight < 0 for use in self.uses)

    @property
    def marks(self) -> int:
        return sum(piece.mark is not None and piece.mark.use is not None for piece in self.pieces)

    @property
    def struck(self) -> list[TextPiece[TextMark]]:
        return [
            piece
            for piece in self.pieces
            if (mark := piece.mark) and not (mark.use or mark.is_strange or mark.is_unjudged)
        ]


async def read_evidence(session: AsyncSession, comparison: verdict.Comparison) -> EvidenceView:
    marks = shown_marks(comparison)
    posts = await find_posts(session, sorted({id_ for mark in marks for id_ in mark.posts or ()}))
    texts = [post.text for post in posts.values()]
    uses = await worked_on(texts, partial(_uses, marks, posts, comparison))
    gaps = comparison.without if isinstance(comparison.without, list) else []
    spans = [
        *((start, end, TextMark(f"{start}-{end}")) for start, end in gaps),
        *((mark.start, mark.end, TextMark(_place(mark), mark, uses[_key(mark)])) for mark in marks),
    ]
    further = [(place, TextMark("", is_strange=True)) for place in strange_places(comparison)]
    further += [(place, TextMark("", is_unjudged=True)) for place in comparison.unjudged or ()]
    taken = [(start, end) for start, end, _ in spans]
    spans += [
        (start, end, shown)
        for (start, end), shown in further
        if not any(start < other_end and other < end for other, other_end in taken)
    ]
    spans.sort(key=lambda span: span[0])
    return EvidenceView(
        marked_text(comparison.text, spans),
        list(uses.values()),
        lines_of(comparison),
        lang=comparison.lang or "",
    )


def _uses(
    marks: Sequence[verdict.Evidence], posts: Mapping[int, Post], comparison: verdict.Comparison
) -> dict[tuple[str, str], EvidenceItem]:
    uses: dict[tuple[str, str], EvidenceItem] = {}
    for mark in sorted(marks, key=lambda mark: -abs(mark.weight)):
        lang = comparison.lang
        quotations = [
            _quotation(posts[id_], mark, lang) for id_ in mark.posts or () if id_ in posts
        ]
        item = EvidenceItem(len(uses) + 1, mark, comparison, quotations, [])
        uses.setdefault(_key(mark), item).places.append(_place(mark))
    return uses


def _place(mark: verdict.Evidence) -> str:
    return f"{mark.start}-{mark.end}"


def lines_of(comparison: verdict.Comparison) -> dict[str, int]:
    best: Sequence[str] = [ranked.username for ranked in comparison.ranking[: verdict.EXPLAINED]]
    return {username: number for number, username in enumerate(best, 1)}


def _quotation(post: Post, mark: verdict.Evidence, judged: str | None) -> Quotation:
    """Return the part of a post with a mark's words; judged: the language of the judged text."""
    place, shown = place_in(post.text, str(mark.piece)), 120
    # Words of the text are in its language, but Korean is told by letters that the post lacks.
    lang = post.lang or (judged if judged != "ko" else None) or ""
    if place is None:
        return Quotation(post.id, excerpt(marked_text(post.text, []), around=shown // 2), lang)
    start, end = place
    room = max(40, shown - (end - start))
    # One side gets the room that the other side does not need.
    around = max(room // 2, room - min(start, len(post.text) - end))
    marked: list[TextPiece[None]] = marked_text(post.text, [(start, end, None)])
    return Quotation(post.id, excerpt(marked, around=around), lang)


def _key(mark: verdict.Evidence) -> tuple[str, str]:
    return mark.username, str(mark.piece or mark.text).casefold()
