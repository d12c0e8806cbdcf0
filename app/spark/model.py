"""The file of a fitted model: all that judging texts needs."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from app.compute.background import Background
from app.compute.case import Case, Fitted, Habit, Suspect
from app.compute.counts import Counts
from app.compute.features import RECIPE
from app.compute.fitting import Corpus
from app.compute.profiles import AuthorProfile
from app.compute.ratios import CountedAuthor, Population, Usual

_KIND: Final = "saywho corpus 2"


class _Author(msgspec.Struct, frozen=True, array_like=True):
    id: int
    name: str
    posts: int
    counts: bytes
    rates: list[float] | None
    length: float
    language: str | None


class _File(msgspec.Struct, frozen=True):
    kind: str
    recipe: int
    is_named: bool
    background: bytes
    temperature: float
    authors: list[_Author]
    """Those who may be the answer, and those of the population."""
    names: list[str]
    members: list[int]
    """Ids of the population, in its order."""


def to_bytes(corpus: Corpus, names: Sequence[str], *, is_named: bool) -> bytes:
    """Return the file of a corpus, of whose authors these may be the answer."""
    fitted = corpus.fitted
    members = [member for member, _, _ in fitted.population.members]
    kept = [each for name, each in corpus.suspects.items() if name in names or each.id in members]
    return msgspec.msgpack.encode(
        _File(
            _KIND,
            RECIPE,
            is_named,
            fitted.background.to_bytes(),
            fitted.temperature,
            list(map(_author, kept)),
            list(names),
            members,
        )
    )


def _author(suspect: Suspect) -> _Author:
    habit = suspect.habit
    usual = habit.usual if habit else None
    return _Author(
        suspect.id,
        suspect.username,
        suspect.profile.posts,
        suspect.profile.counts.to_bytes(),
        usual.rates.tolist() if usual else None,
        usual.length if usual else 0.0,
        habit.language if habit else None,
    )


def _suspect(author: _Author) -> Suspect:
    usual = None if author.rates is None else Usual(np.array(author.rates), author.length)
    profile = AuthorProfile(Counts.from_bytes(author.counts), author.posts)
    return Suspect(author.id, author.name, profile, Habit(usual, author.language, "local"))


def from_bytes(content: bytes) -> Case:
    """Return the case for texts that follow. Raises ValueError if it is none of this version."""
    file = msgspec.msgpack.decode(content, type=_File)
    if (file.kind, file.recipe) != (_KIND, RECIPE):
        raise ValueError("a model of another version")
    by_id = {each.id: each for each in file.authors}
    suspects = {each.name: _suspect(each) for each in file.authors}
    members = [
        CountedAuthor(each.id, each.posts, each.language, suspects[each.name].profile.counts)
        for each in map(by_id.__getitem__, file.members)
    ]
    background = Background.from_bytes(file.background)
    fitted = Fitted(background, file.temperature, Population.of(members))
    return Case((), [suspects[name] for name in file.names], fitted, file.is_named)
