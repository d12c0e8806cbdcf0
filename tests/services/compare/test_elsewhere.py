"""With few authors here, those who come with the program are somebody else too."""

import json
from collections.abc import Sequence
from typing import Final

import msgspec
import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.models import BackgroundSnapshot
from app.services.compare.background import BackgroundStore, is_outgrown, renew_background
from app.services.compare.comparing import add_reasons, answer, case_of
from app.services.compare.habits import Models, typical_of
from app.services.imports.storing import delete_samples, load_samples
from app.services.posts.users import get_user, sample_files
from saywho.comparing.question import Question
from saywho.comparing.verdict import Comparison
from saywho.engine.attribution import Background, build_background
from saywho.engine.case import KOREAN_SHIPPED_WEIGHT, MOST_SHIPPED, SHIPPED_WEIGHT
from saywho.engine.features import features
from saywho.engine.judgement import KOREAN_LIKELY, LONE_KOREAN_LIKELY, NAMED_PROBABILITY
from tests.conftest import MakeConfig
from tests.posting import post
from tests.waiting import maintain

GERMAN: Final = [
    f"Heute fahre ich um {hour} Uhr mit dem Schiff {where}, {why}."
    for hour in (6, 7, 8, 9)
    for where in ("nach Hause", "zur Insel", "über den Fluss")
    for why in ("weil der Wind gut ist", "obwohl es regnet", "wenn der Nebel sich hebt")
]


def texts_of(name: str) -> list[str]:
    """Return the texts of a file of samples, to be posted by authors of other names."""
    (path,) = [path for path in sample_files() if path.stem == name]
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


FERRY, MUSEUM, BAKERY = texts_of("ferry"), texts_of("museum"), texts_of("bakery")
OBSERVATORY: Final = texts_of("observatory")
KNOWN: Final = 50


async def write(db: Database, **authors: list[str]) -> None:
    """Store the first posts of authors, and let maintenance count them."""
    for name, texts in authors.items():
        await post(db, name, *texts[:KNOWN])
    await maintain(db)


async def ask(
    db: Database, texts: Sequence[str], *usernames: str, models: Models | None = None
) -> Comparison:
    async with db.read() as session:
        case = await case_of(session, models or Models(), Question(texts, usernames))
        return await add_reasons(session, case, await answer(case))


async def test_an_author_alone_is_weighed_against_people_from_elsewhere(db: Database) -> None:
    await post(db, "ann", *FERRY[:KNOWN])
    for _ in ("before the first snapshot", "after it"):
        own, strange = await ask(db, FERRY[KNOWN:], "ann"), await ask(db, MUSEUM[:8], "ann")
        assert (own.verdict, strange.verdict) == ("likely", "unfamiliar")
        assert {"elsewhere", "few_authors"} & set(own.limits) == {"elsewhere"}
        assert own.ranking[0].log10_lr is not None
        assert own.ranking[0].log10_lr > 0
        assert own.evidence
        assert all(mark.others is None for mark in own.evidence)
        async with db.read() as session:
            assert await typical_of(session, Models(), await get_user(session, "ann"))
        await maintain(db)


async def test_a_longer_text_can_say_more(db: Database) -> None:
    """One post is held within 1/32 and 30, which an author alone and long texts soon reach."""
    await write(db, ann=FERRY)
    logarithms = [
        found.log10_lr
        for texts in (FERRY[KNOWN : KNOWN + 1], FERRY[KNOWN:], BAKERY[:1], BAKERY[:20])
        for found in (await ask(db, texts, "ann")).ranking
    ]
    own_post, own, strange_post, strange = [each or 0.0 for each in logarithms]
    assert -1.51 <= strange_post < 0 < own_post < 1.5
    assert own > 1.5
    assert strange < -1.51


async def test_english_people_from_elsewhere_count_more_in_longer_texts(db: Database) -> None:
    """Someone is the nearest by chance in a short text, hardly in a long one."""
    await write(db, ann=FERRY, ben=MUSEUM, 벤=BAKERY)
    assert await weight(db, [" ".join(FERRY[0].split()[:8])], "ann") == SHIPPED_WEIGHT
    assert SHIPPED_WEIGHT < await weight(db, [FERRY[0] * 3], "ann") < MOST_SHIPPED
    assert await weight(db, FERRY[KNOWN:], "ann") == MOST_SHIPPED
    # Struck out, the same text is a short one.
    whole = "\n\n".join(FERRY[KNOWN:])
    assert await weight(db, [whole], "ann", (60, len(whole))) == SHIPPED_WEIGHT
    # Korean texts keep theirs, whoever is asked about, and a Korean author's English ones do not.
    assert await weight(db, BAKERY[KNOWN:], "벤") == SHIPPED_WEIGHT
    assert await weight(db, BAKERY[KNOWN:], "벤", others=1) == KOREAN_SHIPPED_WEIGHT
    assert await weight(db, FERRY[KNOWN:], "벤") == MOST_SHIPPED


async def test_short_messages_say_little_more_than_one_text(db: Database) -> None:
    """Being short is a style that people from elsewhere lack, and strangers share."""
    short = [[" ".join(text.split()[:8]) for text in texts] for texts in (FERRY, MUSEUM)]
    await post(db, "ann", *short[0][:KNOWN])
    await maintain(db)
    own, strange = short[0][KNOWN : KNOWN + 5], short[1][:5]
    assert (await ask(db, own, "ann")).verdict == "likely"
    each, joined = [
        (await ask(db, texts, "ann")).ranking[0].log10_lr
        for texts in (strange, ["\n".join(strange)])
    ]
    assert each is not None
    assert joined is not None
    assert each < joined + 0.2


async def weight(
    db: Database, texts: Sequence[str], username: str, *without: tuple[int, int], others: int = 0
) -> float:
    """Return for how many authors the shipped ones count beside one, and so many others here."""
    async with db.read() as session:
        case = await case_of(session, Models(), Question(texts, [username], without=without))
    return case.shipped_weight(case.suspects[0], others)


async def test_beside_others_here_korean_people_from_elsewhere_count_less(db: Database) -> None:
    """Few Korean kinds are shipped: with others here less is needed of a likely author."""
    await write(db, 벤=BAKERY)
    alone = await ask(db, BAKERY[KNOWN:], "벤")
    await write(db, 수=OBSERVATORY)
    beside = await ask(db, BAKERY[KNOWN:], "벤")
    assert (alone.needed, beside.needed) == (LONE_KOREAN_LIKELY, KOREAN_LIKELY)
    assert ("elsewhere" in alone.limits, "elsewhere" in beside.limits) == (True, False)
    # The other one counts as one, the shipped as half of one: that is enough for a ratio.
    assert beside.verdict == "likely"
    assert (await ask(db, FERRY[:1], "벤")).verdict == "unfamiliar"


@pytest.mark.parametrize(("own", "asked"), [(FERRY, BAKERY), (BAKERY, FERRY)], ids=["en", "ko"])
async def test_a_text_in_the_other_language_reads_like_nobody_here(
    db: Database, own: list[str], asked: list[str]
) -> None:
    await write(db, ann=own)
    for texts in (asked[:1], asked[:3]):
        comparison = await ask(db, texts, "ann")
        assert comparison.verdict == "unfamiliar"
        assert {"elsewhere", "other_language"} <= set(comparison.limits)
        assert comparison.ranking[0].log10_lr is not None
        assert comparison.ranking[0].log10_lr < 0
    # It may be the author's own language, of which nobody is known.
    if own is BAKERY:
        german = await ask(db, GERMAN[:2], "ann")
        assert (german.verdict, german.none) == ("short", None)


async def test_a_language_that_nobody_here_writes_is_told(db: Database) -> None:
    await write(db, ann=FERRY, ben=MUSEUM, ute=GERMAN)
    comparison = await ask(db, GERMAN[:1], "ann", "ben")
    assert "other_language" in comparison.limits
    assert comparison.weak["other_language"] == [ranked.username for ranked in comparison.ranking]
    # Of much text most are too unlikely to be told of alone: they write none of it either.
    korean = await ask(db, BAKERY[:9], "ann", "ben", "ute")
    assert min(ranked.probability for ranked in korean.ranking) < 0.01
    assert korean.weak["other_language"] == [ranked.username for ranked in korean.ranking]
    for texts, name in (
        (FERRY[KNOWN:], "ann"),
        (MUSEUM[KNOWN : KNOWN + 1], "ben"),
        (GERMAN, "ute"),
    ):
        assert "other_language" not in (await ask(db, texts[:5], name)).limits
    # Four words are enough, unless they are as well English.
    assert "other_language" in (await ask(db, ["Heute fahre ich heim"], "ann", "ben")).limits
    assert "other_language" not in (await ask(db, ["Die Fähre to Anna"], "ann", "ben")).limits


async def test_letters_by_chance_are_nobody_s(db: Database) -> None:
    """Whoever wrote least is least unlike what nobody ever wrote."""
    await post(db, "ann", *FERRY[:KNOWN])
    await post(db, "ben", *MUSEUM[:KNOWN])
    await post(db, "joe", *(f"On my way home at {hour}. Joe" for hour in range(30)))
    await write(db, ute=GERMAN)
    for text in (
        "asdf qwer zxcv hjkl uiop bnm fghj tyui",
        "qu'il vaut mieux ne rien savoir du tout",
    ):
        comparison = await ask(db, [text], "ann", "ben", "joe")
        assert comparison.verdict in ("close", "unfamiliar")
        if comparison.verdict == "close":
            assert comparison.none is None
            assert all(ranked.log10_lr is None for ranked in comparison.ranking)
    assert (await ask(db, GERMAN[:2], "joe", "ute")).verdict != "unfamiliar"


async def test_with_others_here_the_evidence_is_set_against_them(db: Database) -> None:
    await write(db, ann=FERRY, ben=MUSEUM)
    comparison = await ask(db, FERRY[KNOWN:], "ann")
    assert {"elsewhere", "few_authors"} & set(comparison.limits) == {"few_authors"}
    assert all(isinstance(mark.others, float) for mark in comparison.evidence)


async def test_who_has_no_say_is_not_compared_with_people_from_elsewhere(db: Database) -> None:
    # Most of her posts are English, and the only other author who writes Korean is here.
    await post(db, "mia", *FERRY[:KNOWN], *BAKERY[: KNOWN - 10])
    await write(db, 벤=OBSERVATORY)
    comparison = await ask(db, BAKERY[KNOWN:], "mia", "벤")
    assert comparison.ranking[0].username == "mia"
    assert comparison.ranking[1].probability < NAMED_PROBABILITY
    assert {"elsewhere", "few_authors"} & set(comparison.limits) == {"few_authors"}


async def test_a_language_of_which_nobody_is_known_has_no_ratio(db: Database) -> None:
    await write(db, ute=GERMAN, 벤=BAKERY)
    alone = await ask(db, GERMAN[:2], "ute")
    assert (alone.verdict, alone.none, alone.ranking[0].log10_lr) == ("short", None, None)
    assert "elsewhere" not in alone.limits
    assert all(mark.others is None for mark in alone.evidence)
    both = await ask(db, GERMAN[:2], "ute", "벤")
    assert (both.verdict, both.none) == ("close", None)


async def test_without_the_population_only_authors_here_count(make_config: MakeConfig) -> None:
    db = Database(make_config(population=False))
    try:
        await post(db, "ann", *FERRY[:KNOWN])
        await maintain(db)
        comparison = await ask(db, FERRY[KNOWN:], "ann")
        assert (comparison.verdict, comparison.none) == ("short", None)
        assert "elsewhere" not in comparison.limits
        version = comparison.model.version
    finally:
        await db.close()
    db = Database(make_config())
    try:
        async with db.read() as session:
            assert await is_outgrown(session)
        await maintain(db)
        comparison = await ask(db, FERRY[KNOWN:], "ann")
        assert (comparison.verdict, comparison.model.version) == ("likely", version + 1)
    finally:
        await db.close()


async def test_a_snapshot_holds_posts_here_alone(db: Database) -> None:
    await post(db, "ann", *FERRY[:KNOWN])
    await load_samples(db)
    await renew_background(db)
    async with db.read() as session:
        newest = select(BackgroundSnapshot).order_by(BackgroundSnapshot.version.desc()).limit(1)
        snapshot = (await session.scalars(newest)).one()
        loaded = await BackgroundStore().load(session)
    counted = build_background(map(features, FERRY[:KNOWN]), KNOWN)
    assert Background.from_bytes(snapshot.counts).to_bytes() == counted.to_bytes()
    assert loaded.background.posts > KNOWN + 15_000
    assert len(msgspec.msgpack.decode(snapshot.population)) == 1 + len(sample_files())


async def test_the_samples_change_no_answer_about_others(db: Database) -> None:
    names = {"ann": FERRY, "ben": MUSEUM, "벤": BAKERY}
    for name, texts in names.items():
        await post(db, name, *texts[:KNOWN])
    await maintain(db)

    async def answers() -> list[object]:
        comparisons: list[object] = []
        for named, texts in (
            *((["ann"], texts) for texts in names.values()),
            (["ann", "ben"], FERRY),
            (["벤"], BAKERY),
            ([*names], FERRY),
            ([*names], BAKERY),
        ):
            told = msgspec.to_builtins(await ask(db, texts[KNOWN:], *named))
            comparisons.append({key: value for key, value in told.items() if key != "model"})
        async with db.read() as session:
            users = [await get_user(session, name) for name in names]
            return [comparisons, [await typical_of(session, Models(), user) for user in users]]

    before = await answers()
    await load_samples(db)
    await maintain(db)
    assert await answers() == before
    assert "elsewhere" not in (await ask(db, FERRY[KNOWN:], "the_night_ferry")).limits
    async with db.write() as session:
        await delete_samples(session)
    await maintain(db)
    assert await answers() == before
    async with db.read() as session:
        assert not (await BackgroundStore().load(session)).samples
