"""The addresses of the course's app."""

from typing import Any

import pytest
from quart import Quart

from app import create_app
from tests.conftest import Client, MakeConfig, client_with

HTML = "text/html; charset=utf-8"


async def seen(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.content_type, await answer.get_data(as_text=True)


async def test_without_a_username_get_user_is_400(anybody: Client) -> None:
    assert await seen(await anybody.get("/get_user")) == (400, HTML, "No username given")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("nobody", "nobody"),
        ("", ""),
        ("%EB%88%84%EA%B5%AC", "누구"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("O'Neill %26 %22Sons%22", "O&#39;Neill &amp; &#34;Sons&#34;"),
        ("%00", "\0"),
        ("%FF", "%FF"),
    ],
    ids=["unknown", "empty", "korean", "markup", "quotes", "nul", "not-utf-8"],
)
async def test_an_unknown_user_is_404_and_named_escaped(
    anybody: Client, query: str, named: str
) -> None:
    answer = await anybody.get(f"/get_user?username={query}")
    assert await seen(answer) == (404, HTML, f"User '{named}' doesn't exist")


@pytest.mark.parametrize("written", ["%EA%B9%80%EC%B2%A0%EC%88%98Kim", "김철수KIM".encode()])
async def test_a_known_user_is_answered_with_the_id(
    anybody: Client, writer: Client, written: str | bytes
) -> None:
    await writer.add_user("first")
    user = await writer.add_user("김철수Kim")
    name = written if isinstance(written, str) else "".join(f"%{byte:02X}" for byte in written)
    answer = await anybody.get(f"/get_user?username={name}&other=1")
    assert await seen(answer) == (200, HTML, str(user["id"]))


async def test_head_of_get_user_has_the_same_headers(anybody: Client, writer: Client) -> None:
    await writer.add_user("jack")
    get = await anybody.get("/get_user?username=jack")
    head = await anybody.send("HEAD", "/get_user?username=jack")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/users", 302, "/authors"),
        ("/user", 302, "/authors"),
        ("/users.json", 307, "/api/v1/users"),
        ("/users.json?", 307, "/api/v1/users"),
        ("/users.json?q=j&limit=2", 307, "/api/v1/users?q=j&limit=2"),
        ("/users.json?q=%EA%B9%80+%26&limit=2", 307, "/api/v1/users?q=%EA%B9%80+%26&limit=2"),
        ("/users.json?q=%0D%0AX-Bad:1", 307, "/api/v1/users?q=%0D%0AX-Bad:1"),
    ],
)
async def test_known_addresses_lead_to_their_place(
    anybody: Client, path: str, status: int, location: str
) -> None:
    answer = await anybody.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (status, location)


async def test_the_list_is_found_where_users_json_leads(anybody: Client, writer: Client) -> None:
    await writer.add_user("jack")
    await writer.add_user("jane")
    answer = await anybody.get("/users.json?q=JA&limit=1")
    found = await (await anybody.get(answer.headers["Location"])).get_json()
    assert [user["username"] for user in found["items"]] == ["jack"]
    assert found["next"]


async def test_the_form_adds_an_author_and_leads_to_the_page(
    anybody: Client, writer: Client
) -> None:
    answer = await writer.post("/user", form={"user_name": " 김철수 "})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/user/%EA%B9%80%EC%B2%A0%EC%88%98"
    assert int(answer.headers["Saywho-Event"]) > 0
    user = await (await anybody.get("/api/v1/users/김철수")).get_json()
    assert user["username"] == "김철수"
    assert (await anybody.get(answer.headers["Location"])).status_code == 200


async def test_an_existing_author_is_led_to_as_first_written(writer: Client) -> None:
    await writer.add_user("Jack", display_name="Jack D.")
    answer = await writer.post("/user", form={"user_name": "jACK"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/Jack")
    assert int(answer.headers["Saywho-Event"]) > 0
    listed = await (await writer.get("/api/v1/users")).get_json()
    assert [user["display_name"] for user in listed["items"]] == ["Jack D."]


@pytest.mark.parametrize(
    "form",
    [{}, {"user_name": " "}, {"user_name": "a b"}, {"user_name": "a/b"}, {"user_name": "a" * 321}],
    ids=["missing", "blank", "space-within", "slash", "too-long"],
)
async def test_a_bad_name_is_422_and_adds_nobody(writer: Client, form: dict[str, str]) -> None:
    answer = await writer.post("/user", form=form)
    assert (answer.status_code, answer.content_type) == (422, HTML)
    assert (await (await writer.get("/api/v1/users")).get_json())["items"] == []


async def test_a_bad_name_is_said_in_korean(writer: Client) -> None:
    answer = await writer.post(
        "/user", form={"user_name": "a b"}, headers={"Accept-Language": "ko"}
    )
    assert 'lang="ko"' in await answer.get_data(as_text=True)


async def test_adding_without_a_token_leads_to_the_login(anybody: Client) -> None:
    answer = await anybody.post("/user", form={"user_name": "jack"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login")
    assert (await anybody.get("/get_user?username=jack")).status_code == 404


async def test_adding_with_a_bad_token_is_401(anybody: Client) -> None:
    answer = await anybody.post(
        "/user", form={"user_name": "jack"}, headers={"Authorization": "Bearer wrong"}
    )
    assert answer.status_code == 401
    assert (await anybody.get("/get_user?username=jack")).status_code == 404


async def test_adding_needs_the_scope_write(app: Quart) -> None:
    reader = await client_with(app, "read")
    answer = await reader.post("/user", form={"user_name": "jack"})
    assert answer.status_code == 403
    assert (await reader.get("/get_user?username=jack")).status_code == 404


async def test_adding_is_only_by_post(writer: Client) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await writer.send(method, "/user", form={"user_name": "jack"})
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    await writer.get("/user?user_name=jack")
    assert (await writer.get("/get_user?username=jack")).status_code == 404


async def test_a_closed_installation_tells_nothing(make_config: MakeConfig) -> None:
    app = create_app(make_config(public=False))
    async with app.test_app():
        anybody = Client(app, {})
        for path in ("/get_user", "/get_user?username=jack", "/users", "/user", "/users.json"):
            answer = await anybody.get(path)
            assert answer.status_code == 303
            assert answer.headers["Location"].startswith("/login")


async def test_update_leads_to_the_front_page(admin: Client, writer: Client) -> None:
    answer = await admin.post("/update")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert (await writer.post("/update")).status_code == 403
