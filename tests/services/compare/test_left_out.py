"""How often a text by an author who is left out is called likely for someone else here."""

import json
from datetime import timedelta

import pytest

from app.db.engine import Database
from app.errors import UnavailableError
from app.services.compare import held_out
from app.services.compare.background import LeftOutShare, newest_members
from app.services.compare.habits import Models
from app.services.compare.model_card import Cards
from app.services.maintenance import jobs, left_out_job
from app.services.posts.users import sample_files
from benchmarks.languages import SENTENCES, read
from saywho.engine.fitting import fit_corpus
from saywho.engine.population import FEWEST_POSTS
from saywho.population import shipped_authors
from tests.conftest import MakeConfig
from tests.engine.invented import KNOWN, Place, kept, posts_of
from tests.posting import post
from tests.waiting import maintain

TWIN = 99
ENGLISH = [
    [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
    for path in sample_files()
    if path.stem in {"ferry", "lighthouse", "museum", "tea_room"}
]


def left_out(*authors: int) -> LeftOutShare:
    """Return the share in a place of these authors; the twin writes as author 3 does."""
    posts = {author: posts_of(3 if author == TWIN else author) for author in authors}
    case = Place({author: own[:KNOWN] for author, own in posts.items()}).case([], authors)
    newest = {
        suspect.id: posts[author][-20:]
        for author, suspect in zip(authors, case.suspects, strict=True)
    }
    return held_out.left_out_of(case, newest)


def test_whoever_has_a_twin_here_is_mistaken_for_the_twin() -> None:
    alone, with_twin = left_out(*range(8)), left_out(3, TWIN, 5, 6)
    assert (alone.decisions, with_twin.decisions) == (160, 80)
    assert alone.share < 0.1
    # Each text of the two is asked about the other twin, and the two others.
    assert with_twin.share > 0.3
    assert left_out(*range(held_out.FEWEST_AUTHORS - 1)) == LeftOutShare(0.0, 0)


def test_no_text_counts_in_a_language_in_which_nobody_can_be_likely() -> None:
    people, strange = read(SENTENCES)["de"]
    texts = [text for each in people for text in (*each.known, *each.asked)] + strange
    parts = {
        f"part{number}": texts[number :: held_out.FEWEST_AUTHORS]
        for number in range(held_out.FEWEST_AUTHORS)
    }
    corpus = fit_corpus({name: kept(part) for name, part in parts.items()}, shipped_authors())
    case = corpus.case([], list(parts))
    newest = {suspect.id: parts[suspect.username][-5:] for suspect in case.suspects}
    assert held_out.left_out_of(case, newest) == LeftOutShare(0.0, 0)


async def people(db: Database, *, count: int = held_out.FEWEST_AUTHORS) -> None:
    for author in range(count):
        # English, since ratios in a language that nobody knows need eight others.
        texts = ENGLISH[author % len(ENGLISH)]
        half = len(texts) // 2 * (author // len(ENGLISH))
        await post(db, f"author{author}", *texts[half : half + FEWEST_POSTS + 5])
    await maintain(db)


async def stored(db: Database) -> tuple[bool, LeftOutShare | None]:
    """Return whether the share is due, and which one is stored."""
    async with db.read() as session:
        return await held_out.is_left_out_due(session), await held_out.stored_left_out(session)


async def test_the_share_is_measured_once_for_each_background(db: Database) -> None:
    assert await stored(db) == (False, None)
    await people(db, count=held_out.FEWEST_AUTHORS - 1)
    assert await stored(db) == (False, None)  # Too few authors.
    await people(db)
    assert await stored(db) == (True, None)
    await held_out.measure_left_out(db)
    is_due, found = await stored(db)
    assert not is_due
    assert found is not None
    assert found.decisions == held_out.FEWEST_AUTHORS * 20
    async with db.read() as session:
        before = await newest_members(session)
    cards = Cards(db, Models())
    assert (await cards.get([])).left_out == found
    await cards.close()
    # A new background has no share until it is measured.
    await people(db, count=held_out.FEWEST_AUTHORS + 3)
    assert await stored(db) == (True, None)
    async with db.read() as session:
        after = await newest_members(session)
    assert before is not None
    assert after is not None
    assert after[0] > before[0]


async def test_a_process_measures_the_share_of_a_background_that_stands(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config()
    job = left_out_job(config)
    assert job.name not in {other.name for other in jobs()}
    async with Database(config) as db:
        await people(db)
        async with db.read() as session:
            assert not await job.is_due(session)
            monkeypatch.setattr(held_out, "SETTLED", timedelta(0))
            assert await job.is_due(session)
        await job.do(db)
        assert (await stored(db))[1] is not None


async def test_a_process_that_fails_is_tried_again(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(UnavailableError, match="status 1"):
        await held_out.measure_in_process(make_config())
