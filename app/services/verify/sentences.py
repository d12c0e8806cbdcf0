"""The sentences of a verification: its answer, and what makes it weak."""

from collections.abc import Sequence
from typing import Final

from app.compute.verification import FEWEST_LETTERS, LikelihoodRatio, support
from app.errors import Message
from app.services.verify.materials import VerifyMaterial

FEW_AUTHORS: Final = 8
FEW_POSTS: Final = 100
"""Fewer are named among the limits."""

NOT_FOR: Final = Message(
    "This must not be used to find out who stands behind an anonymous account, nor as the only "
    "ground for an accusation, a punishment, a grade or a publication. It is one piece of "
    "evidence among others, and an expert should weigh it."
)


def short_statement(letters: int) -> Message:
    return Message(
        "There are {letters} letters, too few to weigh; {fewest} are needed. Add more text by "
        "the same hand.",
        letters=letters,
        fewest=FEWEST_LETTERS,
    )


def ratio_statement(ratio: LikelihoodRatio, material: VerifyMaterial) -> Message:
    """Return the ratio as a sentence, with its number in one digit."""
    exact = 10 ** abs(ratio.log10)
    unit = 10 ** (len(str(int(exact))) - 1)
    values = {
        "username": material.user.username,
        "count": len(material.population.users),
        "times": Message("at least {number} times", number=int(exact / unit) * unit)
        if ratio.is_bounded
        else Message("about {number} times", number=round(exact / unit) * unit),
    }
    if support(ratio.log10) == "none":
        return Message(
            "These words are about as likely if {username} wrote them as if somebody like the "
            "{count} other authors here did. They support neither.",
            **values,
        )
    if ratio.log10 > 0:
        return Message(
            "These words are {times} as likely if {username} wrote them as if somebody like the "
            "{count} other authors here did. That is not the probability that {username} wrote "
            "them.",
            **values,
        )
    return Message(
        "These words are {times} as likely if somebody like the {count} other authors here wrote "
        "them as if {username} did. That is not the probability that somebody else wrote them.",
        **values,
    )


def limits_of(texts: Sequence[str], material: VerifyMaterial) -> list[Message]:
    """Return what makes the answer weak, what holds for this one first."""
    population, username = material.population, material.user.username
    posts = material.profile.posts
    few = sum(profile.posts < FEW_POSTS for profile in population.profiles)
    found = [
        Message("A single text is weak evidence. Several texts by one hand tell far more.")
        if len(texts) == 1
        else Message("The texts count as written by one hand. If they are not, this is void."),
        Message(
            "There are only {count} other authors here to compare with.",
            count=len(population.users),
        )
        if len(population.users) < FEW_AUTHORS
        else None,
        Message("{username} has only {count} posts here.", username=username, count=posts)
        if posts < FEW_POSTS
        else None,
        Message("{count} of the other authors have only a few posts here.", count=few)
        if few
        else None,
        Message(
            "{count} of the other authors write on another platform, where people write "
            "differently.",
            count=population.other_platforms,
        )
        if population.other_platforms
        else None,
        Message("Only Korean is told from other languages.") if material.language is None else None,
        Message(
            "{count} of the texts are posts of the author here; they were taken out first.",
            count=material.removed,
        )
        if material.removed
        else None,
        Message(
            "Topic words speak for those who write about the topic. Somebody who is not among "
            "the other authors here, and shares the topic, looks like the author."
        ),
        Message(
            "Imitation, ghost writers and shared accounts have not been tested, and people "
            "change: an answer against the author is the less reliable one."
        ),
    ]
    return [limit for limit in found if limit is not None]
