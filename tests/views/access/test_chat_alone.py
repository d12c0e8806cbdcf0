"""What readers of one chat are told is what a site tells that holds this chat alone."""

import difflib
import hashlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from quart import Quart
from sqlalchemy import func, select, update

from app.models import Tweet, Word
from app.paths import API
from app.services.access.rights import switch_site
from app.services.compare.one_chat import ChatCache
from saywho.comparing.question import Question
from saywho.sizes import MIB
from tests.browsing import Browser, parts_of, signed_in
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import MakeConfig, app_of, client_with
from tests.made_chats import made_chat
from tests.parts.games.playing import view_of, wish_for
from tests.views.access.test_chat_readers import FORMS, invited, links_of
from tests.views.access.test_reader_pages import kind_of
from tests.waiting import settle

CHAT: Final = made_chat(12)
OTHER: Final = made_chat(6)
"""A chat that a reader of the first one may not know of."""
PEOPLE: Final = CHAT.names
TEXTS: Final = (
    "lol the boat and the kettle are in the harbour window",
    "Coffee in the garden, then the quay by train for supper.",
    "zebrafish",
    CHAT.said[7][2],
    f"{OTHER.said[3][2]} zebrafish quarry.",
)
DIFFERENT: Final = (
    (r'"request_id":"\w+"', ""),
    (r'"(version|as_of_event)":\d+', r'"\1":0'),
    (r"version \d+ · answered <time[^>]*>[^<]*", ""),
    (r"signed in <time[^>]*>[^<]*", ""),
    (r'"created_at":"(?!2024)\d[^"]*"', ""),
)
"""What may differ: names of requests, versions of the background and times of arrival."""


@asynccontextmanager
async def site(
    make_config: MakeConfig, folder: Path, *, is_alone: bool, is_late: bool = False
) -> AsyncIterator[Quart]:
    """Serve a chat, alone or beside another chat of its people and an author.

    is_late: whether all but its last messages came after all the rest.
    """
    async with app_of(make_config(data_dir=folder)) as app:
        async with parts_of(app).db.write() as session:
            await switch_site(session, None, is_public=False)
        if is_late:
            await import_chat(parts_of(app).db, kakaotalk("the harbour", *CHAT.said[-25:]))
            await fill_elsewhere(app)
        await import_chat(parts_of(app).db, kakaotalk("the harbour", *CHAT.said))
        if not is_alone and not is_late:
            await fill_elsewhere(app)
        await settle(app)
        yield app


async def ranks_of(app: Quart) -> dict[str, str]:
    """Return the place of each message, in an order without ids, by its id."""
    async with parts_of(app).db.read() as session:
        query = select(Tweet.id).where(Tweet.room_id == 1)
        ids = await session.scalars(query.order_by(Tweet.created_at, Tweet.place, Tweet.text))
        return {str(id_): f"message {rank}" for rank, id_ in enumerate(ids)}


ID: Final = re.compile(r'(/tweet/|"id":|[?&;]message=|id="m|#m)(\d+)\b(?!,"name")')
"""An id of a message, not of a chat."""


def without_ids(text: str, ranks: dict[str, str]) -> str:
    """Return an answer without its drawn question, and with places for ids of messages."""
    text = re.sub(r'<section class="teaser.*?</section>', "", text, flags=re.S)
    text = re.sub(
        r'"user":\{"id":\d+|"next":"[^"]*"|\b(?:cursor|before|after)=[\w-]+', "cursor", text
    )
    posts = re.compile(r'(?<="posts":\[)[\d,]+')
    text = posts.sub(lambda ids: str([ranks[id_] for id_ in ids[0].split(",")]), text)
    return ID.sub(lambda found: found[1] + ranks.get(found[2], found[2]), text)


async def fill_elsewhere(app: Quart) -> None:
    """Let some people of the chat write more in another one, in other words, with other people."""
    called = dict(zip(OTHER.names, PEOPLE[::-1], strict=False))
    said: list[Said] = [
        (at, called.get(name, name), f"{text} zebrafish quarry.")
        for at, name, text in OTHER.said * 2
    ]
    await import_chat(parts_of(app).db, kakaotalk("the quarry", *said))
    posts = [{"username": "gull", "text": f"a boat, {n} kettles, zebrafish"} for n in range(40)]
    await (await client_with(app, "write")).add_posts(*posts)
    await settle(app)
    async with parts_of(app).db.write() as session:
        # As in very many posts elsewhere.
        frequent = Word.word.in_(("boat", "harbour", "kettle"))
        await session.execute(update(Word).where(frequent).values(tweets=500_000))


async def told(
    reader: Browser, address: str, *, reads_all: bool = False, **sent: Any
) -> tuple[Any, ...]:
    """Return what an answer says, without what may differ."""
    random.seed(address)  # A quiz is drawn.
    answer = await reader.send("POST" if sent else "GET", address, **sent)
    content = await answer.get_data()
    if not answer.mimetype.startswith("text/") and "json" not in answer.mimetype:
        return answer.status_code, hashlib.sha256(content).hexdigest()
    text = content.decode()
    events = {*re.findall(r'"as_of_event":(\d+)', text)}
    if events and not reads_all:
        assert events == {await newest_event_of_chat(reader.app)}
    for pattern, instead in DIFFERENT:
        text = re.sub(pattern, instead, text)
    headers = {name: answer.headers.get(name) for name in ("Location", "Cache-Control", "Vary")}
    return answer.status_code, answer.mimetype, headers, text


async def newest_event_of_chat(app: Quart) -> str:
    async with parts_of(app).db.read() as session:
        return str(await session.scalar(select(func.max(Tweet.event_id)).where(Tweet.room_id == 1)))


def asked() -> list[str]:
    """Return the addresses of questions, of which some are no good."""
    names: tuple[list[str], ...] = (
        [],
        PEOPLE[:2],
        PEOPLE[:1],
        ["gull"],
        ["nobody"],
        [PEOPLE[0], PEOPLE[0]],
    )
    questions = [
        urlencode({"text": text, "username": named}, doseq=True)
        for text in TEXTS
        for named in (names if text == TEXTS[0] else names[:2])
    ]
    extra = [f"{questions[0]}&sure=0.9", f"{questions[1]}&post=8", f"{questions[1]}&post=9999"]
    return [
        *(f"/compare?{question}" for question in [*questions, *extra, "text="]),
        *(f"{API}/compare?{question}&reasons=1" for question in [*questions, "sure=2&text=a"]),
        *(f"/compare/picture.png?{question}" for question in questions[:4]),
    ]


def beginnings() -> list[str]:
    """Return addresses that no link leads to."""
    people = [f"/room/1/person/{name}" for name in (*PEOPLE, "gull", "nobody", "Una6")]
    loose = "zebrawood harbour boat kettle"  # No message has all of them.
    filters = ("harbour", "harbuor", f"from:{PEOPLE[0]}", "from:gull", "to:gull", "in:2", loose)
    ends = ("", "/messages?limit=200", f"/messages?limit=200&q={quote(loose)}", "/portrait")
    api = [f"{API}/rooms/1{end}" for end in ends]
    api += [f"{API}/rooms/1/people/{name}" for name in (PEOPLE[0], "gull")]
    return [
        *("/", "/room/1", "/room/1?view=newest", "/room/2", "/user/gull", "/tweet/9999"),
        *(f"/room/1?{urlencode({'q': typed})}" for typed in filters),
        *(f"/quiz?room=1&n={number}" for number in range(3)),
        *("/quiz?room=2", "/quiz", "/search?q=boat", f"{API}/rooms/2", f"{API}/users/gull"),
        *people,
        *api,
    ]


def check_alike(address: str, expected: tuple[Any, ...], seen: tuple[Any, ...]) -> None:
    one, other = (re.split(r"(?<=>)|(?<=,)", str(answer[-1])) for answer in (expected, seen))
    difference = difflib.unified_diff(one, other, n=0, lineterm="")
    assert seen == expected, "\n".join((address, *difference))


async def check_all_alike(alone: Browser, both: Browser, *, follows: bool) -> None:
    """Open the same addresses on both sites: with `follows` all, and links, two of a kind."""
    left, seen, kinds = (
        [*beginnings(), *asked()][:: 1 if follows else 3],
        set[str](),
        Counter[Any](),
    )
    begun = {*left}
    while left:
        address = left.pop(0)
        if address in seen:
            continue
        seen.add(address)
        if address not in begun:
            if not follows:
                break
            kind = kind_of(alone.app, address)
            kinds[kind] += 1
            if kinds[kind] > (1 if "/cards" in address or "picture" in address else 2):
                continue
        expected = await told(alone, address)
        check_alike(address, expected, await told(both, address))
        if expected[0] in {302, 303, 308}:
            left.append(expected[2]["Location"])
        elif len(expected) > 2:
            links = links_of(unescape(expected[-1])) - {*FORMS}
            left += sorted(link for link in links if not re.search("^/static/|locale=", link))
    assert len(kinds) > 20 or not follows


async def played(host: Browser) -> list[Any]:
    """Play a game of the chat, and the next one; return what the host is told of each question."""
    random.seed("a game")
    told_each = list[Any]()
    game = (await wish_for(host, room=1)).headers["Location"].rpartition("/")[2]
    for _ in range(2):
        view = await view_of(host, game)
        while view["state"] != "ended":
            await host.post(f"/games/{game}/next", form={"version": view["version"]})
            view = await view_of(host, game)
            marks = re.findall("<mark.*?</mark>", await host.page(f"/games/{game}"))
            told_each.append((view["options"], view["text"], view["truth"], view["saywho"], marks))
        game = (await host.post(f"/games/{game}/replay")).headers["Location"].rpartition("/")[2]
    return told_each


@pytest.mark.parametrize("follows", [False, pytest.param(True, marks=pytest.mark.full)])
@pytest.mark.databases("sqlite", "postgresql")
async def test_a_chat_is_told_as_if_nothing_else_were_here(
    make_config: MakeConfig, tmp_path: Path, *, follows: bool
) -> None:
    async with (
        site(make_config, tmp_path / "alone", is_alone=True) as first,
        site(make_config, tmp_path / "both", is_alone=False) as second,
    ):
        operators = [await signed_in(app) for app in (first, second)]
        alone, both = [await invited(operator, "1") for operator in operators]
        await check_all_alike(alone, both, follows=follows)
        for names in ([], PEOPLE[:2], ["gull"]):
            json = {"text": TEXTS[0], "usernames": names, "reasons": True}
            expected = await told(alone, f"{API}/compare", json=json)
            assert await told(both, f"{API}/compare", json=json) == expected
        # What comes in elsewhere changes nothing, and is no event of the chat.
        address = f"{API}/compare?{urlencode({'text': TEXTS[1]})}"
        expected = await told(alone, address)
        assert '"as_of_event":0' in expected[-1]
        later = {"username": PEOPLE[0], "text": f"{TEXTS[1]} And back by boat."}
        await (await client_with(second, "write")).add_posts(later)
        assert await told(both, address) == expected
        games = [await played(operator) for operator in operators]
        assert games[1] == games[0]
        assert any(guess for *_, guess, _ in games[0])
        for app in (first, second):
            async with parts_of(app).db.write() as session:
                await switch_site(session, None, is_public=True)
        for address in ("/room/1", f"/room/1/person/{PEOPLE[0]}", "/room/2", asked()[0]):
            assert await told(both, address) == await told(alone, address), address
        # Who reads the whole site finds the person's page in the chat, and there the same.
        pages = [await operator.page(f"/user/{PEOPLE[0]}") for operator in operators]
        link = f'href="/room/1/person/{PEOPLE[0]}"'
        assert [link in page for page in pages] == [False, True]
        address = f"{API}/rooms/1/people/{PEOPLE[0]}"
        assert (await told(operators[1], address))[-1] == (await told(both, address))[-1]
        # The whole site answers otherwise.
        address = asked()[-8]
        answers = [await told(operator, address, reads_all=True) for operator in operators]
        assert answers[0][-1] != answers[1][-1]
        assert (await told(both, address))[-1] == answers[0][-1]


@pytest.mark.full
async def test_the_order_of_ids_tells_nothing(make_config: MakeConfig, tmp_path: Path) -> None:
    async with (
        site(make_config, tmp_path / "alone", is_alone=True) as first,
        site(make_config, tmp_path / "both", is_alone=False, is_late=True) as second,
    ):
        alone, both = [await invited(await signed_in(app), "1") for app in (first, second)]
        ranks = [await ranks_of(app) for app in (first, second)]
        assert [*ranks[0]] != [*ranks[1]]
        for address in (*beginnings(), *asked()):
            if "quiz" in address or "post=" in address:
                continue  # These draw, or name, messages by their ids.
            answers = [await told(reader, address) for reader in (alone, both)]
            one, other = [
                (*answer[:-1], without_ids(answer[-1], known))
                for answer, known in zip(answers, ranks, strict=True)
            ]
            check_alike(address, one, other)


async def test_what_is_kept_of_chats_is_bounded(make_config: MakeConfig, tmp_path: Path) -> None:
    async with site(make_config, tmp_path / "alone", is_alone=True) as app:
        parts = parts_of(app)
        asked = Question([TEXTS[0]])
        chats = ChatCache(parts.db, parts.feed, parts.long_reads, parts.work_pool.run, 1)
        first = chats.get(1)
        expected = await first.comparer.ask(asked)
        assert first.size_bytes > MIB
        assert chats.get(1) is first
        # Another one takes its place; asked again, it is counted anew.
        chats.get(2)
        assert first.size_bytes == 0
        assert chats.get(1) is not first
        assert await chats.get(1).comparer.ask(asked) == expected
        # A search has several transactions in a session, perhaps on another one's connection.
        messages = select(func.count()).select_from(Tweet)
        async with parts.db.read_chat(1) as session, parts.db.read_chat(2) as other:
            for _ in range(2):
                assert await session.scalar(messages) == len(CHAT.said)
                await session.commit()
                assert await other.scalar(messages) == 0
                await other.commit()
        with pytest.raises(RuntimeError):  # Counts of a chat are none of the site.
            async with parts.db.read() as session:
                await first.models.backgrounds.load(session)
