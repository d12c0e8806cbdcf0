"""The sentences of a report for a case: what is said of a ratio, and never of a probability."""

from collections.abc import Iterable, Iterator
from typing import Final

from app.compute.judgement import Bound, Limit, measured_rates
from app.language.i18n import gettext, gettext_noop, show_number, show_percent
from app.parts.evidence.case_file import AskedPart, CaseAuthor, CaseFile
from app.parts.evidence.ratios import MOST_KOREAN, Word, told, word_of

SUPPORT: Final[dict[Word, str]] = {
    "neither": gettext_noop("no support"),
    "weak": gettext_noop("weak support"),
    "moderate": gettext_noop("moderate support"),
    "moderately_strong": gettext_noop("moderately strong support"),
    "strong": gettext_noop("strong support"),
}


LIMITS: Final[dict[Limit, str]] = {
    "few_posts": gettext_noop("Little is known of this person’s posts."),
    "few_authors": gettext_noop("Only a few other people here write the language."),
    "elsewhere": gettext_noop(
        "Nobody else here writes the language, so the texts were compared only with people from"
        " elsewhere."
    ),
    "lone_author": gettext_noop("Nobody else here writes in a similar way."),
    "other_language": gettext_noop(
        "The texts and the posts seem to be in different languages, which makes the ratio doubtful."
    ),
    "topic": gettext_noop("What the texts are about counts more here than how they are written."),
}


def limits_of(limits: Iterable[Limit], language: str, texts: int) -> Iterator[str]:
    """Yield what makes the ratio weaker; texts: their number."""
    yield from (gettext(LIMITS[limit]) for limit in limits if limit in LIMITS)
    share = measured_rates().told.passing(language, texts)
    yield gettext(
        "Somebody who writes about the same things in the same way is hard to tell apart: where"
        " only one person of a circle was known, {number} of 100 texts by others of the circle"
        " passed for texts by that person."
    ).format(number=show_number(round(100 * share)))
    yield gettext("The texts may be an imitation, and people change how they write.")
    yield gettext("The report cannot see which other texts were tried before, or left away.")


def number_of(ratio: float) -> str:
    """Return how many times as probable one of the two is, whichever; ratio: a logarithm."""
    return show_number(round(10 ** abs(ratio)))


def shown_ratio(part: AskedPart) -> str:
    """Return a ratio below or above 1, of one digit."""
    ratio = told(part.log10_lr)
    if ratio == 0:
        return gettext("about 1")
    number = number_of(ratio)
    if ratio > 0:
        return _bounded(number, part.bound)
    return _bounded(f"1/{number}", part.bound)


def _bounded(number: str, bound: Bound | None) -> str:
    if bound == "upper":
        return gettext("at least {number}").format(number=number)
    if bound == "lower":
        return gettext("at most {number}").format(number=number)
    return number


def finding_of(author: CaseAuthor) -> str:
    """Return the sentence with the ratio of all texts."""
    whole, ratio = author.asked[0], author.told.ratio
    if ratio == 0:
        return gettext(
            "The words and the layout of the texts are about as probable if (1) is true as if (2)"
            " is true."
        )
    if ratio > 0:
        sentence = gettext(
            "The words and the layout of the texts are {times} times as probable if (1) is true as"
            " if (2) is true."
        )
    else:
        sentence = gettext(
            "The words and the layout of the texts are {times} times as probable if (2) is true as"
            " if (1) is true."
        )
    number = number_of(ratio)
    times = gettext("at least {number}").format(number=number) if whole.bound else number
    return sentence.format(times=times)


def meaning_of(file: CaseFile, author: CaseAuthor) -> Iterator[str]:
    """Yield what the ratio counts as, and what it is not."""
    told_numbers, whole = author.told, author.asked[0]
    if told_numbers.worth != told_numbers.ratio:
        yield gettext(
            "In tests, the program’s ratios were sometimes too high. Counted with caution, this one"
            " is worth about {number}, and the word goes by that."
        ).format(number=number_of(told_numbers.worth))
    if told_numbers.word == "neither":
        yield gettext("On the scale below, this supports neither (1) nor (2).")
    else:
        proposition = 1 if told_numbers.ratio > 0 else 2
        yield gettext("On the scale below, this is {support} for ({proposition}).").format(
            support=gettext(SUPPORT[told_numbers.word]), proposition=proposition
        )
    if file.language == "ko" and word_of(told_numbers.worth, "en") != told_numbers.word:
        yield gettext(
            "For Korean texts the program uses no word above “{support}”, since too few Korean"
            " authors were tested."
        ).format(support=gettext(SUPPORT[MOST_KOREAN]))
    if whole.bound == "upper":
        yield gettext(
            "This is the highest ratio that the program gives for so much text and so many other"
            " people."
        )
    elif whole.bound == "lower":
        yield gettext("This is the lowest ratio that the program gives for so much text.")


def occurrence_of(author: CaseAuthor) -> Iterator[str]:
    """Yield how often such a ratio occurs, with the numbers of texts and people."""
    counted, told_numbers = author.occurrence.counted, author.told
    yield (
        gettext("Measured with authors who are kept here, each compared with the others.")
        if author.occurrence.of == "here"
        else gettext("Measured with other people than those of this case.")
    )
    number = number_of(told_numbers.ratio)
    facts = {
        "number": number if told_numbers.ratio >= 0 else f"1/{number}",
        "own": show_number(told_numbers.own),
        "texts": show_number(sum(counted.own)),
        "people": show_number(counted.people),
        "share": _share(told_numbers.own, sum(counted.own)),
        "strange": show_number(told_numbers.strange),
        "strange_texts": show_number(sum(counted.strange)),
        "strangers": show_number(counted.strangers),
        "strange_share": _share(told_numbers.strange, sum(counted.strange)),
    }
    own, strange = (
        (
            gettext(
                "Of {texts} texts of about this length by {people} people, {own} ({share}) had a"
                " ratio of {number} or more for their own writer."
            ),
            gettext(
                "Of {strange_texts} texts that somebody else had written ({strangers} people),"
                " {strange} ({strange_share}) had such a ratio, too."
            ),
        )
        if told_numbers.ratio >= 0
        else (
            gettext(
                "Of {texts} texts of about this length by {people} people, {own} ({share}) had a"
                " ratio of {number} or less for their own writer."
            ),
            gettext(
                "Of {strange_texts} texts that somebody else had written ({strangers} people),"
                " {strange} ({strange_share}) had such a ratio."
            ),
        )
    )
    yield own.format(**facts)
    of_strangers = sum(counted.strange)
    if told_numbers.strange == 0 < of_strangers:
        strange = gettext(
            "Of {strange_texts} texts that somebody else had written ({strangers} people), none had"
            " such a ratio; among so few texts, that leaves up to {possible} possible."
        )
        # The rule of three: with this share, none would be found in one of twenty cases.
        facts["possible"] = show_percent(min(3 / of_strangers, 1.0))
    yield strange.format(**facts)
    yield gettext(
        "Texts by the same people resemble each other, so these are fewer independent cases."
    )


def _share(part: int, whole: int) -> str:
    return show_percent(part / whole) if whole else "–"
