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
from app.errors import InvalidInputError

_KIND: Final = "saywho corpus"


class ModelFileError(InvalidInputError):
    """The file is no model of a corpus, or one of another version."""


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


class _Member(msgspec.Struct, frozen=True, array_like=True):
    id: int
    posts: int
    language: str | None
    counts: bytes


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
    members: list[_Member]
    authors: list[_Author]


def to_bytes(model: CorpusModel) -> bytes:
    """Return the model as a file holds it."""
    corpus, fitted = model.corpus, model.corpus.fitted
    counts = {corpus.ids[name]: profile.counts for name, profile in corpus.profiles.items()}
    members = [
        _Member(*member, counts[member[0]].to_bytes()) for member in fitted.population.members
    ]
    return msgspec.msgpack.encode(
        _File(
            _KIND,
            RECIPE,
            model.is_named,
            fitted.background.to_bytes(),
            fitted.temperature,
            members,
            [_author(corpus, name) for name in model.names],
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
    """Return the model of a file's content. Raises ModelFileError."""
    try:
        file = msgspec.msgpack.decode(content, type=_File)
    except msgspec.DecodeError as error:
        raise ModelFileError("this is no model that saywho spark fit wrote") from error
    if (file.kind, file.recipe) != (_KIND, RECIPE):
        raise ModelFileError("the model is of another version; fit it again")
    try:
        return _opened(file)
    except (ValueError, IndexError) as error:
        raise ModelFileError("the model is damaged; fit it again") from error


def _opened(file: _File) -> CorpusModel:
    members = [
        CountedAuthor(each.id, each.posts, each.language, Counts.from_bytes(each.counts))
        for each in file.members
    ]
    background = Background.from_bytes(file.background)
    fitted = Fitted(background, file.temperature, Population.of(members))
    authors = {each.name: each for each in file.authors}
    profiles = {
        name: AuthorProfile(Counts.from_bytes(each.counts), each.posts)
        for name, each in authors.items()
    }
    habits = {
        name: Habit(
            None if each.rates is None else Usual(np.array(each.rates), each.length),
            each.language,
            "local",
        )
        for name, each in authors.items()
    }
    ids = {name: each.id for name, each in authors.items()}
    return CorpusModel(Corpus(fitted, profiles, habits, ids), list(authors), file.is_named)
