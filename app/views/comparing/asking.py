"""A comparison's question in its URL, and its form's texts."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta, Struct
from quart import request, url_for

from app.compute.judgement import SURE
from app.compute.text import composed
from app.formats.chats.kakaotalk import pasted
from app.services.compare.comparing import MOST_TEXTS, Question
from app.views.author_picker import given_names
from app.views.picture_args import PeopleArgs
from app.views.requests import Piece, gaps_of

Names = Annotated[list[str], Meta(description="Repeat for several authors; omit to compare all.")]


class PanelArgs(Struct):
    """The authors of a comparison."""

    username: Names = []


class ComparePageArgs(Struct):
    text: list[str] = []
    """Texts by the same person; without any, the front page has the form."""
    username: list[str] = []
    sure: Annotated[float, Meta(ge=0.01, le=0.99)] = SURE
    without: list[Piece] = []
    """Pieces to leave out, in code points of the texts joined by a blank line."""
    post: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    """The stored post with this text, which is hidden from the model."""

    @property
    def names(self) -> list[str]:
        return given_names(self.username)

    def question(self, texts: Sequence[str]) -> Question:
        return Question(
            texts,
            self.names,
            sure=self.sure,
            of_own=True,
            reasons=True,
            without=gaps_of(self.without),
            hidden_post=self.post,
        )


def asked_here() -> list[tuple[str, str]]:
    of_picture = PeopleArgs.__struct_fields__
    return [pair for pair in request.args.items(multi=True) if pair[0] not in of_picture]


def address_of(args: ComparePageArgs) -> str:
    pairs = [("text", text) for text in args.text]
    pairs += [("username", name) for name in args.username]
    pairs += [("post", str(args.post))] if args.post else []
    return f"{url_for('compare.show_compare')}?{urlencode(pairs)}"


def given_texts(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return texts by one person, and the people in texts from a chat.

    Messages become texts, without name and time; too many are joined.
    """
    texts, people = list[str](), dict[str, None]()
    for text in filter(str.strip, given):
        said = pasted(text)
        texts += [said_text for _, said_text in said] or [text]
        people |= dict.fromkeys(name for name, _ in said)
    size = -(-len(texts) // MOST_TEXTS)
    joined = ["\n".join(texts[at : at + size]) for at in range(0, len(texts), size or 1)]
    # In the judged form, since the page names pieces of the texts by their places.
    return list(dict.fromkeys(map(composed, joined))) or [""], list(people)
