"""The file of a fitted model: all that judging texts needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np

from app.compute.background import Background
from app.compute.counts import Counts
from app.compute.features import RECIPE
from app.compute.fitting import Corpus
from app.compute.judgement import Fitted, Habit, Judgement, judge
from app.compute.profiles import AuthorProfile
from app.compute.ratios import CountedAuthor, Population, Usual

_KIND: Final = "saywho corpus 2"


@dataclass(frozen=True, slots=True)
class CorpusModel:
    """A corpus, and which of its authors may be the answer."""

    corpus: Corpus
    names: Sequence[str]
    is_named: bool

    def judge(self, text: str, sure: float) -> tuple[Judgement, list[float]]:
        """Return the answer to a text, and the closed probability of each author."""
        case = replace(self.corpus.case([text], self.names), is_named=self.is_named)
        return judge(case, sure), case.ranking.probabilities.tolist()


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


def to_bytes(model: CorpusModel) -> bytes:
    """Return the model as a file holds it."""
    corpus, fitted = model.corpus, model.corpus.fitted
    members = [member for member, _, _ in fitted.population.members]
    kept = [name for name, own in corpus.ids.items() if name in model.names or own in members]
    return msgspec.msgpack.encode(
        _File(
            _KIND,
            RECIPE,
            model.is_named,
            fitted.background.to_bytes(),
            fitted.temperature,
            [_author(corpus, name) for name in kept],
            list(model.names),
            members,
        )
    )


def _author(corpus: Corpus, name: str) -> _Author:
    profile, habit = corpus.profiles[name], corpus.habits[name]
    usual = habit.usual
    return _Author(
        corpus.ids[name],
        name,
        profile.posts,
        profile.counts.to_bytes(),
        usual.rates.tolist() if usual else None,
        usual.length if usual else 0.0,
        habit.language,
    )


def from_bytes(content: bytes) -> CorpusModel:
    """Return the model of a file's content. Raises ValueError if it is none of this version."""
    file = msgspec.msgpack.decode(content, type=_File)
    if (file.kind, file.recipe) != (_KIND, RECIPE):
        raise ValueError("a model of another version")
    ids = {each.name: each.id for each in file.authors}
    profiles = {
        each.name: AuthorProfile(Counts.from_bytes(each.counts), each.posts)
        for each in file.authors
    }
    habits = {
        each.name: Habit(
            None if each.rates is None else Usual(np.array(each.rates), each.length),
            each.language,
            "local",
        )
        for each in file.authors
    }
    by_id = {each.id: each for each in file.authors}
    members = [
        CountedAuthor(each.id, each.posts, each.language, profiles[each.name].counts)
        for each in (by_id[member] for member in file.members if member in by_id)
    ]
    background = Background.from_bytes(file.background)
    fitted = Fitted(background, file.temperature, Population.of(members))
    return CorpusModel(Corpus(fitted, profiles, habits, ids), file.names, file.is_named)
