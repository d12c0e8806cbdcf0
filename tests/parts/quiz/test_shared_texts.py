"""No question asks for a text that another of its choices wrote, too."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.models import Tweet
from app.services.compare.stored_texts import other_writers
from saywho.text import as_read
from tests.browsing import SAME_ORIGIN, body, parts_of, signed_in
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client
from tests.posting import post

SHARED = ("Who is bringing chairs?", "who is bringing chairs", "WHO  is bringing chairs!!")
WORDS = {
    "Amara": "the tent smells of smoke",
    "Ben": "my train stands still",
    "Chloe": "choir sings",
}


def chat() -> bytes:
    """Return a chat in which people share four messages of five, and differ in the fifth."""
    said: list[Said] = []
    for number in range(40):
        for place, name in enumerate(WORDS):
            own = f"{WORDS[name]} for the {number} time"
            at = f"2024-01-{1 + number % 28:02} {10 + number // 28}:{place:02}"
            said.append((at, name, own if number % 5 == 4 else SHARED[place]))
    return kakaotalk("River", *sorted(said))


def asked_in(page: str) -> str:
    return unescape(re.sub("<[^>]*>", "", page.partition("<blockquote")[2].partition("</bl")[0]))


async def test_questions_leave_out_shared_texts(admin: Client) -> None:
    parts = parts_of(admin.app)
    await import_chat(parts.db, chat())
    assert "for the" in asked_in((await admin.page("/room/1")).partition('class="teaser"')[2])
    texts = list[str]()
    for _ in range(3):
        for address in ("/quiz?room=1", "/quiz"):
            drawn = (await admin.get(address)).headers["Location"]
            ids = re.findall(r"\d+", drawn.partition("set=")[2].partition("-")[2].split("&")[0])
            of_quiz = select(Tweet.text).where(Tweet.id.in_(map(int, ids)))
            async with parts.db.read() as session:
                texts += await session.scalars(of_quiz)
            if len(ids) < 10:
                assert "up to ten" in await admin.page(drawn)
    assert texts
    assert not [text for text in texts if as_read(text) == as_read(SHARED[0])]
    operator = await signed_in(admin.app, "kim")
    listed = (await admin.json("/api/v1/rooms/1/messages?limit=50"))["items"]
    shared = next(each["id"] for each in listed if each["text"] in SHARED)
    own = next(each["id"] for each in listed if each["text"] not in SHARED)
    data = f"quote={shared}&quote={own}"
    headers = SAME_ORIGIN | {"Content-Type": "application/x-www-form-urlencoded"}
    file = await body(await operator.post("/room/1/report/preview", data=data, headers=headers))
    assert file.count("<li data-question") == 1
    assert file.count("more than one person wrote this") == 1


@pytest.mark.databases("sqlite", "postgresql")
async def test_writers_of_a_text_are_found_in_any_spelling(db: Database) -> None:
    await post(db, "ann", "오늘 저녁에 시간 되는 사람!!", "a b c d 👍")
    (of_ben,) = await post(db, "ben", "오늘 저녁에  시간 되는 사람?")
    await post(db, "cho", "오늘 저녁에 시간 되는 사람 있어", "A b C d")
    async with db.read() as session:
        posts = (await session.execute(select(Tweet.id, Tweet.user_id, Tweet.text))).all()
        writers = await other_writers(session, posts)
        named = {each.text: len(writers[each.id]) for each in posts}
        one = [each for each in posts if each.id == of_ben]
        assert await other_writers(session, one, [one[0].user_id]) == {of_ben: set()}
    assert named == {
        "오늘 저녁에 시간 되는 사람!!": 1,
        "a b c d 👍": 1,
        "오늘 저녁에  시간 되는 사람?": 1,
        "오늘 저녁에 시간 되는 사람 있어": 0,
        "A b C d": 1,
    }
