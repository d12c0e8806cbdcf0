"""What posts answer, and conversations: the same in whatever order the posts come and go."""

import random
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.models import Event
from app.services.checks import find_faults
from app.services.event_log import newest_event
from app.services.posts.arrivals import Arrival, add_arrivals
from app.services.posts.post_content import NewTweet
from app.services.posts.replies import Conversation, own_chains, read_conversation
from app.services.posts.tweets import find_posts
from app.services.posts.users import add_user, find_user
from saywho.clock import now
from saywho.formats.post import ReplyTarget
from tests.posting import add_posts, new_tweet, remove_post
from tests.selection import first_of

Key = tuple[str, int]
"""A post's author and number."""
Ids = dict[Key, int]
AUTHORS = ("mina", "Jiho", "ann@a.example")


class Leaf(NamedTuple):
    """A post, and the one that it answers."""

    author: str
    number: int
    answers: Key | None
    names_author: bool
    """Whether the answered author is named, where that is the author's own."""

    @property
    def key(self) -> Key:
        return self.author, self.number


def post_of(leaf: Leaf) -> NewTweet:
    target = None
    if leaf.answers is not None:
        username, number = leaf.answers
        is_named = leaf.names_author or username != leaf.author
        # Names are found whatever their case.
        target = ReplyTarget(str(number), username.upper() if is_named else None)
    text = f"post {leaf.number}"
    return new_tweet(text, arrived_at=now(), source_id=str(leaf.number), reply_to=target)


async def store(db: Database, leaves: Sequence[Leaf], *, is_bulk: bool = True) -> Ids:
    """Store the posts, those of one author together; return their ids."""
    ids: Ids = {}
    for author, some in groupby(leaves, key=lambda leaf: leaf.author):
        own = list(some)
        async with db.write() as session:
            user = await find_user(session, author) or await add_user(session, author)
            posts = [post_of(leaf) for leaf in own]
            if is_bulk:
                added = await add_posts(session, user.id, posts)
            else:
                added = await add_arrivals(
                    session, [Arrival(user.id, post, scope="admin") for post in posts]
                )
        ids |= dict(zip((leaf.key for leaf in own), (each.id for each in added), strict=True))
    return ids


def chains_of(forest: Iterable[Leaf], ids: Ids) -> dict[int, int]:
    """Return the lowest id of each own chain, slowly."""
    chains: list[set[int]] = []
    for leaf in forest:
        if leaf.answers is None or leaf.answers == leaf.key or leaf.answers[0] != leaf.author:
            continue
        if {leaf.key, leaf.answers} <= ids.keys():
            link = {ids[leaf.key], ids[leaf.answers]}
            apart = [chain for chain in chains if link.isdisjoint(chain)]
            chains = [*apart, link.union(*(chain for chain in chains if chain not in apart))]
    return {post: min(chain) for chain in chains for post in chain}


async def check_links(db: Database, forest: Sequence[Leaf], ids: Ids) -> None:
    async with db.read() as session:
        posts = await find_posts(session, list(ids.values()))
        chains: dict[int, int] = {}
        for author in AUTHORS:
            if user := await find_user(session, author):
                chains |= await own_chains(session, user.id)
    assert chains == chains_of(forest, ids)
    for leaf in forest:
        if leaf.key in ids:
            reply_to = posts[ids[leaf.key]].reply_to
            assert (reply_to is None) == (leaf.answers is None)
            answered = ids.get(leaf.answers) if leaf.answers else None
            assert (reply_to.id if reply_to else None) == answered, leaf


@pytest.mark.parametrize("seed", first_of(range(4), 0, 1))
async def test_replies_are_linked_in_whatever_order_posts_come_and_go(
    db: Database, seed: int
) -> None:
    """Store branches, gaps and circles, some at a time, and delete some; check after each step."""
    chance = random.Random(seed)  # noqa: S311
    keys = [(author, number) for author in AUTHORS for number in range(8)]
    forest = [
        Leaf(*key, chance.choice([None, *keys]), names_author=chance.random() < 0.5)
        for key in chance.sample(keys, 16)
    ]
    # A chain of one author's own, of which the others are branches.
    forest += [Leaf("mina", 20 + n, ("mina", 19 + n), names_author=False) for n in range(5)]
    chance.shuffle(forest)
    ids: Ids = {}
    for start in range(0, len(forest), 1 + seed):
        ids |= await store(db, forest[start : start + 1 + seed], is_bulk=seed % 2 == 0)
        await check_links(db, forest, ids)
    for key in chance.sample(list(ids), 3):
        await remove_post(db, ids.pop(key))
        await check_links(db, forest, ids)
    async with db.read() as session:
        for key, tweet_id in ids.items():
            check_conversation(await read_conversation(session, tweet_id, most=200), key, ids)
    assert await find_faults(db) == []


def check_conversation(conversation: Conversation, key: tuple[str, int], ids: Ids) -> None:
    shown = [entry.post.id for entry in conversation.posts]
    assert ids[key] in shown
    assert len(set(shown)) == len(shown)
    assert conversation.is_whole
    answered = [entry.post.reply_to and entry.post.reply_to.id for entry in conversation.posts]
    if None in answered:  # Else the posts answer each other in a circle.
        assert all(each is None or each in shown[:place] for place, each in enumerate(answered))


def leaf(number: int, answers: int | None = None, author: str = "mina", to: str = "mina") -> Leaf:
    target = None if answers is None else (to, answers)
    return Leaf(author, number, target, names_author=False)


async def kinds_after(db: Database, event_id: int) -> list[tuple[str, int | None]]:
    async with db.read() as session:
        query = select(Event.kind, Event.tweet_id).where(Event.id > event_id).order_by(Event.id)
        return [(row.kind, row.tweet_id) for row in await session.execute(query)]


async def last_event(db: Database) -> int:
    async with db.read() as session:
        return await newest_event(session)


async def test_changed_links_are_announced(db: Database) -> None:
    ids = await store(db, [leaf(2, 1), leaf(3, 2), leaf(12, 1, author="Jiho")])
    before = await last_event(db)
    ids |= await store(db, [leaf(1)], is_bulk=False)
    first, second, answer = (ids[key] for key in [("mina", 1), ("mina", 2), ("Jiho", 12)])
    assert await kinds_after(db, before) == [
        ("tweet.created", first),
        ("tweet.updated", second),
        ("tweet.updated", answer),
    ]


def order(conversation: Conversation) -> list[tuple[str | None, int]]:
    return [(entry.post.source_id, entry.level) for entry in conversation.posts]


async def test_answers_to_the_same_missing_post_are_one_conversation(db: Database) -> None:
    await store(db, [leaf(2, 1), leaf(3, 1, author="Jiho"), leaf(4, 1, author="Jiho", to="Jiho")])
    async with db.read() as session:
        conversation = await read_conversation(session, 1, most=50)
    assert [entry.post.id for entry in conversation.posts] == [1, 2]
    assert [each.source_id for each in conversation.missing] == ["1", "1"]


async def test_a_conversation_reads_branch_by_branch(db: Database) -> None:
    mine = [leaf(1), leaf(2, 1), leaf(3, 2)]
    others = [leaf(11, 1, author="Jiho"), leaf(12, 11, author="Jiho", to="Jiho")]
    await store(db, [*mine, *others, leaf(4, 11, to="Jiho")])
    async with db.read() as session:
        for tweet_id in range(1, 7):
            conversation = await read_conversation(session, tweet_id, most=50)
            # What the author wrote next stands at the same depth, after the branch.
            assert order(conversation) == [
                ("1", 0),
                ("11", 1),
                ("4", 2),
                ("12", 1),
                ("2", 0),
                ("3", 0),
            ]
            assert conversation.missing == []


async def test_a_long_conversation_is_bounded_to_what_is_near(db: Database) -> None:
    await store(db, [leaf(n, n - 1 or None) for n in range(1, 41)])
    async with db.read() as session:
        conversation = await read_conversation(session, 20, most=10)
    shown = [entry.post.id for entry in conversation.posts]
    assert not conversation.is_whole
    assert shown == sorted(shown)
    assert len(shown) == 10
    assert {16, 17, 18, 19, 20, 21, 22, 23} < set(shown)


async def test_a_known_post_learns_what_it_answers(db: Database) -> None:
    ids = await store(db, [leaf(1), leaf(2)])
    before = await last_event(db)
    # Another file tells more of the second post than the first one did.
    await store(db, [leaf(2, 1), leaf(1)])
    assert await kinds_after(db, before) == [("tweet.updated", ids["mina", 2])]
    async with db.read() as session:
        answered = (await find_posts(session, [ids["mina", 2]]))[ids["mina", 2]].reply_to
    assert answered is not None
    assert answered.id == ids["mina", 1]
    before = await last_event(db)
    await store(db, [leaf(2, 1), leaf(2, 7)])
    assert await kinds_after(db, before) == []
