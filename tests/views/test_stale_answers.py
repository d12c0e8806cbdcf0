"""No kept answer outlives a change of what it shows: each kept route, after each kind of event.

Histories at random are in `test_kept_answers.py`. Here nothing is left to chance: a service that
forgets what its answer depends on leaves a kept answer which a worker without a cache contradicts.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from quart import Quart
from sqlalchemy import func, select

from app import create_app
from app.db.feed import OF_SITE
from app.lifespan import resources
from app.models import Tweet
from app.services import event_log
from app.services.compare.background import BACKGROUND, renew_background
from app.services.compare.held_out import FEWEST_MESSAGES
from app.views.blueprints import PageBlueprint
from saywho.engine.fitting import FEWEST_FITTED
from saywho.significance import FEWEST_COMPARED
from tests.browsing import Browser, parts_of, signed_in
from tests.conftest import Client, MakeConfig, Outside, app_of, client_with
from tests.house import ROOT
from tests.views.test_policies import EXPECTED
from tests.waiting import eventually, settle

API: Final = "/api/v1"
QUIZ: Final = "set=1.2-1.2&so=31&room=1"
KEPT: Final = (
    *("/", "/authors", "/user/ann", "/user/ann/2020", "/tweet/1"),
    f"{API}/users/ann/portrait",
    *("/rooms", "/room/1", "/room/1/2020", "/room/1/person/ben", "/feed.atom"),
    "/room/1?on=2020",
    *("/user/ben/feed.atom", "/posts", "/search?q=sea"),
    "/compare?text=a+quiet+lamp&username=ann&username=ben",
    *("/dashboard/zone", "/dashboard/table/timeline", "/dashboard/table/hours.csv"),
    *(f"{API}/users", f"{API}/users/ben", f"{API}/users/ann/archive", f"{API}/users/ann/tweets"),
    *(f"{API}/users/ann/years/2020", f"{API}/tweets/2", f"{API}/tweets/1/thread"),
    *(f"{API}/tweets/1/similar", f"{API}/rooms", f"{API}/rooms/1", f"{API}/rooms/1/portrait"),
    *(f"{API}/rooms/1/years/2020", f"{API}/rooms/1/people/ben"),
    *(f"{API}/rooms/1/messages", f"{API}/search?q=sea&facets=1", f"{API}/stats?username=ann"),
    f"{API}/docs",
)
"""An address of each route whose answers are kept, and show what is stored; but pictures."""
PICTURES: Final = (
    *("/user/ann/2020/picture", "/user/ann/2020/picture.png"),
    *("/user/ann/portrait/picture", "/user/ann/portrait/picture.png"),
    *("/room/1/portrait/picture", "/room/1/portrait/picture.png"),
    *("/room/1/2020/picture", "/room/1/2020/picture.png"),
    *("/user/ann/2020/cards", "/user/ann/2020/cards/words.png"),
    *("/room/1/2020/cards", "/room/1/2020/cards/story.png"),
    *("/user/ann/cards", "/user/ann/cards/amount.png"),
    *("/room/1/person/ann/cards", "/room/1/person/ann/cards/amount.png"),
    f"/quiz/picture.png?{QUIZ}",
)
"""The other ones: each shows what a page above shows, by the same service."""
UNCHANGING: Final = frozenset(
    (
        *("/favicon.ico", "/llms.txt", "/static/<path:filename>", API, f"{API}/openapi.json"),
        *("/room/<id:room_id>/portrait", "/user/<username>/portrait"),
        *("/dashboard/_dash-layout", "/dashboard/_dash-dependencies"),
        "/dashboard/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    )
)
"""The routes whose answers are kept, and change with the program alone."""
MADE_ANEW: Final = frozenset(
    (
        *("/healthz", "/readyz", "/login", "/setup", "/about", "/phone", "/media/<name>"),
        *("/quiz", "/quiz/picture"),
        *("/compare/example", "/compare/card", "/compare/table"),
        *("/compare/picture", "/compare/picture.png"),
        *("/get_user", "/user", "/users", "/users.json", "/play", "/play/<id:game_id>"),
        *("/play/<id:game_id>/picture", "/play/<id:game_id>/picture.png"),
        "/dashboard/",
        *(f"{API}/compare", f"{API}/compare/card", f"{API}/export", f"{API}/live"),
    )
)
"""The other routes that anybody may read; the dashboard is kept once Dash has asked for figures."""
ARCHIVE: Final = (f"{API}/users/eve/archive", f"{API}/users/eve/portrait")
ANSWERED: Final = re.compile(rb" answered [^<]*")
"""When a comparison was made, which is no part of what it says."""
EXAMPLE: Final = "An example: a post that saywho had not seen"
SOURCE: Final = {"source_id": "0", "username": "ben"}
YEAR: Final = "2020-02-02T10:00:00Z"


@dataclass(frozen=True, slots=True)
class Workers:
    """A worker that keeps answers, one that keeps none, and who writes."""

    keeper: Client
    fresh: Client
    admin: Client
    operator: Browser

    async def stale(self, addresses: Sequence[str]) -> list[str]:
        """Return where the keeper has an old answer, and let it keep today's of all.

        On PostgreSQL an answer may be as old as the keeper's last look at the log.
        """
        await parts_of(self.keeper.app).openness.settle()
        return [address for address in addresses if await self._is_stale(address)]

    async def _is_stale(self, address: str) -> bool:
        kept = await self.keeper.get(address)
        if not is_kept(kept):
            return False
        made = await self.fresh.get(address)
        if ANSWERED.sub(b"", await kept.get_data()) == ANSWERED.sub(b"", await made.get_data()):
            return False
        # Where maintenance has changed it in between, the old one is soon no longer given out.
        await parts_of(self.keeper.app).openness.settle()
        return is_kept(await self.keeper.get(address))


def is_kept(answer: Any) -> bool:
    return bool(answer.headers.get("Cache-Status") == "saywho; hit")


async def write(workers: Workers, username: str, text: str, **fields: Any) -> None:
    path = f"{API}/users/{username}/tweets?publish=1"
    answer = await workers.admin.post(path, json={"text": text} | fields)
    assert answer.status_code in {200, 201}, await answer.get_data()


async def fill(workers: Workers) -> None:
    """Write what all the addresses show."""
    for name in ("ann", "ben"):
        await workers.admin.add_user(name)
        for number in range(2):
            text = f"the quiet sea and a lamp {number}"
            await write(workers, name, text, created_at=YEAR, room={"name": "pier"})
    await write(workers, "ann", "an answer from the sea", source_id="7", reply_to=SOURCE)
    message = {"username": "dora", "text": "tea", "created_at": YEAR, "room": {"name": "pier"}}
    await workers.admin.add_posts(*[message] * 100)
    # Enough for pictures of a year: words of one year, and who begins conversations.
    for year, words in ((2020, "kelp and foam"), (2021, "snow and ice")):
        days = [f"{year}-{1 + day % 12:02}-{1 + day // 2:02}T10:00:00Z" for day in range(48)]
        said = [{"username": "ann", "text": f"{words} {day}", "created_at": day} for day in days]
        talk = [each | {"room": {"name": "pier"}} for each in said[: -len(said) // 4]]
        answers = [each | {"username": "ben", "text": "sea"} for each in talk]
        await workers.admin.add_posts(*said, *talk, *answers)


async def write_in_bulk(workers: Workers) -> None:
    """Write as many posts as the first background is made of; the authors have a platform then.

    The new one is nobody of the chat, because the same name may be someone else's.
    """
    names = ("ann", *("eve",) * FEWEST_FITTED)
    lines = ({"username": name, "text": "a lamp at sea", "platform": "x"} for name in names)
    await workers.admin.add_posts(*lines)


async def chat(workers: Workers) -> None:
    """Write as many messages as a room needs for its people to be judged.

    All are by who writes most: of two with posts the front page has an example, which each
    worker draws.
    """
    message = {"username": "cem", "text": "a lamp", "room": {"name": "pier"}}
    await workers.admin.add_posts(*[message] * FEWEST_MESSAGES)


async def make_private_and_public(workers: Workers) -> None:
    for public in ("0", "1"):
        await workers.operator.post("/settings/reading", form={"public": public})


Write = Callable[[Workers], Awaitable[Any]]
WRITES: Final[dict[str, Write]] = {
    "a post": lambda workers: write(workers, "ann", "the sea again", created_at=YEAR),
    "a message": lambda workers: write(workers, "ben", "sea?", room={"name": "pier"}),
    "a chat": chat,
    "what a post lacked": lambda workers: write(
        workers, "ann", "an answer from the sea", source_id="7", reply_to=SOURCE, created_at=YEAR
    ),
    "what was answered": lambda workers: write(workers, "ben", "ask the sea", source_id="0"),
    "posts in bulk": write_in_bulk,
    "a room's name": lambda workers: workers.operator.post(
        "/settings/rooms/1/name", form={"name": "quay"}
    ),
    "whose archive it is": lambda workers: workers.operator.post(
        "/settings/own", form={"username": "ben"}
    ),
    "who may read": make_private_and_public,
    "a post is deleted": lambda workers: workers.admin.delete(f"{API}/tweets/4"),
    "an author is deleted": lambda workers: workers.admin.delete(f"{API}/users/ben"),
    "a chat is deleted": lambda workers: workers.admin.delete(f"{API}/rooms/1"),
}
"""Together they append every kind of event; maintenance follows each."""
ALIKE: Final = frozenset({"a post", "what a post lacked"})
"""Those whose kinds of events others append, too."""
ELSEWHERE: Final = frozenset({"vectors.made", "snapshots.counted"})
"""Kinds of events that need more than a database: `test_similar_api.py` has an embedder."""


@asynccontextmanager
async def working(keeper: Quart, fresh: Quart) -> AsyncIterator[Workers]:
    async with keeper.test_app(), fresh.test_app():
        admin, operator = await client_with(fresh, "admin"), await signed_in(fresh)
        workers = Workers(Client(keeper, {}), Client(fresh, {}), admin, operator)
        await fill(workers)
        await settle(fresh)
        yield workers


async def check_writes(
    make_config: MakeConfig, addresses: Sequence[str], *, names: Collection[str]
) -> None:
    """Look at the addresses after each write, and after the maintenance that follows."""
    apps = create_app(make_config()), create_app(make_config(cache_mb=0))
    async with working(*apps) as workers:
        for address in addresses:
            await eventually(partial(workers.keeper.get, address), until=is_kept)
        for name in names:
            await WRITES[name](workers)
            assert not await workers.stale(addresses), name
            if await newest_event(apps[1]) < await settled(apps[1]):
                assert not await workers.stale(addresses), f"maintenance after: {name}"


async def test_no_kept_answer_is_stale_after_any_kind_of_event(
    make_config: MakeConfig, outside: Outside
) -> None:
    await check_writes(make_config, KEPT, names=[name for name in WRITES if name not in ALIKE])
    kinds = {kind for (kind,) in outside.fetch('SELECT DISTINCT kind FROM "Event"')}
    assert kinds | ELSEWHERE == all_kinds()


@pytest.mark.full
async def test_no_kept_answer_or_picture_is_stale_after_any_write(make_config: MakeConfig) -> None:
    await check_writes(make_config, [*KEPT, *PICTURES], names=WRITES)


async def test_the_front_page_has_the_example_of_a_new_worker_after_a_deletion(
    make_config: MakeConfig,
) -> None:
    apps = create_app(make_config()), create_app(make_config(cache_mb=0))
    async with working(*apps) as workers:
        await write_in_bulk(workers)
        await settled(apps[1])
        assert EXAMPLE not in await (await workers.keeper.get("/")).get_data(as_text=True)
        await workers.admin.delete(f"{API}/rooms/1")
        await settled(apps[1])
        await parts_of(workers.keeper.app).openness.settle()
        kept = await (await workers.keeper.get("/")).get_data(as_text=True)
        async with app_of(make_config()) as new:
            made = await (await Client(new, {}).get("/")).get_data(as_text=True)
        assert EXAMPLE in made
        assert kept == made


async def test_a_new_background_outdates_answers_whose_figures_another_page_counted(
    make_config: MakeConfig,
) -> None:
    async with app_of(make_config()) as app:
        admin, client = await client_with(app, "admin"), Client(app, {})
        await admin.add_posts(*[{"username": "eve", "text": "at sea"}] * FEWEST_COMPARED)
        await settle(app)
        for address in ("/user/eve", *ARCHIVE):
            await eventually(partial(client.get, address), until=is_kept)
        async with parts_of(app).db.exclusive_in_turn(BACKGROUND) as grant:
            await renew_background(grant)
        await parts_of(app).openness.settle()
        assert [each for each in ARCHIVE if is_kept(await client.get(each))] == []


async def newest_event(app: Quart) -> int:
    async with parts_of(app).db.read() as session:
        return await event_log.newest_event(session)


async def settled(app: Quart) -> int:
    """Do all maintenance that is due; return the newest event then."""
    await settle(app)
    return await newest_event(app)


def all_kinds() -> set[str]:
    """Return the kinds of events that the program appends anywhere."""
    sources = [path.read_text() for path in (ROOT / "app").rglob("*.py")]
    kinds = {kind for source in sources for kind in re.findall(r'NewEvent\(\s*"([a-z.]+)"', source)}
    return kinds | OF_SITE


async def test_the_tables_name_every_route_that_anybody_may_read(app: Quart) -> None:
    addresses = app.url_map.bind("localhost")
    kept = {
        addresses.match(urlsplit(address).path, return_rule=True)[0].rule
        for address in (*KEPT, *PICTURES)
    }
    readable = {rule for rule, needs in EXPECTED.items() if needs.get("GET") in {"open", "read"}}
    assert readable == kept | UNCHANGING | MADE_ANEW


async def test_a_view_that_forgets_what_it_depends_on_is_found(make_config: MakeConfig) -> None:
    blueprint = PageBlueprint("forgetful", policy="read")

    @blueprint.get("/posts/number", keep=True)
    async def show_number() -> str:
        async with resources().db.read() as session:
            return str(await session.scalar(select(func.count(Tweet.id))))

    apps = create_app(make_config()), create_app(make_config(cache_mb=0))
    for app in apps:
        app.register_blueprint(blueprint)
    async with working(*apps) as workers:
        addresses = ("/posts", "/posts/number")
        await workers.stale(addresses)
        await write(workers, "ann", "the sea again")
        assert await workers.stale(addresses) == ["/posts/number"]
