"""Comparisons in one chat are those of a site that holds this chat alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from quart import Quart

from app import create_app
from app.services.compare.comparing import Question
from app.services.compare.verdict import Comparison
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import MakeConfig, client_with
from tests.made_chats import made_chat
from tests.waiting import settle

pytestmark = pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.full))
TEXTS = (
    "lol the boat and the kettle are in the harbour window",
    "Coffee in the garden, then the quay by train for supper.",
    "zebrafish",
)


@asynccontextmanager
async def site(make_config: MakeConfig, folder: Any, *, is_alone: bool) -> AsyncIterator[Quart]:
    """Serve a chat, which is the first one of the site; perhaps with its people elsewhere."""
    app = create_app(make_config(data_dir=folder))
    async with app.test_app():
        db, chat = parts_of(app).db, made_chat(4)
        await import_chat(db, kakaotalk(chat.title, *chat.said))
        if not is_alone:
            people = dict(zip(made_chat(6).names, chat.names[:3], strict=False))
            other: list[Said] = [
                (at, people.get(name, name), f"{text} zebrafish quarry")
                for at, name, text in made_chat(6).said
            ]
            await import_chat(db, kakaotalk("the other chat", *other))
            writer = await client_with(app, "write")
            await writer.add_posts(
                *(
                    {"username": "gull", "text": f"words {n} about boats and a kettle"}
                    for n in range(40)
                )
            )
        await settle(app)
        yield app


def told(comparison: Comparison) -> dict[str, Any]:
    answer = msgspec.to_builtins(comparison)
    answer["model"] = {**answer["model"], "version": 0, "as_of_event": 0}
    return answer


async def test_comparisons_in_one_chat(make_config: MakeConfig, tmp_path: Any) -> None:
    async with (
        site(make_config, tmp_path / "a", is_alone=True) as alone,
        site(make_config, tmp_path / "b", is_alone=False) as both,
    ):
        own, chat = parts_of(alone), parts_of(both).chats.get(1)
        for text in TEXTS:
            for names in ((), made_chat(4).names[:2], made_chat(4).names[:1]):
                question = Question([text], tuple(names), reasons=True)
                expected = told(await own.comparer.ask(question))
                assert told(await chat.comparer.ask(question)) == expected
                assert told(await chat.comparer.ask(question)) == expected
