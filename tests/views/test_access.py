"""Views that declare nothing, and tokens that are none; `test_policies.py` has who may do what."""

from quart import Quart

from app import create_app
from tests.conftest import Client, MakeConfig, client_with

BAD_HEADERS = [
    "Bearer saywho_unknown",
    "Bearer ",
    "Bearer",
    "",
    "Basic dXNlcjpwYXNz",
    "saywho_unknown",
    "Bearer \u00ff\u00fe",
    "Token a b c",
]


async def test_a_view_that_declares_nothing_is_refused(make_config: MakeConfig) -> None:
    app = create_app(make_config())

    @app.get("/forgotten")
    async def forgotten() -> str:
        return "secret"

    async with app.test_app():
        for client in (Client(app, {}), await client_with(app, "admin")):
            answer = await client.get("/forgotten")
            assert answer.status_code == 403
            assert "secret" not in await answer.get_data(as_text=True)


async def test_a_bad_token_is_401_even_where_reading_is_open(app: Quart) -> None:
    for header in BAD_HEADERS:
        client = Client(app, {"Authorization": header})
        for path in ("/api/v1/users", "/api/v1/nothing", "/"):
            answer = await client.get(path)
            assert answer.status_code == 401, (header, path)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_scheme_of_a_token_is_read_in_any_case(writer: Client) -> None:
    secret = writer.headers["Authorization"].removeprefix("Bearer ")
    for header in (f"bearer {secret}", f"BEARER   {secret} "):
        answer = await Client(writer.app, {"Authorization": header}).get("/api/v1/users")
        assert answer.status_code == 200
