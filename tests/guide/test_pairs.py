"""What docs/from-flask.md shows for Flask and for Quart answers the same requests alike."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import flask
import pytest
import quart
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from markupsafe import escape
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker

from app import create_app
from app.config import Config
from app.db.engine import Database
from app.models import Tweet, User
from app.services.posts.users import add_user

from .snippets import GUIDES, snippets, written_for

Names = dict[str, Any]
SESSIONS: Final = {
    each.__name__: each
    for each in (create_engine, sessionmaker, create_async_engine, async_sessionmaker)
}
TEMPLATES: Final = DictLoader({"hello.html": "안녕하세요, {{ name }}!"})


@dataclass(frozen=True)
class Asked:
    """A request, and what both frameworks answer."""

    path: str
    body: str
    status: int = 200
    method: str = "GET"
    content: dict[str, Any] = field(default_factory=dict)


PAIRS: Final = {
    2: [Asked("/user/김철수", "사용자 이름: 김철수"), Asked("/user/<b>", "사용자 이름: &lt;b&gt;")],
    4: [Asked("/user", "adds jack", method="POST", content={"user_name": "jack"})],
    5: [Asked("/hello/<b>", "안녕하세요, &lt;b&gt;!")],
    6: [Asked("/chosen", "ko")],
    11: [Asked("/database", "42")],
}
"""By section."""


def built(app: Any, url: str, section: int) -> Any:
    """Run a section's code; return its app, with views that show what has no view there."""
    framework = quart if isinstance(app, quart.Quart) else flask
    names: Names = vars(framework) | SESSIONS | {"app": app, "escape": escape, "URL": url}
    names["__name__"] = "guide"
    code = written_for(framework.__name__, section)
    exec(code, names)  # noqa: S102 - our own document.
    if "create_app" in code:
        app = names["create_app"]()
    app.jinja_env.loader = TEMPLATES
    app.add_url_rule("/chosen", view_func=lambda: names["g"].locale, endpoint="chosen")
    app.add_url_rule("/database", view_func=database_view(app), endpoint="database")
    return app


def database_view(app: Any) -> Callable[[], Any]:
    query = text("SELECT 42")

    def synchronous() -> str:
        with app.extensions["sessions"]() as session:
            return str(session.scalar(query))

    async def asynchronous() -> str:
        async with app.extensions["sessions"]() as session:
            return str(await session.scalar(query))

    return asynchronous if isinstance(app, quart.Quart) else synchronous


async def answers(app: Any, asked: list[Asked]) -> list[tuple[Any, ...]]:
    """Return status, body and headers of each answer, one visitor's requests one after another."""
    client, answers = app.test_client(), []
    for each in asked:
        name = "data" if isinstance(app, flask.Flask) else "form"
        content = {name: each.content} if each.content else {}
        answer = client.open(
            each.path, method=each.method, headers={"Accept-Language": "ko"}, **content
        )
        answer = await answer if inspect.isawaitable(answer) else answer
        body = answer.get_data(as_text=True)
        body = await body if inspect.isawaitable(body) else body
        answers.append(
            (answer.status_code, body, answer.content_type, answer.headers.get("Location"))
        )
    return answers


@pytest.mark.parametrize("section", PAIRS)
async def test_both_answer_alike(section: int, tmp_path: Path) -> None:
    original = built(flask.Flask("guide"), f"sqlite:///{tmp_path}/flask.db", section)
    flask_answers = await answers(original, PAIRS[section])
    if "sessions" in original.extensions:
        original.extensions["sessions"].kw["bind"].dispose()
    app = built(quart.Quart("guide"), f"sqlite+aiosqlite:///{tmp_path}/quart.db", section)
    async with app.test_app():
        quart_answers = await answers(app, PAIRS[section])
    assert quart_answers == flask_answers
    for asked, (status, body, *_) in zip(PAIRS[section], flask_answers, strict=True):
        assert status == asked.status
        assert not asked.body or body == asked.body


async def test_tests_pass_and_fail_alike() -> None:
    for framework, application in (("flask", flask.Flask), ("quart", quart.Quart)):
        for greeting, passes in (("안녕하세요, Flask!", True), ("Hello!", False)):
            app = application("guide")
            app.add_url_rule("/", view_func=lambda greeting=greeting: greeting)
            names: Names = {"app": app}
            exec(written_for(framework, 16), names)  # noqa: S102 - our own document.
            try:
                done = names["test_hello"]()
                await done if inspect.isawaitable(done) else None
            except AssertionError:
                assert not passes, framework
            else:
                assert passes, framework


def test_each_pair_is_run() -> None:
    shown = {snippet.section for snippet in snippets(GUIDES[0]) if snippet.framework == "quart"}
    assert shown == {*PAIRS, 16}


def test_the_models_of_the_course_s_app_answer(tmp_path: Path) -> None:
    app = flask.Flask("guide")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'course.db'}"
    db = SQLAlchemy(app)
    names: Names = {"app": app, "db": db, "request": flask.request}
    exec(written_for("flask", 7), names)  # noqa: S102 - our own document.
    columns = {
        "id": db.Column(db.Integer, primary_key=True),
        "user_id": db.Column(db.Integer, db.ForeignKey("user.id")),
        "user": db.relationship("User", back_populates="tweets"),
    }
    type("Tweet", (db.Model,), columns)
    exec(written_for("flask", 8), names)  # noqa: S102 - our own document.
    with app.app_context():
        db.create_all()
        db.session.add(names["User"](username="jack"))
        db.session.commit()
        answers = [app.test_client().get(f"/get_user?username={name}") for name in ("jack", "x")]
        db.session.remove()
        db.engine.dispose()
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (200, "1"),
        (404, "no such user"),
    ]


@pytest.mark.databases("sqlite")
async def test_tasks_with_a_session_each_count(db: Database) -> None:
    (code,) = (
        snippet.code
        for snippet in snippets(GUIDES[0])
        if snippet.section == 8 and "totals" in snippet.code
    )
    names: Names = {"db": db, "asyncio": asyncio, "select": select, "func": func}
    names |= {"User": User, "Tweet": Tweet}
    async with db.write() as session:
        await add_user(session, "jack")
    exec(code, names)  # noqa: S102 - our own document.
    assert await names["totals"]() == (1, 0)


def test_both_configure_an_app_for_tests() -> None:
    names: Names = {"app": flask.Flask("guide")}
    exec(written_for("flask", 12), names)  # noqa: S102 - our own document.
    assert names["app"].testing
    (code,) = (
        snippet.code
        for snippet in snippets(GUIDES[0])
        if snippet.section == 12 and not snippet.framework
    )
    ours: Names = {"Config": Config, "create_app": create_app, "Path": Path}
    exec(code, ours)  # noqa: S102 - our own document.
    assert isinstance(ours["app"], quart.Quart)
    assert ours["config"].env == "testing"
