"""Findings as sentences, and an author's habits in words.

The code decides which finding is shown, the table here how it is written. A finding with variants
has a text, which the catalogue translates, for each: `tell("nothing_apart", "two", name=…)`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from app.language.i18n import (
    gettext,
    gettext_noop as _,
    gettext_of_past,
    ngettext,
    ngettext_noop,
    show_month_day,
    show_number,
    show_percent,
)
from app.views.cast import display_name
from saywho.people.fingerprint import Measure, positive_first
from saywho.people.phrases import Phrase
from saywho.significance import ALMOST_EVERY, HARDLY_ANY, are_most

Text = str | tuple[str, str]
"""A sentence, or its singular and plural."""

_USES: Final = {
    "more": _("uses {what} {often}"),
    "less": _("uses {what} less often than {others} ({often})"),
    "ahead": _("uses {what} more often than {others} ({often})"),
    "none": _("never uses {what}"),
    "many": _("{count} use {what}"),
    "rose": _("More {what} than in {year}: {value}, before {before}."),
    "fell": _("Fewer {what} than in {year}: {value}, before {before}."),
}
"""The sentences of a habit to use `what`."""
HABITS: Final[Mapping[str, Mapping[str, str]]] = {
    "length": {
        "more": _("writes longer posts than {others} ({words})"),
        "ahead": _("writes longer posts than {others} ({words})"),
        "less": _("writes shorter posts than {others} ({words})"),
        "none": _("writes shorter posts than {others} ({words})"),
        "rose": _("Longer posts than in {year}: {value}, before {before}."),
        "fell": _("Shorter posts than in {year}: {value}, before {before}."),
        "many": _("{count} write longer messages"),
        "label": _("Length"),
    },
    "questions": _USES | {"what": _("question marks"), "label": _("Question marks")},
    "exclamations": _USES | {"what": _("exclamation marks"), "label": _("Exclamations")},
    "laughing": {
        "more": _("laughs {often} (most often “{sign}”)"),
        "more without sign": _("laughs {often}"),
        "less": _("laughs less often in writing than {others} ({often})"),
        "ahead": _("laughs more often in writing than {others} ({often})"),
        "none": _("never laughs in writing"),
        "rose": _("More laughing than in {year}: {value}, before {before}."),
        "fell": _("Less laughing than in {year}: {value}, before {before}."),
        "many": _("{count} laugh in writing"),
        "label": _("Laughs (most often {sign})"),
        "label without sign": _("Laughs"),
    },
    "emoji": _USES
    | {
        "what": _("emoji"),
        "label": _("Emoji (most often {sign})"),
        "label without sign": _("Emoji"),
    },
    "endings": {
        "more": _("ends with “{sign}” {often}"),
        "less": _("ends with “{sign}” less often than {others} ({often})"),
        "ahead": _("ends with “{sign}” more often than {others} ({often})"),
        "none": _("never ends with “{sign}”"),
        "rose": _("More often “{sign}” at the end than in {year}: {value}, before {before}."),
        "fell": _("Less often “{sign}” at the end than in {year}: {value}, before {before}."),
        "many": _("{count} end with “{sign}”"),
        "label": _("Ends with {sign}"),
    },
    "politeness": {
        "more": _("speaks politely ({often} of the sentences)"),
        "less": _("speaks politely less often than {others} ({often})"),
        "ahead": _("speaks politely more often than {others} ({often})"),
        "none": _("never speaks politely"),
        "rose": _("More polite sentences than in {year}: {value}, before {before}."),
        "fell": _("Fewer polite sentences than in {year}: {value}, before {before}."),
        "many": _("{count} speak politely"),
        "label": _("Polite speech"),
    },
    "beginnings": {
        "more": _("starts with a lowercase letter {often}"),
        "less": _("starts with a lowercase letter less often than {others} ({often})"),
        "ahead": _("starts with a lowercase letter more often than {others} ({often})"),
        "none": _("never starts with a lowercase letter"),
        "rose": _("More lowercase starts than in {year}: {value}, before {before}."),
        "fell": _("Fewer lowercase starts than in {year}: {value}, before {before}."),
        "many": _("{count} start with a lowercase letter"),
        "label": _("Lowercase start"),
    },
    "capitals": {
        "more": _("writes in capitals {often}"),
        "less": _("writes in capitals less often than {others} ({often})"),
        "ahead": _("writes in capitals more often than {others} ({often})"),
        "none": _("never writes in capitals"),
        "rose": _("More capitals than in {year}: {value}, before {before}."),
        "fell": _("Fewer capitals than in {year}: {value}, before {before}."),
        "many": _("{count} write in capitals"),
        "label": _("All in capitals"),
    },
    "capital_words": {
        "more": _("writes words in capitals {often}"),
        "less": _("writes words in capitals less often than {others} ({often})"),
        "ahead": _("writes words in capitals more often than {others} ({often})"),
        "none": _("never writes a word in capitals"),
        "rose": _("More words in capitals than in {year}: {value}, before {before}."),
        "fell": _("Fewer words in capitals than in {year}: {value}, before {before}."),
        "many": _("{count} write words in capitals"),
        "label": _("Words in capitals"),
    },
    "lengthened": {
        "more": _("lengthens letters {often}"),
        "less": _("lengthens letters less often than {others} ({often})"),
        "ahead": _("lengthens letters more often than {others} ({often})"),
        "none": _("never lengthens letters"),
        "rose": _("More lengthened letters than in {year}: {value}, before {before}."),
        "fell": _("Fewer lengthened letters than in {year}: {value}, before {before}."),
        "many": _("{count} lengthen letters"),
        "label": _("Lengthened letters"),
    },
    "unspaced": {
        "more": _("writes without spaces {often}"),
        "less": _("writes without spaces less often than {others} ({often})"),
        "ahead": _("writes without spaces more often than {others} ({often})"),
        "none": _("never writes a sentence without spaces"),
        "rose": _("More without spaces than in {year}: {value}, before {before}."),
        "fell": _("Less without spaces than in {year}: {value}, before {before}."),
        "many": _("{count} write without spaces"),
        "label": _("No spaces"),
    },
    "turns": {
        "more": _("sends several messages in a row ({often} of the turns)"),
        "less": _("sends several messages in a row less often than {others} ({often})"),
        "ahead": _("sends several messages in a row more often than {others} ({often})"),
        "none": _("never sends two messages in a row"),
        "many": _("{count} send several messages in a row"),
        "label": _("Several in a row"),
    },
    "silence": {
        "more": _("starts {often} of the conversations"),
        "less": _("starts conversations less often than {others} ({often})"),
        "ahead": _("starts conversations more often than {others} ({often})"),
        "none": _("never starts a conversation"),
        "label": _("Starts conversations"),
        "there more": _("starts {often} of the conversations in their time here"),
        "there less": _(
            "starts conversations less often than {others} in their time here ({often})"
        ),
        "there ahead": _(
            "starts conversations more often than {others} in their time here ({often})"
        ),
        "there none": _("started no conversation in their time here"),
        "there label": _("Starts conversations (in their time here)"),
    },
}
"""The measures of how somebody writes: next to others, and to the year before."""

FINDINGS: Final[Mapping[str, Text | Mapping[str, Text]]] = {
    **HABITS,
    # How often: a share of the posts.
    "often": {
        "never": _("never"),
        "hardly": _("hardly ever"),
        "hundredths": _("in {count} of 100 posts"),
        "2": _("in half of the posts"),
        "3": _("in every third post"),
        "4": _("in every fourth post"),
        "5": _("in every fifth post"),
        "6": _("in every sixth post"),
        "7": _("in every seventh post"),
        "8": _("in every eighth post"),
        "9": _("in every ninth post"),
        "10": _("in every tenth post"),
        "nth": _("in 1 of {count} posts"),
        "tenths": _("in {count} of 10 posts"),
        "percent": _("in {count} of the posts"),
        "almost all": _("in almost every post"),
        "all": _("in every post"),
    },
    "briefly": {
        "never": _("never"),
        "hardly": _("hardly ever"),
        "hundredths": _("in {count} of 100"),
        "2": _("in half"),
        "3": _("in every third"),
        "4": _("in every fourth"),
        "5": _("in every fifth"),
        "6": _("in every sixth"),
        "7": _("in every seventh"),
        "8": _("in every eighth"),
        "9": _("in every ninth"),
        "10": _("in every tenth"),
        "nth": _("in 1 of {count}"),
        "tenths": _("in {count} of 10"),
        "almost all": _("almost always"),
        "all": _("always"),
    },
    "part": {
        "1": _("every post"),
        "2": _("half of the posts"),
        "3": _("every third post"),
        "4": _("every fourth post"),
        "5": _("every fifth post"),
        "6": _("every sixth post"),
        "7": _("every seventh post"),
        "8": _("every eighth post"),
        "almost all": _("almost every post"),
        "tenths": _("{count} of 10 posts"),
    },
    # What sets somebody apart from others.
    "traits": _("{name} {traits}."),
    "joined": {"2": _("{first} and {second}"), "3": _("{first}, {second} and {third}")},
    "others": {
        "chat": _("the {count} others in this chat"),
        "site": _("{count} other authors here"),
        "samples": _("{count} other sample authors"),
        "the others": _("the others"),
        "most": _("most here"),
        "of script": _("the others who write in the same alphabet"),
        "one of script": _("the only other person who writes in the same alphabet"),
        "most of script": _("most who write in the same alphabet"),
    },
    "alone": _("There is no one else here to compare {name} with."),
    "too_few": {
        "": _("There are too few posts yet to compare {name} with others."),
        "two": _("There are too few posts yet to compare {name} with {other}."),
    },
    "nothing_apart": {
        "": _("saywho found no habit that sets {name} apart from {others}."),
        "two": _("Chance may explain every difference between {name} and {other}."),
    },
    "typical": {
        "": _("{name} writes {words} more often than the average here."),
        "shipped": _(
            "{name} writes {words} more often than the average of the {count} authors that come "
            "with saywho."
        ),
    },
    "says_more": _("{name} says “{words}” more often than {others} ({often})."),
    "says_nothing_more": {
        "": _("saywho found no word that is typical of {name}."),
        "too_few": _("There are too few messages in the same language to compare words."),
    },
    "phrase": {
        "": _("{often}; the others {often_beside}"),
        "two": _("{often}; {other} {often_beside}"),
    },
    # What sets the people of a chat apart.
    "most": {
        "": _("{name} writes most ({share})."),
        "past": _("{name} wrote most ({share})."),
        "two": _("{name} writes more ({share})."),
        "two past": _("{name} wrote more ({share})."),
    },
    "longest": {
        "": _("{name} writes the longest messages ({words})."),
        "lately": _("{name} has lately been writing the longest messages ({words})."),
        "two": _("{name} writes longer messages ({words})."),
        "two lately": _("{name} has lately been writing longer messages ({words})."),
    },
    "laugh": {
        "": _("{name} writes “{sign}” most often."),
        "lately": _("{name} has lately been writing “{sign}” most often."),
        "only": _("{name} alone writes “{sign}”."),
        "two": _("{name} writes “{sign}” more often."),
        "two lately": _("{name} has lately been writing “{sign}” more often."),
    },
    "night": {
        "": _("{name} writes at night more than the others ({share})."),
        "lately": _("{name} has lately been writing at night more than the others ({share})."),
        "two": _("{name} writes more often at night ({share})."),
        "two lately": _("{name} has lately been writing more often at night ({share})."),
    },
    "recognised": {
        "": _("{name} is easiest to recognise ({share})."),
        "two": _("{name} is easier to recognise ({share})."),
    },
    "speech": {
        "polite": _("{name} took up polite speech in {month}."),
        "plain": _("{name} dropped polite speech in {month}."),
        "both polite": _("The two took up polite speech in {month}."),
        "both plain": _("The two dropped polite speech in {month}."),
    },
    "speech_to": {
        "polite": _("{name} speaks politely to {other} alone ({share} of {count} sentences)."),
        "plain": _("{name} speaks plainly to {other} alone ({share} of {count} sentences)."),
    },
    "levels": {
        "polite": _("Only {name} speaks politely ({share} of the sentences)."),
        "plain": _("Only {name} speaks plainly ({share} of the sentences)."),
        "two polite": _(
            "{name} speaks politely ({share} of the sentences), {other} plainly ({of_other})."
        ),
    },
    # What a card says below a number or a word, which it does not repeat.
    "below": {
        "alone": _("posts, all by {name}."),
        "polite": _("Since then, {name} has spoken politely."),
        "plain": _("Since then, {name} has not spoken politely."),
        "both polite": _("Since then, the two have spoken politely."),
        "both plain": _("Since then, the two have not spoken politely."),
        "levels": _("of the sentences of {name} are polite; of everyone else’s {of_other}."),
        "speech_to": _("of what {name} says to {other} is polite; to others {of_others}."),
        "silence": _("without a post, {days}. {name} wrote first."),
        "pause": _("without a post, {days}."),
        "away": _("{name} was away, {days}."),
        "left": _("{name} left."),
        "joined": _("{name} joined."),
        "days": _("posts on {days}; {usual} on a usual day."),
        "streak": _("in a row with posts, {days}."),
        "month": _("The busiest month, with {posts}."),
        "most": _("of all {count} messages are by {name}."),
        "longest": _("words a message: {name} writes the longest."),
        "laugh": _("{name} writes this most often ({share} of the messages)."),
        "only": _("{name} alone writes this ({share} of the messages)."),
        "night": _("of the messages of {name} come at night, more than the others’."),
        "recognised": _("of the messages of {name} are recognised by how they are written."),
        "rhythm": _("The hours with most posts."),
        "amount": _("messages of {people}."),
        "of chat": _("messages of {name}: {share} of the chat."),
        "only_word": _("In {year} only: {posts}."),
        "year_word": _("A word of {year}: {posts}."),
        "fullest": _("posts on {day}, the busiest day."),
        "change": _("{label}. In {year}: {before}."),
        "change of": _("{name}: {label}. In {year}: {before}."),
        "answered": _("{count} replies, more than to anyone else."),
        "liked": _("likes for a single post, far more than for all others."),
        "began": _("of the silences were ended by {name}: {count} of {total}."),
    },
    # When somebody writes.
    "busy_days": _("{posts} on {days}; {usual} on a usual day."),
    "busiest_hours": {
        "": _("Busiest between {start}:00 and {end}:00."),
        "part": _("Busiest between {start}:00 and {end}:00: {part}"),
    },
    "busiest_part": _("Busiest in the {part} ({share} of all)."),
    "busiest_month": {
        "": _("{month} was the busiest month ({count})."),
        "of_all": _("Of all years, {month} was the busiest month ({count})."),
    },
    "silence_of_days": {
        "": _("No post for {count} days, from {first} to {last}."),
        "years": _("No post for {count} days, {days}."),
    },
    "streak": _("Posts on {count} days in a row, from {first} to {last}."),
    "fullest_day": _("{day} was the busiest day ({posts})."),
    "day_with_most": _("Busiest day: {day} ({posts})"),
    "longest_streak": ngettext_noop(
        "Longest streak: {count} day, {days}", "Longest streak: {count} days, {days}"
    ),
    "outline": {
        "": _("The outline is everyone else combined."),
        "two": _("The outline is {name}."),
        "year": _("The outline is {year}."),
        "year until": _("The outline is {year}, until {day}."),
    },
    # How much: in all, and in a year next to the one before.
    "undated": {
        "all": _("{posts}, written at an unknown time."),
        "some": ngettext_noop("{count} more post has no time", "{count} more posts have no time"),
    },
    "posts_in_year": ngettext_noop("{count} post in {year}", "{count} posts in {year}"),
    "days_with_posts": ngettext_noop(
        "{count} day has posts ({zone}).", "{count} days have posts ({zone})."
    ),
    "posts_on_days": ngettext_noop("{posts} on {count} day", "{posts} on {count} days"),
    "below_posts": ngettext_noop("Posts on {count} day", "Posts on {count} days"),
    "so_far": {"": _("So far {total}"), "sentence": _("So far {total}.")},
    "milestone": _("The {count}th post here came on {day}."),
    "than_before": {
        "same": _("as many as {when}"),
        "about": _("about as many as {when}"),
        "more": ngettext_noop("{count} more than {when}", "{count} more than {when}"),
        "fewer": ngettext_noop("{count} fewer than {when}", "{count} fewer than {when}"),
    },
    "when": {"year": _("in {year}"), "until": _("by {day} in {year}")},
    "on_days": {"": _("From {first} to {last}, {change}."), "on": _("From {first} on, {change}.")},
    "too_few_days": _("{year} and {before} have too few days in common to be compared."),
    "same_days": _(
        "Only days that both years have are compared, between the first and the last post here. "
        "From {first} to {last} there are {count} in {year} and {count_before} in {before}."
    ),
    # What changed from year to year.
    "only_word": _("“{words}” appears in {year} only ({posts})."),
    "word_beside_all": {
        "never": _("{count}; never in the other years"),
        "not compared": _("{count}; in none of the posts compared of the other years"),
        "hardly": _("{count}; hardly ever in the other years"),
        "": _("{count}; {times} times as often as in the other years"),
    },
    "year_word": _("“{words}” is a word of {year} ({posts})."),
    "day_of_year": {
        "": _("{posts}; {usual} on a usual day."),
        "several": _("{posts} in {days} days; {usual} on a usual day."),
    },
    "silence_of_chat": {
        "": _("Nobody wrote for {count} days, from {first} to {last}. {name} wrote first."),
        "years": _("Nobody wrote for {count} days, {days}. {name} wrote first."),
    },
    "began": {
        "": _("{name} most often: {count} of {total} times ({share})."),
        "two": _("{name} more often: {count} of {total} times ({share})."),
    },
    "unchanged": _("No change since {year} is clearer than chance."),
    "changed": {
        "rose": _("More often: {value}; in {year} {before}"),
        "fell": _("Less often: {value}; in {year} {before}"),
        "longer": _("Longer: {value}; in {year} {before}"),
        "shorter": _("Shorter: {value}; in {year} {before}"),
    },
    "most_answered": _("Replied to @{name} more than to anyone else ({count} times)."),
    "second_language": _("{share} of the posts are in {language}."),
    "tag": _("#{name} is in {count} of {total} posts."),
    "most_liked": _("One post was liked far more than all others ({count} times)."),
}

OF_HUNDRED: Final = 0.055
"""Shares below are told as posts of a hundred."""
ONE_OF: Final = 0.36
"""Shares below, down to `OF_HUNDRED`, are called one post of a number."""
MOST_TRAITS: Final = 3
LONGEST_FINDING: Final = 140
LONGEST_NAME: Final = 44


def tell(finding: str, variant: str = "", /, **values: object) -> str:
    """Return the sentence of a finding in the request's language, with its numbers, days and
    shares; years are given as texts.
    """
    text = _text_of(finding, variant)
    count = values.get("count")
    if isinstance(text, tuple):
        assert isinstance(count, int)  # noqa: S101 # for the type checker
        text = ngettext(*text, count)
    else:
        text = gettext(text)
    return text.format(**{name: _written(value) for name, value in values.items()})


def tell_of_past(finding: str, variant: str = "", /, **values: object) -> str:
    """Return the sentence of a finding about a time that is over."""
    text = gettext_of_past(str(_text_of(finding, variant)))
    return text.format(**{name: _written(value) for name, value in values.items()})


def _text_of(finding: str, variant: str) -> Text:
    text = FINDINGS[finding]
    return text[variant] if isinstance(text, Mapping) else text


def _written(value: object) -> object:
    if isinstance(value, int):
        return show_number(value)
    if isinstance(value, float):
        return show_percent(value)
    return show_month_day(value) if isinstance(value, date) else value


def often(share: float, beside: float = 0) -> str:
    """Return a share of the posts in words: "in every fifth post"; beside: a share next to it,
    which is told of 100 posts, too, if either is, and never in the same words.
    """
    kind, count = _how_often(share, beside)
    return tell("often", kind, count=count)


def briefly(share: float, beside: float = 0) -> str:
    """Return a share of posts named before: "in every fifth"; beside: see `often`."""
    kind, count = _how_often(share, beside)
    return str(count) if kind == "percent" else tell("briefly", kind, count=count)


def share_told(share: float, beside: float, only_other: str = "") -> str:
    """Return somebody's share of the messages, and the others', or the only other person's."""
    if not beside:
        return often(share)
    return tell(
        "phrase",
        "two" if only_other else "",
        often=often(share, beside),
        other=only_other,
        often_beside=briefly(beside, share),
    )


def part_of(share: float) -> str:
    """Return a share from an eighth as a part: "every fifth post"."""
    number, tenths = round(1 / share), round(10 * share)
    if share == 1 or share < ONE_OF or tenths == 5:
        return tell("part", str(min(number, 8)))
    return tell("part", "almost all" if share >= ALMOST_EVERY else "tenths", count=tenths)


def _how_often(share: float, beside: float = 0) -> tuple[str, int | str]:
    kind, count = _in_words(share, beside)
    if beside and share != beside and (kind, count) == _in_words(beside, share):
        return "percent", show_percent(share, beside)
    return kind, count


def _in_words(share: float, beside: float) -> tuple[str, int]:
    if share == 0:
        return "never", 0
    if share < HARDLY_ANY:
        return "hardly", 0
    if share >= ALMOST_EVERY:
        return ("all" if share == 1 else "almost all"), 0
    if share < OF_HUNDRED or (share < ONE_OF and HARDLY_ANY <= beside < OF_HUNDRED):
        return "hundredths", max(1, round(100 * share))
    number, tenths = round(1 / share), round(10 * share)
    if share < ONE_OF or tenths == 5:
        return (str(number) if number <= 10 else "nth"), number
    return "tenths", tenths


def label_of(measure: Measure) -> str:
    """Return the name of a measure with its most frequent sign."""
    variant = "there label" if measure.is_of_time_there else "label"
    sign = sign_of(measure)
    sign = f"“{sign}”" if measure.habit.has_signs else sign
    return tell(measure.habit.key, _variant_of(measure, variant), sign=sign)


def _variant_of(measure: Measure, variant: str) -> str:
    """Return a variant of a habit's sentences, without a sign if none is the most frequent."""
    without = f"{variant} without sign"
    return variant if measure.sign or without not in HABITS[measure.habit.key] else without


def sign_of(measure: Measure) -> str:
    """Return a measure's sign as readers know it."""
    if measure.sign == "음·함":
        return gettext("-음/-함/-됨")
    return measure.sign if measure.habit.has_signs else measure.sign[:8]


def giant_of(measure: Measure) -> str:
    """Return a measure's one word or number: a laugh or emoji, else a share or a mean."""
    if measure.habit.has_words and measure.sign and measure.own > measure.beside:
        return sign_of(measure)
    return share_of(measure)


def share_of(measure: Measure) -> str:
    """Return a measure's own share or mean as a number."""
    is_mean = measure.habit.is_mean
    return show_number(round(measure.own, 1)) if is_mean else show_percent(measure.own)


def value_of(measure: Measure, value: float, beside: float = 0) -> str:
    """Return a value of a measure; beside: a share that stands next to it."""
    if measure.habit.is_mean:
        words = round(value, 1)
        text = ngettext("{count} word", "{count} words", 1 if words == 1 else 2)
        return text.format(count=show_number(words))
    return show_percent(value, beside) if _is_in_percent(measure) else often(value, beside)


def values_of(measure: Measure) -> tuple[str, str]:
    own, beside = measure.own, measure.beside
    return value_of(measure, own, beside), value_of(measure, beside, own)


def reads_as_change(measure: Measure) -> bool:
    """Return whether a measure clearly changed, and its two values do not read the same."""
    value, before = values_of(measure)
    return measure.is_clear and value != before


def change_of(measure: Measure, year: int) -> str:
    value, before = values_of(measure)
    variant = "rose" if measure.errors > 0 else "fell"
    return _told_habit(measure, variant, year=str(year), value=value, before=before)


def brief_change_of(measure: Measure, year: int) -> str:
    """Return a change below the name of its measure."""
    (value, before), is_more = values_of(measure), measure.errors > 0
    variant = "rose" if is_more else "fell"
    if measure.habit.is_mean:
        variant = "longer" if is_more else "shorter"
    return tell("changed", variant, value=value, year=str(year), before=before)


class Peers(NamedTuple):
    """The people that an author is compared with."""

    others: int = 0
    only_other: str = ""
    """Name of a single other person."""
    kind: Literal["chat", "site", "samples", "the others"] = "the others"
    each: Sequence[str] = ()
    """Usernames in the order of a measure's `each`, if all others are known."""

    @property
    def is_of_some(self) -> bool:
        """Whether only some of all others are compared, as on a site."""
        return self.kind in {"site", "samples"}

    @property
    def told(self) -> str:
        if self.only_other:
            return short_name(self.only_other)
        return tell("others", self.kind, count=self.others)

    def without(self, not_behind: int) -> str:
        """Return the name of all others, or of most if few go as far; empty if it is not most."""
        if not not_behind:
            return self.told
        is_most = are_most(self.others - not_behind, self.others)
        return tell("others", "most") if is_most else ""

    def named(self, measure: Measure) -> str:
        """Return the name of all others if nobody of them goes as far, else of most."""
        if measure.script:
            variant = "most of script" if measure.not_behind else "of script"
            return tell("others", "one of script" if measure.behind == 1 else variant)
        is_first = not measure.not_behind and measure.behind >= self.others
        if self.only_other or is_first:
            return self.told
        return tell("others", "most")


THE_OTHERS: Final = Peers()


def beside_one(only_other: str) -> Peers:
    """Return the only other person, or all others if the name is empty."""
    return Peers(1, only_other) if only_other else THE_OTHERS


def trait_of(measure: Measure, beside: Peers = THE_OTHERS) -> str:
    """Return briefly what an author does differently."""
    variant = "more" if measure.errors > 0 else "less" if measure.own else "none"
    if measure.is_of_time_there:
        variant = f"there {variant}"
    own = value_of(measure, measure.own)
    return _told_habit(measure, variant, words=own, often=own, others=beside.named(measure))


def _told_habit(measure: Measure, variant: str, **values: object) -> str:
    habit = measure.habit.key
    what = HABITS[habit].get("what")
    sign, what = sign_of(measure), what and gettext(what)
    return tell(habit, _variant_of(measure, variant), sign=sign, what=what, **values)


def of_many(measure: Measure, people: int) -> str:
    """Return how many people have a habit: "8 laugh in writing"."""
    return _told_habit(measure, "many", count=people)


def told_alone(measure: Measure, beside: Peers = THE_OTHERS) -> str:
    trait = trait_of(measure, beside)
    return f"{trait[:1].upper()}{trait[1:]}"


def below_giant(measure: Measure, name: str, beside: Peers = THE_OTHERS) -> str:
    """Return the sentence of a card below a measure's giant: of a share, with the others'."""
    variant = "ahead" if measure.errors > 0 else "less"
    there = "there " if measure.is_of_time_there else ""
    value, other = measure.beside, measure.own
    if giant_of(measure) != share_of(measure):
        value, other = other, value
    values = {"words": value_of(measure, value), "often": show_percent(value, other)}
    traits = _told_habit(measure, f"{there}{variant}", others=beside.named(measure), **values)
    return tell("traits", name=name, traits=traits)


def called(others: int, only_other: str, *, is_of_chat: bool, is_of_samples: bool = False) -> Peers:
    return Peers(
        others, only_other, "chat" if is_of_chat else "samples" if is_of_samples else "site"
    )


def told_of(username: str, measures: Sequence[Measure], beside: Peers = THE_OTHERS) -> str:
    """Return a sentence of clear traits, clearest first; empty without any."""
    clear: list[str] = []
    for measure in positive_first(measure for measure in measures if measure.is_clear):
        is_said = any(beside.named(measure) in trait for trait in clear)
        clear.append(trait_of(measure, beside._replace(kind="the others") if is_said else beside))
    name = short_name(display_name(username))
    for count in range(min(len(clear), MOST_TRAITS), 0, -1):
        finding = tell("traits", name=name, traits=_joined(clear[:count]))
        if len(finding) <= LONGEST_FINDING:
            return finding
    return ""


def finding_beside(
    username: str,
    clear: Sequence[Measure],
    beside: Peers = THE_OTHERS,
    phrase: tuple[Phrase, float] | None = None,
) -> str:
    """Return clear traits; a phrase, if these are only of what is never done; empty without both.

    phrase: what is said more often, and its share of the posts.
    """
    if phrase and phrase[1] >= HARDLY_ANY and all(measure.is_never for measure in clear):
        others, name = beside.without(phrase[0].not_behind), short_name(display_name(username))
        words, share = phrase[0].text, often(phrase[1])
        said = tell("says_more", name=name, words=words, others=others, often=share)
        if others and len(said) <= LONGEST_FINDING:
            return said
    return told_of(username, clear, beside)


def short_name(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _is_in_percent(measure: Measure) -> bool:
    """Return whether the share is of something else than messages."""
    return measure.habit.of in ("sentences", "turns", "conversations")


def _joined(traits: Sequence[str]) -> str:
    if len(traits) == 1:
        return traits[0]
    places = zip(("first", "second", "third"), traits, strict=False)
    return tell("joined", str(len(traits)), **dict(places))
