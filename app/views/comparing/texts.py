"""Texts as a form or an address gives them: some were copied out of a chat."""

from collections.abc import Sequence

from app.compute.text import composed
from app.formats.chats.kakaotalk import pasted
from app.services.compare.cases import MOST_TEXTS


def given_texts(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return texts by one hand, and who speaks in those that were copied out of a chat.

    Each message of a chat is a text, without its name and time. More texts than are judged apart
    are joined.
    """
    texts, people = list[str](), dict[str, None]()
    for text in filter(str.strip, given):
        said = pasted(text)
        texts += [said_text for _, said_text in said] or [text]
        people |= dict.fromkeys(name for name, _ in said)
    size = -(-len(texts) // MOST_TEXTS)
    joined = ["\n".join(texts[at : at + size]) for at in range(0, len(texts), size or 1)]
    # As they are judged, since the page names pieces of them by their places.
    return list(dict.fromkeys(map(composed, joined))) or [""], list(people)
