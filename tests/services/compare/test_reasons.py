"""An author's typical words are those that the others hardly use."""

from sqlalchemy import select

from app.clock import now
from app.compute.wording import TypicalWord
from app.db.engine import Database
from app.models import User
from app.services.compare.answering import answer
from app.services.compare.background import renew_background
from app.services.compare.cases import Models, gather
from app.services.compare.reasons import add_reasons, typical_of
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user
from tests.posting import add_posts, post


async def test_words_that_the_others_use_too_are_not_typical(db: Database) -> None:
    habits = {"ferry": "tide %s...", "museum": "gallery %s!", "bakery": "bread %s?"}
    for username, habit in habits.items():
        async with db.write() as session:
            user, _ = await add_user(session, username)
            texts = [f"today the {habit % n} again today the" for n in range(40)]
            posts = [new_tweet(text, arrived_at=now()) for text in texts]
            await add_posts(session, user.id, posts)
    models = Models()

    async def typical() -> dict[str, list[TypicalWord]]:
        async with db.read() as session:
            users = (await session.scalars(select(User))).all()
            found = await typical_of(session, models, users)
        return {user.username: found.get(user.id, []) for user in users}

    assert [*(await typical()).values()] == [[], [], []]
    await renew_background(db)
    async with db.write() as session:
        await add_user(session, "empty")
    found = await typical()
    for username, habit in habits.items():
        words = [word.text for word in found[username] if not word.is_mark]
        assert words == [habit.split()[0]]
        assert found[username][0].uses == 40
    assert found["empty"] == []


async def test_a_hidden_post_is_in_no_figure(db: Database) -> None:
    lamps = [f"the lamp of pier {n} is lit" for n in range(28)]
    ids = await post(db, "ann", *lamps, *["one quokka again"] * 2, "another quokka again")
    await post(db, "ben", *(f"bread number {n} at dawn" for n in range(30)))
    models, text = Models(), "another quokka again"
    async with db.read() as session:
        hidden = await gather(session, models, [text], ["ann", "ben"], hidden_post=ids[-1])
        found = await add_reasons(session, hidden, await answer(hidden))
    (mark,) = [mark for mark in found.evidence if "quokka" in str(mark.piece)]
    assert mark.own == 26.7, "twice in 30 posts"
    assert mark.posts == [ids[-2]], "one of those that say the same"
