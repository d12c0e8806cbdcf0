"""The addresses of the course's app."""

from typing import Any

import pytest

from tests.conftest import Client, Shared

HTML = "text/html; charset=utf-8"


async def seen(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.content_type, await answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("nobody", "nobody"),
        ("", ""),
        ("%EB%88%84%EA%B5%AC", "누구"),
        ("O'Neill %26 %22Sons%22", "O&#39;Neill &amp; &#34;Sons&#34;"),
        ("%00", "\0"),
        ("%FF", "%FF"),
    ],
    ids=["unknown", "empty", "korean", "quotes", "nul", "not-utf-8"],
)
async def test_an_unknown_user_is_404_and_named_escaped(
    shared: Shared, query: str, named: str
) -> None:
    assert await seen(await shared.anybody.get("/get_user")) == (400, HTML, "No username given")
    answer = await shared.anybody.get(f"/get_user?username={query}")
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
    shared: Shared, path: str, status: int, location: str
) -> None:
    answer = await shared.anybody.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (status, location)


async def test_the_form_adds_an_author_and_leads_to_the_page(
    anybody: Client, writer: Client
) -> None:
    answer = await writer.post("/user", form={"user_name": " 김철수 "}, status=303)
    assert answer.headers["Location"] == "/user/%EA%B9%80%EC%B2%A0%EC%88%98"
    assert int(answer.headers["Saywho-Event"]) > 0
    assert (await anybody.get(answer.headers["Location"])).status_code == 200
    again = await writer.post("/user", form={"user_name": "김철수"})
    assert (again.status_code, again.headers["Location"]) == (303, answer.headers["Location"])
    assert len((await anybody.json("/api/v1/users"))["items"]) == 1


@pytest.mark.parametrize(
    "form",
    [{}, {"user_name": " "}, {"user_name": "a b"}, {"user_name": "a/b"}, {"user_name": "a" * 321}],
    ids=["missing", "blank", "space-within", "slash", "too-long"],
)
async def test_a_bad_name_is_422_and_adds_nobody(shared: Shared, form: dict[str, str]) -> None:
    answer = await shared.writer.post("/user", form=form)
    assert (answer.status_code, answer.content_type) == (422, HTML)
    assert (await shared.writer.json("/api/v1/users"))["items"] == []


async def test_adding_is_only_by_post(writer: Client) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await writer.send(method, "/user", form={"user_name": "jack"}, status=405)
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    await writer.get("/user?user_name=jack")
    assert (await writer.get("/get_user?username=jack")).status_code == 404


async def test_update_leads_to_the_front_page(admin: Client, writer: Client) -> None:
    answer = await admin.post("/update")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert (await writer.post("/update")).status_code == 403
