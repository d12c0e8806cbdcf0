"""Tests of a project that is built on saywho; each has an app and a database of its own."""

import asyncio

import pytest
from own_site import create_app

from app.config import Config
from app.lifespan import resources
from app.services.access.rights import add_token


@pytest.fixture
async def app(tmp_path):
    app = create_app(Config(env="testing", data_dir=tmp_path))
    async with app.test_app():
        yield app


@pytest.fixture
async def token(app):
    """The header of a client that may write."""
    async with app.app_context(), resources().db.write() as session:
        _, secret = await add_token(session, "tests", "write")
    return {"Authorization": f"Bearer {secret}"}


async def test_a_route_of_the_course(app):
    client = app.test_client()
    answer = await client.get("/get_user?username=ghost")
    assert answer.status_code == 404
    assert await answer.get_data(as_text=True) == "User 'ghost' doesn't exist"


async def test_the_own_address(app, token):
    client = app.test_client()
    await client.post("/api/v1/users", json={"username": "mina"}, headers=token)
    for text, visibility in (("The ferry is late", "public"), ("Only for you", "restricted")):
        post = {"text": text, "visibility": visibility}
        stored = await client.post("/api/v1/users/mina/tweets", json=post, headers=token)
        assert stored.status_code == 201
    assert await (await client.get("/counts")).get_json() == {"mina": 1}
    page = await (await client.get("/counts/table")).get_data(as_text=True)
    assert "<li>mina: 1</li>" in page


async def test_a_hundred_requests_at_once(app):
    clients = [app.test_client() for _ in range(100)]
    answers = await asyncio.gather(*(client.get("/counts") for client in clients))
    assert {answer.status_code for answer in answers} == {200}
