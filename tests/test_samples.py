"""The sample posts: even, clean, and by authors that can be told apart."""

import json
import unicodedata
from typing import Any

import pytest

from app.compute.text import clean_text, clean_username, guess_language
from app.db.engine import Database
from app.services.compare.comparing import Question, gather
from app.services.compare.habits import Models
from app.services.compare.verdict import answer
from app.services.imports.storing import delete_samples, load_samples
from app.services.posts.users import add_user, list_authors, list_samples, sample_files

ACCOUNTS = 8
POSTS = 60


def read() -> dict[str, list[dict[str, Any]]]:
    """Return the posts of each file by the name of its first one's author."""
    files = [
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sample_files()
    ]
    return {posts[0]["username"]: posts for posts in files}


SAMPLES = read()


@pytest.mark.parametrize("name", SAMPLES)
def test_an_account_has_sixty_different_clean_posts(name: str) -> None:
    posts = SAMPLES[name]
    assert len(posts) == POSTS
    assert len({post["text"] for post in posts}) == POSTS
    assert len({post["source_id"] for post in posts}) == POSTS
    for post in posts:
        assert clean_text(post["text"]) == post["text"]
        assert unicodedata.is_normalized("NFC", post["text"])
        assert (post["username"], post["platform"]) == (name, "local")
        assert post["kind"] in {"post", "reply", "quote"}
    assert clean_username(name) == name


async def test_the_demo_can_be_asked_at_once(db: Database) -> None:
    report = await load_samples(db)
    assert (report.accepted, report.duplicates) == (ACCOUNTS * POSTS, 0)
    models = Models()
    for name, posts in SAMPLES.items():
        text = " ".join(post["text"] for post in posts[:2])
        async with db.read() as session:
            case = await gather(session, models, Question([text]))
        comparison = await answer(case)
        assert comparison.ranking[0].username == name
        # Of few Korean authors more is asked before one is called likely.
        assert comparison.verdict in ({"likely", "close"} if guess_language(text) else {"likely"})
        assert comparison.evidence


async def test_the_samples_are_removed_and_nobody_else(db: Database) -> None:
    bakery = "골목빵집"
    async with db.write() as session:
        await add_user(session, bakery)
    async with db.read() as session:
        assert await list_samples(session) == []
    await load_samples(db)
    async with db.write() as session:
        await add_user(session, "somebody")
        assert sorted(await list_samples(session)) == sorted(SAMPLES)
        await delete_samples(session)
        assert await list_samples(session) == []
        assert [author.username for author in (await list_authors(session, limit=20))[0]] == [
            "somebody"
        ]
