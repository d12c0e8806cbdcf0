"""An answer in words, for pages, pictures and the terminal."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from msgspec import structs

from app.language.i18n import (
    gettext,
    gettext_noop,
    ngettext,
    show_date,
    show_list,
    show_number,
    show_percent,
)
from app.runtime.clock import remembered_zone
from app.services.compare.batch_lines import Summary
from app.services.compare.stored_texts import MOST_AUTHORS
from app.views.cast import shown_name
from saywho.comparing.verdict import EXPLAINED, Comparison, StoredPost
from saywho.engine.case import KNOWN_FEATURES
from saywho.engine.evidence import place_in
from saywho.engine.judgement import (
    FEWEST_JUDGED,
    FURTHER_WORDS,
    GRANTED_WORDS,
    SURE,
    UNFAMILIAR,
    Limit,
)
from saywho.engine.measured_rates import BELIEFS, measured_rates
from saywho.engine.population import FEWEST_POSTS
from saywho.text import guess_language

NOT_FOR: Final = gettext_noop(
    "Do not use this to find out who is behind an anonymous account, or as "
    "the only ground for an accusation, a punishment, a grade or a "
    "publication. It is one piece of evidence among many, and an expert "
    "should weigh it."
)
LIMITS: Final[dict[Limit, str]] = {
    "few_authors": gettext_noop("Only a few other authors here write this language."),
    "elsewhere": gettext_noop(
        "No one else here writes this language, so the text was compared only with people from "
        "elsewhere. About {number} in 100 texts by people in the author’s own circle may be "
        "mistaken for the author’s."
    ),
    "unknown_language": gettext_noop(
        "For some of these authors, saywho knows too few other people here who "
        "write their language, so it compared them with no one else."
    ),
    "other_platform": gettext_noop("These authors write on different platforms."),
    "other_period": gettext_noop("The posts of these authors are from different times."),
    "topic": gettext_noop("The topic of the text may count more here than its style."),
}
"""Sentences for limits of the whole answer."""
ELSEWHERE_ALONE: Final = gettext_noop("The text was compared only with people from elsewhere.")
"""For beliefs and languages without `LIMITS`' measured share."""
UNKNOWN_LANGUAGE: Final = gettext_noop(
    "saywho knows fewer than eight other people here who write this language, so it cannot say how "
    "usual this is."
)
MOST_LISTED: Final = 3
"""Authors named in a sentence; of more the number is given."""

Lean = Literal[
    "likely",
    "unfamiliar",
    "nobody",
    "leading",
    "nearly",
    "unjudged",
    "undecided",
    "several",
    "doubted",
    "open",
    "anyone",
    "rivalled",
    "unknown",
]
"""Result of the bars.

Close answers: someone else leads (nobody); an author leads, nearly has the share, or has too few
posts; two or several authors, or an author and someone else are close; someone else leads two
authors (open), several authors (anyone) or an author (rivalled).
"""

HEADINGS: Final[dict[Lean, tuple[str, ...]]] = {
    "likely": (
        gettext_noop("Reads like {username}"),
        gettext_noop("Most like {username} among these {count}"),
        gettext_noop("Most like {username} among the authors here"),
    ),
    "unfamiliar": (
        gettext_noop("Does not read like {username}"),
        gettext_noop("Reads like none of them"),
    ),
    "nobody": (
        gettext_noop("Perhaps someone else, not {username}"),
        gettext_noop("Perhaps none of these {count}. The closest is {username}"),
        gettext_noop("Perhaps none of the authors here. The closest is {username}"),
    ),
    "leading": (gettext_noop("Perhaps {username}, but not certain enough"),),
    "nearly": (gettext_noop("Perhaps {username}, but not quite certain enough"),),
    "unjudged": (
        gettext_noop("Perhaps {username}, but there are too few of their posts here to say so"),
    ),
    "undecided": (gettext_noop("Too close to call: {username} or {rival}"),),
    "several": (gettext_noop("Too close to call: one of {close} authors"),),
    "doubted": (gettext_noop("Too close to call: {username} or someone else"),),
    "open": (gettext_noop("Too close to call: someone else, {username} or {rival}"),),
    "anyone": (gettext_noop("Too close to call: someone else or one of {close} authors"),),
    "rivalled": (gettext_noop("Too close to call: someone else or {username}"),),
    "unknown": (gettext_noop("Too little to go on"),),
}
"""For one, several and all compared authors; the last for the rest."""


@dataclass(frozen=True, slots=True)
class Bar:
    username: str | None
    share: float
    """Probability that one of the authors wrote it, times the author's among them."""
    tweets: int
    pieces: int = 0


def bars_of(comparison: Comparison) -> list[Bar]:
    """Return the bars, likeliest first, with someone else's unless it was granted that one of them
    wrote it; none without someone else's probability.
    """
    none = comparison.none
    if none is None:
        return []
    bars = [
        Bar(ranked.username, (1 - none) * ranked.probability, ranked.tweets, ranked.pieces)
        for ranked in comparison.ranking
    ]
    rest = [] if comparison.taken_for_granted else [Bar(None, none, 0)]
    return sorted([*bars, *rest], key=lambda bar: -bar.share)


def lean_of(comparison: Comparison) -> Lean:
    if comparison.none is None:
        return "unknown"
    if comparison.verdict in ("likely", "unfamiliar"):
        return comparison.verdict
    leader, second, *others = bars_of(comparison)
    if leader.username is None:
        # Together, several authors may be likelier than someone else, though none of them is.
        if leader.share >= 0.5:
            return "nobody"
        # The second of many unlikely authors would be named by chance.
        if others and _are_close(second, others[0]):
            return "anyone" if _close_authors(comparison) > 2 else "open"
        return "rivalled"
    if leader.share < UNFAMILIAR and _are_close(leader, second):
        if second.username is None:
            return "doubted"
        return "several" if _close_authors(comparison) > 2 else "undecided"
    if leader.pieces < FEWEST_JUDGED:
        return "unjudged"
    # Beside a bar that is rounded to the threshold, the threshold would be a contradiction.
    return "leading" if math.ceil(100 * leader.share) < 100 * comparison.needed else "nearly"


def _are_close(likelier: Bar, other: Bar) -> bool:
    return other.share >= likelier.share / 2


def _close_authors(comparison: Comparison) -> int:
    authors = [bar for bar in bars_of(comparison) if bar.username is not None]
    return sum(_are_close(authors[0], author) for author in authors)


def sentences_of(comparison: Comparison, *, is_named: bool) -> Iterator[str]:
    """Yield what the answer says before its numbers, except `stored_of`."""
    yield heading_of(comparison, is_named=is_named)
    said, folded = told_of(comparison, is_named=is_named)
    around = [heads_of(comparison), quoted_of(comparison), read_before(comparison)]
    yield from filter(None, [*said, *around, *folded])


def told_of(comparison: Comparison, *, is_named: bool) -> tuple[list[str], list[str]]:
    """Return what a page says below the heading, and what it folds: one sentence says how far an
    answer is sure, with the number that would help.
    """
    if comparison.none is None:
        return reasons_of(comparison, is_named=is_named), []
    granted, more = granted_of(comparison), more_text_of(comparison)
    held, needed = held_back_of(comparison), threshold_of(comparison)
    said = [held, *why_nobody(comparison), *more[:1], needed, chance_of(comparison)]
    said += [against_of(comparison), *more[1:], little_known_of(comparison)]
    first, *rest = [*filter(None, said), ""]
    return [*filter(None, [granted, first])], rest[:-1]


def granted_of(comparison: Comparison) -> str | None:
    """Return what the answer takes for granted, if anything."""
    if not comparison.taken_for_granted or comparison.none is None:
        return None
    text = gettext("Taken for granted: one of these {count} wrote it.")
    return text.format(count=show_number(comparison.compared))


def heading_of(comparison: Comparison, *, is_named: bool) -> str:
    if comparison.is_mixed:
        return gettext("Several people wrote this")
    names, count = [ranked.username for ranked in comparison.ranking], len(comparison.ranking)
    facts = {
        "count": count,
        "username": shown_name(names[0]),
        "rival": shown_name(names[1]) if count > 1 else "",
    }
    if comparison.none is None and not (
        _are_small(comparison) or _lacking(comparison, is_named=is_named)
    ):
        return gettext("Too few other people to compare with in this language")
    is_lacking = comparison.none is not None or _lacking(comparison, is_named=is_named)
    if not is_lacking and (nearest := _nearest_of(comparison)):
        return nearest.rstrip(".")
    headings = HEADINGS[lean_of(comparison)]
    if comparison.none is not None:
        facts["close"] = show_number(_close_authors(comparison))
    place = 0 if count == 1 else 1 if is_named else 2
    guess = gettext(headings[min(place, len(headings) - 1)]).format(**facts)
    writers = {post.username for post in writers_of(comparison)}
    if not writers or (comparison.verdict == "likely" and names[0] in writers):
        return guess
    # Who wrote it is known, and is not what the guess says.
    return gettext("By style alone: {guess}").format(guess=guess)


def reasons_of(comparison: Comparison, *, is_named: bool) -> list[str]:
    """Return why the answer has no probabilities; none if it has."""
    if comparison.none is not None:
        return []
    if comparison.is_mixed:
        return [
            gettext(
                "saywho does not judge several people as a single person. Choose the "
                "person to judge."
            )
        ]
    if lacking := _lacking(comparison, is_named=is_named):
        return lacking
    ranking = comparison.ranking
    is_foreign = _is_foreign(ranking[0].username, comparison)
    if _are_small(comparison):
        text = gettext(
            "If no author has {count} posts or more, saywho cannot judge whether someone else "
            "wrote the text."
        )
        reasons = [text.format(count=FEWEST_POSTS)]
    elif is_foreign and "unknown_language" not in comparison.limits:
        foreign = comparison.weak["other_language"]
        reasons = [_of_authors("other_language", foreign, comparison)]
    else:
        reasons = [gettext(UNKNOWN_LANGUAGE)]
    nearest = "" if _are_small(comparison) else _nearest_of(comparison)
    return [*reasons, nearest] if nearest else reasons


def _nearest_of(comparison: Comparison) -> str:
    """Return whom the text is most like among these; empty if no one is clear, or in the language.

    It is no verdict, since a verdict leaves room for someone else.
    """
    ranking, least_among_them = comparison.ranking, 0.81
    best, size = ranking[0], len(ranking)
    if size < 2 or best.probability < least_among_them or _is_foreign(best.username, comparison):
        return ""
    text = gettext("If one of these {count} wrote it, it is most like {username}.")
    return text.format(count=size, username=shown_name(best.username))


def _lacking(comparison: Comparison, *, is_named: bool) -> list[str]:
    ranking, sentences = comparison.ranking, list[str]()
    if comparison.short == "words":
        sentences.append(gettext("Please write more: at least four words are needed."))
    few = _unjudged(comparison)
    if few and (is_named or len(few) == len(ranking)):
        sentences.append(_too_few(few, len(ranking)))
    return sentences


def _unjudged(comparison: Comparison) -> list[str]:
    return [ranked.username for ranked in comparison.ranking if ranked.pieces < FEWEST_JUDGED]


def _are_small(comparison: Comparison) -> bool:
    return all(ranked.tweets < FEWEST_POSTS for ranked in comparison.ranking)


def why_short(comparison: Comparison) -> str:
    """Return briefly why nobody is judged."""
    told = {
        "words": gettext("fewer than four words"),
        "posts": gettext("fewer than ten posts of the author"),
        "others": gettext("too few other people of the language are known"),
        "people": gettext("several people wrote it"),
    }
    return told[comparison.short or "words"]


def _too_few(names: list[str], total: int) -> str:
    text = ngettext(
        "{names} has fewer than ten posts with words here.",
        "{names} have fewer than ten posts with words here.",
        len(names),
    )
    listed = _listed(names, total)
    return text.format(names=listed.capitalize() if len(names) > MOST_LISTED else listed)


def _listed(names: list[str], total: int) -> str:
    """Return the names of these of all authors, or the number of many."""
    if len(names) <= MOST_LISTED:
        return show_list([shown_name(name) for name in names])
    text = gettext("{count} of the {total} authors")
    if len(names) == total:
        text = gettext("all {total} authors")
    return text.format(count=show_number(len(names)), total=show_number(total))


def limits_of(comparison: Comparison) -> list[str]:
    """Return the answer's weaknesses; for a short text, only few posts."""
    if comparison.verdict == "short":
        # The reasons name the authors with too few posts for any verdict.
        few, unjudged = comparison.weak.get("few_posts", []), _unjudged(comparison)
        further = [name for name in few if name not in unjudged]
        return [_of_authors("few_posts", further, comparison)] if further else []
    # These are in the reasons, or in the answer if the text reads like none of the authors.
    reasoned = {"few_authors", "unknown_language"} if comparison.none is None else set[Limit]()
    if comparison.none is None and _is_foreign(comparison.ranking[0].username, comparison):
        # More posts in another language would not help, and the topic does not matter.
        reasoned |= {"other_language", "few_posts", "topic"}
    if is_of_no_language_here(comparison) or comparison.held_back == "language":
        reasoned.add("other_language")
    if comparison.verdict == "unfamiliar" or comparison.none is None:
        reasoned.add("lone_author")  # No author is named, so no one is mistaken for the author.
    if little_known_of(comparison) and len(comparison.weak["few_posts"]) == 1:
        reasoned.add("few_posts")  # The answer says it.
    limits = [_limit(limit, comparison) for limit in comparison.limits if limit not in reasoned]
    if comparison.model.outgrown:
        limits.append(
            gettext(
                "Many posts were just added or deleted. saywho is updating the data behind this "
                "answer, so the answer may change soon."
            )
        )
    return limits


def little_known_of(comparison: Comparison) -> str | None:
    """Return how little is known of the likeliest author; None if enough is, or no one is named."""
    first = comparison.ranking[0].username
    if comparison.verdict not in ("likely", "close") or comparison.nothing_like:
        return None
    if first not in comparison.weak.get("few_posts", []):
        return None
    return _little_known([first], comparison)


def _limit(limit: Limit, comparison: Comparison) -> str:
    if limit == "elsewhere" and (
        comparison.sure != SURE
        or _is_foreign(comparison.ranking[0].username, comparison)
        or (comparison.none is not None and comparison.strangers is None)
    ):
        return gettext(ELSEWHERE_ALONE)
    if limit in LIMITS:
        return gettext(LIMITS[limit]).format(number=_in_100(measured_rates().told.elsewhere))
    if limit == "lone_author":
        return _lone(comparison.weak.get(limit, []), comparison)
    return _of_authors(limit, comparison.weak.get(limit, []), comparison)


def _lone(names: list[str], comparison: Comparison) -> str:
    """Return a sentence on authors without anyone alike, and errors in their circle."""
    text = ngettext(
        "No other author here writes like {names}. So saywho "
        "may confuse {names} with people who write alike, such as friends or colleagues.",
        "For {names}, no one else here has similar writing. So saywho may confuse them "
        "with people who write alike, such as friends or colleagues.",
        len(names),
    )
    alone = text.format(names=_listed(names, len(comparison.ranking)))
    if comparison.sure != SURE or comparison.strangers is None:
        # The share was measured for this starting belief, in Korean and English.
        circle = gettext(
            "A text by someone in the same circle, such as a team or a chat, may often be "
            "mistaken for the author’s."
        )
        return f"{alone} {circle}"
    language = guess_language(comparison.judged_text)
    number = _in_100(measured_rates().told.passing(language, comparison.texts))
    circle = gettext(
        "About {number} in 100 texts by people in the same circle, such as a team or a chat, "
        "may be mistaken for the author’s."
    )
    return f"{alone} {circle.format(number=number)}"


def _in_100(share: float) -> int:
    """Return a measured share as a round number: circles differ by much more than 5 in 100."""
    return 5 * math.ceil(round(20 * share, 6))


def is_of_no_language_here(comparison: Comparison) -> bool:
    """Return whether the text is unfamiliar since all authors write another language."""
    foreign = comparison.weak.get("other_language", [])
    return comparison.verdict == "unfamiliar" and len(foreign) == len(comparison.ranking)


def _is_foreign(username: str, comparison: Comparison) -> bool:
    return username in comparison.weak.get("other_language", [])


def _of_authors(limit: Limit, names: list[str], comparison: Comparison) -> str:
    if limit == "few_posts":
        return _little_known(names, comparison)
    text = ngettext(
        "The text seems to be in a language that {names} rarely or never writes.",
        "The text seems to be in a language that {names} rarely or never write.",
        len(names),
    )
    return text.format(names=_listed(names, len(comparison.ranking)))


def _little_known(names: list[str], comparison: Comparison) -> str:
    """Return how little is known of authors, by the text that counts."""
    enough = show_number(KNOWN_FEATURES)
    if len(names) > 1:
        text = gettext(
            "Little is known of {names}: fewer than {enough} characters each, if "
            "equal posts count once. Words that they never wrote say nothing here."
        )
        return text.format(names=_listed(names, len(comparison.ranking)), enough=enough)
    (author,) = [ranked for ranked in comparison.ranking if ranked.username == names[0]]
    text = gettext(
        "Little is known of {name}: {count} posts with words, but only about "
        "{characters} characters if equal posts count once. Words that {name} "
        "never wrote say nothing here, for or against {name}."
    )
    if author.tweets == 1:
        text = gettext(
            "Little is known of {name}: {count} post with words, about {characters} characters. "
            "Words that {name} never wrote say nothing here, for or against {name}."
        )
    rounded = round(author.characters, 2 - len(str(author.characters)))
    return text.format(
        name=shown_name(author.username),
        count=show_number(author.tweets),
        characters=show_number(rounded),
    )


def why_nobody(comparison: Comparison) -> list[str]:
    """Return why the text is like none of the authors."""
    if comparison.nothing_like:
        return [_nothing_like(comparison)]
    if comparison.verdict != "unfamiliar":
        return []
    unwritten = [_unwritten(comparison)] if comparison.unwritten else []
    if is_of_no_language_here(comparison):  # The nearest author is the one with the fewest posts.
        return [_foreign(comparison), *unwritten]
    return [*unwritten, _nearest(comparison)]


def held_back_of(comparison: Comparison) -> str | None:
    """Return why the first author is not called likely, though probable enough."""
    if comparison.held_back is None:
        return None
    first = shown_name(comparison.ranking[0].username)
    if comparison.held_back == "language":
        text = gettext(
            "The text fits {first} best, but does not seem to be in a language that "
            "{first} writes here. So saywho names no author."
        )
        return text.format(first=first)
    if comparison.held_back == "words":
        text = gettext(
            "The text fits {first} best, but is too short to say so. From {count} words on, "
            "saywho can name an author."
        )
        count = GRANTED_WORDS if comparison.taken_for_granted else FURTHER_WORDS
        return text.format(first=first, count=show_number(count))
    if comparison.held_back == "rival":
        text = gettext(
            "Among these authors, the text fits {first} best. Compared with other "
            "people, it fits {rival} better. So saywho names no author."
        )
        return text.format(first=first, rival=shown_name(comparison.rival or ""))
    if comparison.unlike:
        odd = len(comparison.unlike)
        text = ngettext(
            "{odd} of the {count} messages reads like someone else. So saywho names no author.",
            "{odd} of the {count} messages read like someone else. So saywho names no author.",
            odd,
        )
        return text.format(odd=show_number(odd), count=show_number(comparison.texts))
    text = gettext(
        "Only layout, links, numbers or signs fit {first}, and no words. So saywho names no author."
    )
    return text.format(first=first)


def against_of(comparison: Comparison) -> str | None:
    """Return which of several texts reads unlike the others."""
    if not comparison.unlike:
        return None
    numbers = [show_number(place + 1) for place in comparison.unlike]
    if comparison.held_back == "texts":
        text = ngettext("It is text {numbers}.", "They are texts {numbers}.", len(numbers))
        return text.format(numbers=show_list(numbers))
    text = gettext(
        "Text {number} of {count} speaks against {name}, while the rest speak "
        "for {name}. If someone else may have written it, ask without it."
    )
    return text.format(
        number=numbers[0],
        count=show_number(comparison.texts),
        name=shown_name(comparison.ranking[0].username),
    )


def _nothing_like(comparison: Comparison) -> str:
    is_alone = len(comparison.ranking) == 1
    texts = {
        "letters": gettext("{name} has never written in this language here.")
        if is_alone
        else gettext("The closest, {name}, has never written in this language here."),
        "language": gettext("{name} does not seem to have written in this language here.")
        if is_alone
        else gettext("The closest, {name}, does not seem to have written in this language here."),
        "kind": gettext("{name} has written nothing like this here.")
        if is_alone
        else gettext("The closest, {name}, has written nothing like this here."),
    }
    name = shown_name(comparison.ranking[0].username)
    return texts[comparison.nothing_like or "kind"].format(name=name)


def strange_places(comparison: Comparison) -> list[tuple[int, int]]:
    if comparison.verdict != "unfamiliar":
        return []
    places = (place_in(comparison.judged_text, word) for word in comparison.unwritten or ())
    return sorted(place for place in places if place)


def _nearest(comparison: Comparison) -> str:
    nearest = next(bar for bar in bars_of(comparison) if bar.username is not None)
    is_alone, is_least = len(comparison.ranking) == 1, nearest.share < 0.01
    if is_alone and is_least:
        text = gettext("The chance that it was {username} is still under 1%.")
    elif is_alone:
        text = gettext("There is still a {share} chance that it was {username}.")
    elif is_least:
        text = gettext("The closest is {username}, with a chance of under 1%.")
    else:
        text = gettext("The closest is {username}, with a {share} chance.")
    name = shown_name(nearest.username or "")
    return text.format(username=name, share=show_percent(nearest.share))


def _foreign(comparison: Comparison) -> str:
    if len(comparison.ranking) == 1:
        text = gettext("The text does not seem to be in the language that {username} writes.")
        return text.format(username=shown_name(comparison.ranking[0].username))
    return gettext("These authors do not seem to write the language of this text.")


def _unwritten(comparison: Comparison) -> str:
    quoted = [gettext("“{word}”").format(word=word) for word in comparison.unwritten or ()]
    count = len(comparison.ranking)
    if count == 1:
        text = gettext("{username} never writes {words}.")
    elif count <= EXPLAINED:
        text = gettext("These authors never write {words}.")
    else:
        text = gettext("The four closest authors never write {words}.")
    return text.format(username=shown_name(comparison.ranking[0].username), words=show_list(quoted))


def writers_of(comparison: Comparison) -> list[StoredPost]:
    """Return a post with exactly this text by each author who posted it."""
    return [*(comparison.read_in or ())]


def stored_of(comparison: Comparison, *, has_room: bool = True) -> str | None:
    """Return all authors who posted exactly this text, how often, when, and in which chat.

    has_room: whether chats are named.
    """
    posts = writers_of(comparison)
    if not posts:
        return None
    if not has_room:
        posts = [structs.replace(post, room=None) for post in posts]
    return _written_by_one(posts[0]) if len(posts) == 1 else _written_by_several(posts)


def read_before(comparison: Comparison) -> str | None:
    """Return that a compared author's post has this text; None for a new or short text."""
    compared = {each.username for each in comparison.ranking}
    if comparison.verdict == "short" or compared.isdisjoint(comparison.read_of or ()):
        return None
    return gettext("saywho has already read it, so the answer is more certain than for a new text.")


def date_of(post: StoredPost) -> str:
    """Return the day of a post in its chat, or in UTC; empty if unknown."""
    if post.posted_at is None:
        return ""
    return show_date(post.posted_at.astimezone(remembered_zone(post.tz)).date())


def _written_by_several(posts: list[StoredPost]) -> str:
    shown = [_times_of(post) for post in posts]
    if len(posts) >= MOST_AUTHORS:  # More are not looked up.
        shown.append(gettext("perhaps more people"))
    rooms = {post.room for post in posts}
    if len(rooms) == 1 and posts[0].room:
        text = gettext("Several people wrote exactly this in the chat {room}: {names}.")
        return text.format(room=posts[0].room, names=show_list(shown))
    text = gettext("Several people wrote exactly this here: {names}.")
    return text.format(names=show_list(shown))


def _times_of(post: StoredPost) -> str:
    facts = [date_of(post)]
    if post.count:  # Several texts were asked about otherwise.
        times = ngettext("{count} time", "{count} times", post.count)
        facts.append(times.format(count=show_number(post.count)))
    told, name = ", ".join(filter(None, facts)), shown_name(post.username)
    return gettext("{name} ({facts})").format(name=name, facts=told) if told else name


def _written_by_one(post: StoredPost) -> str:
    count, date = post.count or 1, date_of(post)
    if post.room and count > 1:
        said = gettext("{name} wrote exactly this {count} times, in the chat {room}.")
    elif post.room:
        said = gettext("{name} wrote exactly this, in the chat {room}.")
    elif count > 1:
        said = gettext("{name} wrote exactly this {count} times here.")
    else:
        said = gettext("{name} wrote exactly this here.")
    name = shown_name(post.username)
    said = said.format(name=name, count=show_number(count), room=post.room)
    if not date:
        return said
    when = gettext("One of them is from {date}.") if count > 1 else gettext("It is from {date}.")
    return f"{said} {when.format(date=date)}"


def quoted_of(comparison: Comparison) -> str | None:
    """Return how many words were judged, if quoted lines were not."""
    if not comparison.quoted:
        return None
    text = ngettext(
        "The quoted lines were not judged: {judged} of {total} words was.",
        "The quoted lines were not judged: {judged} of {total} words were.",
        comparison.words,
    )
    total = comparison.words + comparison.quoted
    return text.format(judged=show_number(comparison.words), total=show_number(total))


def heads_of(comparison: Comparison) -> str | None:
    """Return how many messages were judged without the heads of a chat."""
    if not comparison.heads:
        return None
    people = comparison.people or []
    if comparison.person:
        count = sum(each.messages for each in people if each.name == comparison.person)
        text = ngettext(
            "Only {count} message by {name} was judged, without its name and time.",
            "Only the {count} messages by {name} were judged, without names and times.",
            count,
        )
        return text.format(name=comparison.person, count=show_number(count))
    return gettext("The names and times in front of the messages were not judged.")


def chance_of(comparison: Comparison) -> str | None:
    """Return the chance of a mistake, as the bars show it; None if no author is named or close."""
    if comparison.none is None or comparison.verdict == "unfamiliar" or comparison.nothing_like:
        return None
    if comparison.taken_for_granted:
        return None
    if comparison.none < 0.01:
        return gettext("The chance that someone else wrote it is under 1%.")
    text = gettext("The chance that someone else wrote it is {share}.")
    return text.format(share=show_percent(comparison.none))


def rate_of(comparison: Comparison) -> str | None:
    """Return how many of 100 strangers' texts are attributed to an author."""
    if comparison.taken_for_granted:
        return None
    if comparison.strangers is None:
        if comparison.none is None or _is_foreign(comparison.ranking[0].username, comparison):
            return None
        return gettext(
            "How often texts by strangers get such an answer is told only in Korean and English."
        )
    number = round(100 * comparison.strangers)
    if comparison.sure > BELIEFS[-1]:
        text = gettext(
            "With a starting belief of {sure}, more than {number} in 100 such texts by "
            "strangers get this kind of answer."
        )
    elif comparison.verdict == "likely":
        text = gettext("About {number} in 100 such texts by strangers would get this answer too.")
    elif len(comparison.ranking) == 1:
        text = gettext(
            "About {number} in 100 such texts by strangers would be attributed to this author."
        )
    else:
        text = gettext(
            "About {number} in 100 such texts by strangers would be attributed to "
            "an author named here."
        )
    return text.format(number=show_number(max(number, 1)), sure=show_percent(comparison.sure))


def threshold_of(comparison: Comparison) -> str | None:
    """Return the needed share, if the first author clearly has less."""
    if comparison.needed >= 1 and lean_of(comparison) in ("leading", "nearly"):
        return gettext(
            "In this language it is not known how often such an answer is right, so saywho "
            "names no author."
        )
    if lean_of(comparison) != "leading":
        return None
    text = gettext(
        "saywho is certain enough only at {needed} or more, because below that too many answers "
        "would be wrong."
    )
    return text.format(needed=show_percent(comparison.needed))


def more_text_of(comparison: Comparison) -> list[str]:
    """Return how much more text decides such cases, with a caution."""
    if comparison.verdict != "close" or comparison.strangers is None or comparison.read_in:
        return []  # It was measured in Korean and English. Who wrote a stored text is known.
    if comparison.ranking[0].pieces < FEWEST_JUDGED:  # More posts of the author are needed.
        return []
    if comparison.more is None:
        return [gettext("More text like this would hardly help.")]
    text = ngettext(
        "About {messages} more post by the same person would decide eight in ten such cases.",
        "About {messages} more posts by the same person would decide eight in ten such cases.",
        comparison.more.messages,
    )
    caution = gettext(
        "A decided answer can still be wrong. Add only new posts by this person, and do not "
        "repeat this until you like the answer. Each try makes it more likely that a text by "
        "someone else is attributed to an author here."
    )
    return [text.format(messages=show_number(comparison.more.messages)), caution]


def summary_sentences(summary: Summary) -> list[str]:
    """Return what the lines say together, the most important first."""
    judged = ngettext(
        "{count} line could be judged.", "{count} lines could be judged.", summary.judged
    ).format(count=show_number(summary.judged))
    sentences = [judged if summary.judged else gettext("No line could be judged.")]
    if summary.likely:
        sentences.append(
            ngettext(
                "{count} line is called likely.", "{count} lines are called likely.", summary.likely
            ).format(count=show_number(summary.likely))
            + " "
            + gettext(
                "Expect up to {wrong} of them to be wrong, and more if someone who "
                "writes like an author wrote some of the lines."
            ).format(wrong=show_number(math.ceil(summary.wrong_expected)))
        )
    return sentences
