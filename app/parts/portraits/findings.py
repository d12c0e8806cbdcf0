"""What the portrait of an author says in a sentence."""

from app.i18n import gettext
from app.parts.portraits.beside import only_other
from app.services.archive.author_portrait import AuthorPortrait
from app.views.in_words import HARDLY, often
from app.views.names import shown_name
from app.views.traits import LONGEST_FINDING, short_name, told_of


def finding_of(portrait: AuthorPortrait, *, has_words: bool) -> str:
    """Return what sets the author apart, by the clearest measures; at most 140 characters.

    has_words: whether words that the author wrote may stand in it, where no measure is clear.
    """
    name = short_name(shown_name(portrait.user.username))
    if not portrait.others_total:
        return gettext("There is no one else here to compare {name} with.").format(name=name)
    other_name = short_name(only_other(portrait))
    if not portrait.is_compared:
        few = gettext("There are too few posts yet to compare {name} with others.")
        few_of_two = gettext("There are too few posts yet to compare {name} with {other}.")
        return (few_of_two if other_name else few).format(name=name, other=other_name)
    if not any(measure.is_clear for measure in portrait.measures):
        said = _said_more(portrait, name, other_name) if has_words else ""
        if said and len(said) <= LONGEST_FINDING:
            return said
        nothing = gettext("Nothing clearly sets {name} apart here.")
        nothing_of_two = gettext("Nothing clearly sets {name} apart from {other}.")
        return (nothing_of_two if other_name else nothing).format(name=name, other=other_name)
    return told_of(portrait.user.username, portrait.measures)


def _said_more(portrait: AuthorPortrait, name: str, other_name: str) -> str:
    """Return which words the author says more often than the others; nothing if there are none."""
    if not portrait.phrases:
        return ""
    phrase = max(portrait.phrases, key=lambda phrase: phrase.messages)
    share = phrase.messages / portrait.messages
    if share < HARDLY:
        return ""
    sentence = gettext("{name} says “{words}” more often than the others ({often}).")
    if other_name:
        sentence = gettext("{name} says “{words}” more often than {other} ({often}).")
    return sentence.format(name=name, words=phrase.text, other=other_name, often=often(share))
