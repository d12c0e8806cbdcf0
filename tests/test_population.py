"""The authors who come with the program: the file is of this version, small, and tells no order."""

from typing import Final

import numpy as np
import pytest

from app.compute.attribution import EMPTY_BACKGROUND
from app.compute.features import RECIPE
from app.compute.population import CountedAuthor, Population
from app.compute.profiles import profile_of
from app.population import FILE, pack, shipped_authors, unpack
from tests.compute.invented import posts_of

MOST_BYTES: Final = 1_500_000
MOST_MEMORY: Final = 10_000_000


def of_posts(language: str, *authors: int) -> Population:
    profiles = [profile_of(posts_of(author)) for author in authors]
    return Population.of(
        [CountedAuthor(-1, profile.posts, language, profile.counts) for profile in profiles]
    )


def test_the_file_has_features_of_this_recipe() -> None:
    """If this fails, make the file again: `python -m benchmarks.population FILE`."""
    assert set(unpack(FILE.read_bytes())) == {"en", "ko"}


def test_a_file_of_another_recipe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = pack({"en": of_posts("en", 1, 2)})
    monkeypatch.setattr("app.population.RECIPE", RECIPE + 1)
    with pytest.raises(ValueError, match=f"recipe {RECIPE}, not {RECIPE + 1}"):
        unpack(content)


def test_the_population_takes_little_room() -> None:
    assert FILE.stat().st_size <= MOST_BYTES
    populations = shipped_authors().populations.values()
    arrays = [
        array
        for population in populations
        for array in (
            population.keys,
            population.edges,
            population.owners,
            population.amounts,
            population.totals,
        )
    ]
    assert sum(array.nbytes for array in arrays) <= MOST_MEMORY


def test_shipped_authors_are_numbers_in_no_telling_order() -> None:
    for language, population in shipped_authors().populations.items():
        assert {own for _, _, own in population.members} == {language}
        assert all(author < 0 < posts <= 200 for author, posts, _ in population.members)
        users = np.diff(population.edges)
        assert users.min() >= 1
        # Some features are those of one language, so three of all authors use each of them.
        assert population.owners.max() == len(population) - 1
    ids = [author for each in shipped_authors().populations.values() for author, *_ in each.members]
    assert len(set(ids)) == len(ids)


def test_a_file_holds_what_was_packed() -> None:
    packed = {"en": of_posts("en", 1, 2, 3), "ko": of_posts("ko", 4)}
    read = unpack(pack(packed))
    assert [len(each) for each in read.values()] == [3, 1]
    for language, population in packed.items():
        for name in ("totals", "keys", "edges", "owners", "amounts"):
            assert np.array_equal(getattr(read[language], name), getattr(population, name)), name


def test_nobody_is_shipped_where_the_setting_says_so() -> None:
    nobody = shipped_authors(is_wanted=False)
    assert not nobody.populations
    assert nobody.background(EMPTY_BACKGROUND) is EMPTY_BACKGROUND
    assert shipped_authors().background(EMPTY_BACKGROUND).posts > 15_000
