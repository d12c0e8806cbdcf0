"""Views of Quart, as a developer declares them who knows nothing of saywho's blueprints."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from quart import (
    Blueprint,
    Quart,
    abort,
    render_template,
    render_template_string,
    request,
    stream_template,
    websocket,
)
from quart.testing.connections import WebsocketDisconnectError
from sqlalchemy import select

from app import create_app
from app.db.result_cache import cacheable
from app.errors import StartError
from app.lifespan import resources
from app.models import Tweet, User
from app.services.access.rights import switch_site
from app.services.posts.selection import Selection, post_conditions
from app.services.posts.users import add_user
from app.views.blueprints import PageBlueprint
from app.views.policies import always, policy, writing
from tests.browsing import Browser, found_in, missing_in, parts_of, signed_in
from tests.conftest import Client, MakeConfig, client_with
from tests.views.access.test_chat_readers import fill, invited
from tests.waiting import DEADLINE_S

JSON: Final = {"Accept": "application/json"}
PAGE: Final = '{% extends "base.html" %}{% block main %}<h1>For {{ name }}</h1>{% endblock %}'


views: Final = Blueprint("views", __name__)


@views.post("/note")
async def note() -> dict[str, Any]:
    async with writing() as session:
        await add_user(session, "noted")
    return {"form": [*await request.form], "json": await request.get_json()}


@views.get("/about-us")
@policy("open")
async def about() -> str:
    return "about"


@policy("open")
@views.get("/contact")
async def contact() -> str:
    return "contact"


@views.get("/room/<id:room_id>/mine")
async def of_chat(room_id: int) -> str:
    return "all chats"


@views.get("/room/<id:room_id>/everybody")
@policy("read", of_chat=always)
async def of_every_chat(room_id: int) -> str:
    return "nothing of a chat"


@views.get("/moved")
async def moved() -> str:
    abort(410, "It is at {home} now")


@views.get("/fails")
async def fails() -> str:
    raise ZeroDivisionError("a secret")


@views.get("/latest")
async def latest() -> list[str]:
    if "keep" in request.args:
        cacheable()
    async with resources().db.read() as session:
        public = await post_conditions(session, Selection(of_everyone=True))
        return [*await session.scalars(select(Tweet.text).join(User).where(*public))]


def add_views(app: Quart, templates: Path) -> None:
    """Declare what a tutorial of Quart declares."""

    @app.get("/hello/<name>")
    async def hello(name: str) -> str:
        return f"hello {name}"

    @app.route("/plain")
    def plain() -> dict[str, int]:
        return {"answer": 42}

    @app.websocket("/socket")
    async def socket() -> None:
        await websocket.send("never")

    templates.mkdir()
    (templates / "mine.html").write_text(PAGE)
    blueprint = Blueprint("mine", __name__, template_folder=str(templates))

    @blueprint.get("/mine")
    async def mine() -> str:
        return await render_template("mine.html", name="mina")

    @blueprint.get("/mine/stream")
    async def stream() -> Any:
        return await stream_template("mine.html", name="mina")

    @blueprint.get("/mine/string")
    async def string() -> str:
        return await render_template_string("{{ 6 * 7 }}")

    app.register_blueprint(blueprint)
    app.register_blueprint(views)


@pytest.fixture
async def app(make_config: MakeConfig, tmp_path: Path) -> AsyncIterator[Quart]:
    app = create_app(make_config())
    app.testing = False  # Errors are answered, as for visitors.
    add_views(app, tmp_path / "mine")
    async with app.test_app():
        yield app


async def close(app: Quart) -> None:
    async with parts_of(app).db.write() as session:
        await switch_site(session, None, is_public=False)


async def statuses(client: Client | Browser, *addresses: str, **kwargs: Any) -> list[int]:
    return [(await client.get(address, **kwargs)).status_code for address in addresses]


READABLE: Final = ("/hello/mina", "/plain", "/latest", "/mine", "/mine/stream", "/mine/string")


async def test_who_may_read_the_site_may_read_plain_views(app: Quart, anybody: Client) -> None:
    assert await statuses(anybody, *READABLE) == [200] * len(READABLE)
    assert await anybody.page("/hello/mina") == "hello mina"
    assert await anybody.json("/plain") == {"answer": 42}
    assert "<h1>For mina</h1>" in await anybody.page("/mine")
    assert "<h1>For mina</h1>" in await anybody.page("/mine/stream")
    assert await anybody.page("/mine/string") == "42"
    assert (await anybody.send("HEAD", "/hello/mina")).status_code == 200
    await close(app)
    assert await statuses(anybody, *READABLE) == [303] * len(READABLE)
    assert await statuses(anybody, *READABLE, headers=JSON) == [401] * len(READABLE)
    assert await statuses(await client_with(app, "read"), *READABLE) == [200] * len(READABLE)
    assert await statuses(anybody, "/about-us", "/contact") == [200, 200]


async def test_only_admins_send_to_a_plain_view(app: Quart, anybody: Client) -> None:
    assert (await anybody.post("/note", form={"a": "b"})).status_code == 303
    refused = await anybody.post("/note", json={})
    assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
    for scope in ("read", "write"):
        assert (await (await client_with(app, scope)).post("/note", json={})).status_code == 403
    sent = await (await client_with(app, "admin")).post("/note", json={"text": "the sea"})
    assert (sent.status_code, await sent.get_json()) == (
        200,
        {"form": [], "json": {"text": "the sea"}},
    )
    assert sent.headers["Saywho-Event"]
    operator = await signed_in(app)
    assert (await operator.post("/note", form={"a": "b"})).status_code == 409
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert (await operator.post("/note", form={"a": "b"}, headers=foreign)).status_code == 403


async def test_readers_of_one_chat_read_no_plain_view(app: Quart) -> None:
    await fill(app)
    reader = await invited(await signed_in(app), "1")
    assert await statuses(reader, "/room/1", "/room/1/everybody", "/about-us") == [200] * 3
    assert await statuses(reader, *READABLE, "/room/1/mine") == [404] * (len(READABLE) + 1)
    await close(app)
    assert await statuses(reader, "/room/1/mine", "/plain") == [404, 404]


async def test_errors_of_plain_views_are_pages_and_for_programs_problems(anybody: Client) -> None:
    assert "It is at {home} now" in await anybody.page("/moved", status=410)
    page = await anybody.page("/fails", status=500)
    assert "Something went wrong here" in page
    assert "secret" not in page
    gone = await anybody.get("/moved", headers=JSON)
    assert gone.mimetype == "application/problem+json"
    assert (await gone.get_json(force=True))["detail"] == "It is at {home} now"
    failed = await anybody.json("/fails", status=500, headers=JSON)
    assert failed["request_id"]
    assert "secret" not in str(failed)
    assert (await anybody.json("/none", status=404, headers=JSON))["status"] == 404


async def test_a_plain_answer_is_kept_if_it_says_so(anybody: Client, admin: Client) -> None:
    await admin.add_user("mina")
    await admin.add_tweet("mina", "the harbour", visibility="public")
    await admin.add_tweet("mina", "for few", visibility="restricted")

    async def ask(address: str) -> tuple[Any, str]:
        answer = await anybody.get(address)
        return await answer.get_json(), answer.headers.get("Cache-Status", "")

    for told in ("fwd=miss", "hit"):
        assert await ask("/latest?keep=1") == (["the harbour"], f"saywho; {told}")
        assert await ask("/latest") == (["the harbour"], "saywho; fwd=miss")
    await admin.add_tweet("mina", "the sea", visibility="public")
    assert (await ask("/latest?keep=1"))[0] == ["the harbour", "the sea"]
    await admin.delete("/api/v1/users/mina")
    assert (await ask("/latest?keep=1"))[0] == []


async def test_equal_requests_to_a_plain_view_run_together(make_config: MakeConfig) -> None:
    app, met, all_here = create_app(make_config()), list[str](), asyncio.Event()

    @app.get("/meet")
    async def meet() -> str:
        met.append(request.path)
        if len(met) == 2:
            all_here.set()
        await all_here.wait()
        return "met"

    async with app.test_app(), asyncio.timeout(DEADLINE_S):
        answers = await asyncio.gather(*(app.test_client().get("/meet") for _ in range(2)))
    assert [await answer.get_data() for answer in answers] == [b"met"] * 2


async def test_a_view_that_comes_after_the_start_is_named(
    app: Quart, anybody: Client, caplog: pytest.LogCaptureFixture
) -> None:
    late = Blueprint("late", __name__)
    late.add_url_rule("/late", view_func=contact)
    assert await statuses(anybody, "/about-us") == [200]
    app.register_blueprint(late)
    (line,) = (record.getMessage() for record in caplog.records if "/late" in record.getMessage())
    assert "add it before" in line
    assert await statuses(anybody, "/late") == [200]


async def test_web_sockets_stay_closed(app: Quart) -> None:
    with pytest.raises(WebsocketDisconnectError):
        async with app.test_client().websocket("/socket") as connection:
            await connection.receive()


async def started(app: Quart, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Start the app; return the lines about routes."""
    logger = logging.getLogger("app")
    logger.addHandler(caplog.handler)
    try:
        async with app.test_app():
            return [line for line in caplog.messages if re.search("polic|WebSocket|never", line)]
    finally:
        logger.removeHandler(caplog.handler)


async def test_the_start_names_views_without_a_policy(
    make_config: MakeConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(make_config())
    add_views(app, tmp_path / "mine")
    app.add_url_rule("/authors", view_func=contact)
    taken, plain, sockets = await started(app, caplog)
    assert taken == "GET /authors is of authors.show_authors already, so contact is never reached"
    assert not missing_in(plain, "hello (/hello/<name>)", "mine.mine (/mine)", '@policy("open")')
    assert not found_in(plain, "/about-us", "show_authors")
    assert sockets == "WebSocket routes stay closed: /socket"
    caplog.clear()
    assert await started(create_app(make_config(data_dir=tmp_path / "other")), caplog) == []


def test_a_wrong_policy_is_refused_where_it_is_declared() -> None:
    blueprint = PageBlueprint("mine", policy="read")

    async def view() -> str:
        return ""

    with pytest.raises(StartError, match="there is no policy 'opne'; the policies: open, read"):
        policy("opne")  # type: ignore[arg-type]
    with pytest.raises(StartError, match="no policy <function"):
        policy(view)  # type: ignore[arg-type]
    with pytest.raises(StartError, match="view has no policy; give policy=…"):
        PageBlueprint("other").get("/mine")(view)
    # Above the route of one of saywho's blueprints it would come too late.
    declared = blueprint.get("/mine")(view)
    with pytest.raises(StartError, match="view has a policy already"):
        policy("admin")(declared)


async def test_a_decorator_is_the_policy_of_a_declared_view_too(make_config: MakeConfig) -> None:
    blueprint = PageBlueprint("mine", policy="read")

    @blueprint.get("/mine")
    @blueprint.get("/also-mine")
    @policy("admin")
    async def mine() -> str:
        return "mine"

    app = create_app(make_config())
    app.register_blueprint(blueprint)
    async with app.test_app():
        anybody, admin = Client(app, {}), await client_with(app, "admin")
        assert await statuses(anybody, "/mine", "/also-mine") == [303, 303]
        assert await statuses(admin, "/mine", "/also-mine") == [200, 200]
        app.register_blueprint(views, name="late", url_prefix="/late")
        assert await statuses(anybody, "/late/about-us", "/late/latest") == [200, 200]
        assert (await anybody.post("/late/note")).status_code == 303
