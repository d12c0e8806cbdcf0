"""Forms as visitors send them: of any length, but not of any number of fields."""

import pytest

from app.views.bodies import INLINE_CHARACTERS, MOST_FIELDS
from tests.conftest import Client

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("path", ["/compare", "/quiz", "/login"])
async def test_a_form_of_too_many_fields_is_refused(anybody: Client, path: str) -> None:
    answer = await anybody.post(path, data="a=1&" * MOST_FIELDS, headers=FORM)
    assert answer.status_code == 413


async def test_a_multipart_form_of_too_many_fields_is_refused(anybody: Client) -> None:
    field = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = field * (MOST_FIELDS + 1) + "--b--\r\n"
    assert (await anybody.post("/compare", data=body, headers=headers)).status_code == 413


@pytest.mark.parametrize("size", [1, INLINE_CHARACTERS])
async def test_a_form_is_read_whatever_its_length(anybody: Client, size: int) -> None:
    form = f"padding={'x' * size}&tweet_text=%ED%95%9C+a%FF&user1=a&user2=b"
    answer = await anybody.post("/compare", data=form, headers=FORM)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("?text=%ED%95%9C+a%EF%BF%BD&username=a&username=b")


async def test_bytes_that_are_no_text_are_replaced(anybody: Client) -> None:
    answer = await anybody.post("/compare", data=b"tweet_text=a\xff", headers=FORM)
    assert answer.headers["Location"].endswith("?text=a%EF%BF%BD")
