"""What docs/from-flask.md says of links behind a proxy, of hooks and of stops is so."""

from hypercorn.middleware import ProxyFixMiddleware
from quart import Quart, g, redirect, url_for, websocket
from werkzeug.wrappers import Response

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "tweets.example"}


def linking_app() -> Quart:
    app = Quart(__name__)

    @app.get("/links")
    async def links() -> list[str]:
        return [url_for("links"), url_for("links", _external=True)]

    @app.get("/away")
    async def away() -> Response:
        return redirect(url_for("links", _external=True))

    return app


async def test_links_are_those_of_the_proxy_that_is_trusted() -> None:
    app = linking_app()
    answer = await app.test_client().get("/links", headers=FORWARDED)
    assert await answer.get_json() == ["/links", "http://localhost/links"]
    app.asgi_app = ProxyFixMiddleware(app.asgi_app, mode="legacy", trusted_hops=1)  # type: ignore[method-assign]
    answer = await app.test_client().get("/links", headers=FORWARDED)
    assert await answer.get_json() == ["/links", "https://tweets.example/links"]
    answer = await app.test_client().get("/away", headers=FORWARDED)
    assert answer.headers["Location"] == "https://tweets.example/links"


async def test_a_root_path_stands_before_each_address_and_belongs_to_the_request() -> None:
    client = linking_app().test_client()
    answer = await client.get("/app/links", root_path="/app")
    assert await answer.get_json() == ["/app/links", "http://localhost/app/links"]
    assert (await client.get("/links", root_path="/app")).status_code == 404


async def test_hooks_of_requests_do_not_run_for_a_websocket() -> None:
    app = Quart(__name__)

    @app.before_request
    async def note() -> None:
        g.is_noted = True

    @app.websocket("/talk")
    async def talk() -> None:
        await websocket.send(str("is_noted" in g))

    async with app.test_client().websocket("/talk") as connection:
        assert await connection.receive() == "False"
