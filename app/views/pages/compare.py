"""Who would have said this? The comparison's page."""

from collections import Counter
from collections.abc import Awaitable, Iterable, Sequence
from datetime import date, timedelta
from urllib.parse import urlencode

from msgspec import Struct
from quart import url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.text import guess_language, username_key
from app.i18n import show_period
from app.lifespan import resources
from app.services.compare.card_making import RETRY_AFTER_S
from app.services.compare.judging import Comparison, Evidence, compare, has_sentences
from app.services.compare.quiz import Solution, ask, solve
from app.services.compare.reasons import RECENT_POSTS
from app.services.posts.statistics import count_by_author
from app.services.posts.users import authors_by_key
from app.services.selection import Selection
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import (
    as_other_page,
    given_names,
    hues_of,
    marked_text,
    probability_in_words,
    render_judgement,
    see_other,
)
from app.views.pages.verify import LONGEST_IN_ADDRESS, may_be_address, posted, verify_address

blueprint = PageBlueprint("compare")

LINES = 4
"""Authors with an underline of their own, numbered from 1; they share the evidence."""
QUOTED = 6
"""Marks quoted for each author; the marked text shows all of them."""
STRONG_WEIGHT = 1.0
"""Log-odds from which a mark is drawn double: it alone makes an author 2.7 times as likely."""
FEWEST_LAYOUT_WEIGHT = 0.3
"""Log-odds from which layout and punctuation are mentioned."""
ONE_HAND = 2 / 3
"""Share of the sentences that one author must have, or several hands are suspected."""
SURE = 0.9
"""Probability from which a sentence is marked double."""


class ComparePageArgs(Struct):
    text: str | None = None
    """None offers the form; an empty text is an error."""
    username: list[str] = []
    by: str = ""
    """`sentence` judges each sentence on its own."""


@blueprint.page("/compare")
async def show_compare(args: ComparePageArgs) -> ResponseReturnValue:
    names = given_names(args.username)
    if args.text is not None and len(names) == 1:
        return see_other(verify_address([args.text], names[0]))
    by_sentence = args.by == "sentence"
    judged = None if args.text is None else _compared(args.text, names, by_sentence)
    return await _page(args.text or "", names, judged)


@blueprint.page("/compare/example")
async def show_example() -> ResponseReturnValue:
    """Compare a random post that is hidden from the model, and tell its author."""
    async with resources().db.read() as session:
        question = await ask(session)
        if question is None:
            return see_other(url_for("compare.show_compare"))
        solution = await solve(session, resources().models, question.key)
    text, names = solution.comparison.text, solution.usernames
    return await _page(text, names, _shown(solution.comparison, names), hidden_post=solution)


@blueprint.action("/compare")
async def post_compare(form: Form) -> ResponseReturnValue:
    """Accept TwitOff's form; redirect to the comparison if its address may hold the text.

    One author alone is verified.
    """
    text = form.get("tweet_text") or form.get("text") or ""
    names = given_names([form.get("user1", ""), form.get("user2", ""), *form.getlist("username")])
    if len(names) == 1:
        return await as_other_page(await posted(form, [text], names[0]))
    if not may_be_address(form, [text]):
        judged = _compared(text, names, form.get("by") == "sentence")
        return await _page(text, names, judged, is_private=bool(form.get("private")))
    return see_other(_address(text, names))


async def _page(
    text: str,
    names: list[str],
    judged: Awaitable[dict[str, object]] | None,
    *,
    hidden_post: Solution | None = None,
    is_private: bool = False,
) -> ResponseReturnValue:
    return await render_judgement(
        "compare.html",
        judged,
        names,
        text=text,
        chosen=names,
        hidden_post=hidden_post,
        is_private=is_private,
        in_words=probability_in_words,
    )


async def _compared(text: str, names: list[str], by_sentence: bool = False) -> dict[str, object]:
    opened = resources()
    comparison = await compare(opened.db, opened.materials, text, names, with_passages=by_sentence)
    return await _shown(comparison, names, by_sentence)


async def _shown(
    comparison: Comparison, names: list[str], by_sentence: bool = False
) -> dict[str, object]:
    """Return what the page shows of a comparison."""
    text = comparison.text
    best = comparison.ranking[:LINES]
    lines = {ranked.username: number for number, ranked in enumerate(best, 1)}
    async with resources().db.read() as session:
        names_shown = [ranked.username for ranked in comparison.ranking]
        hues = await hues_of(session, names_shown)
        other_times = await _other_times(session, names_shown)
    layout = max(comparison.layout, key=lambda layout: layout.weight)
    passages = comparison.passages
    tally = Counter(each.username for each in passages).most_common()
    has_other_view = len(text) <= LONGEST_IN_ADDRESS and has_sentences(text)
    address = _address(text, names)
    return {
        "comparison": comparison,
        "pieces": marked_text(comparison.text, [(m.start, m.end, m) for m in comparison.evidence]),
        "hues": hues,
        "lines": lines,
        "quoted": _quoted(comparison.evidence, lines),
        "layout": layout if layout.weight >= FEWEST_LAYOUT_WEIGHT else None,
        "sentences": passages
        and marked_text(comparison.text, [(each.start, each.end, each) for each in passages]),
        "tally": tally,
        "several_hands": bool(tally) and tally[0][1] < ONE_HAND * len(passages),
        "other_times": other_times,
        "foreign_language": await _foreign_language(comparison),
        "other_view": has_other_view and (address if by_sentence else f"{address}&by=sentence"),
        "card": await resources().cards.find_or_ask(names, is_aside=True),
        "card_address": url_for("cards.show_card", username=names),
        "again_after_s": RETRY_AFTER_S,
        "made_at": now(),
        "strong_weight": STRONG_WEIGHT,
        "sure": SURE,
        "looked_through": RECENT_POSTS,
    }


async def _foreign_language(comparison: Comparison) -> str | None:
    """Return `ko` or `other` if the text has a language in which these authors have no posts."""
    names = tuple(ranked.username for ranked in comparison.ranking)
    async with resources().db.read() as session:
        korean = await count_by_author(session, Selection(usernames=names, lang="ko"))
        if guess_language(comparison.text) == "ko":
            return None if korean else "ko"
        stored = await count_by_author(session, Selection(usernames=names))
    return "other" if stored and korean == stored else None


async def _other_times(session: AsyncSession, ranked: Sequence[str]) -> list[tuple[str, str]]:
    """Return the first author and the next whose posts are all older or newer, with their times."""
    found = await authors_by_key(session, [username_key(name) for name in ranked])
    authors = [found[key] for key in map(username_key, ranked) if key in found]
    best, *others = [
        (each.username, each.first_tweet_at.date(), each.newest_tweet_at.date())
        for each in authors
        if each.first_tweet_at and each.newest_tweet_at
    ] or [("", date.min, date.max)]
    for other in others:
        if best[0] == ranked[0] and (other[1] > best[2] or other[2] < best[1]):
            day = timedelta(days=1)
            return [(name, show_period(first, last + day)) for name, first, last in (best, other)]
    return []


def _address(text: str, names: list[str]) -> str:
    """Return the shareable address of a comparison."""
    query = urlencode([("text", text), *(("username", name) for name in names)])
    return f"{url_for('compare.show_compare')}?{query}"


def _quoted(evidence: Sequence[Evidence], usernames: Iterable[str]) -> dict[str, list[str]]:
    quoted: dict[str, dict[str, None]] = {username: {} for username in usernames}
    for mark in sorted(evidence, key=lambda mark: -mark.weight):
        if (text := " ".join(mark.text.split())) and mark.username in quoted:
            quoted[mark.username].setdefault(text)
    return {username: list(texts)[:QUOTED] for username, texts in quoted.items()}
