"""Whose chat is asked about, whose people a site is of, and the belief that it was one of them."""

import re
from urllib.parse import urlencode

import pytest

import saywho
from app.services.imports.storing import load_samples
from tests.browsing import body, parts_of
from tests.chats import import_chat, kakaotalk
from tests.conftest import Client, Shared
from tests.views.comparing.test_compare_pages import TEXT, WORDS, posts_of
from tests.waiting import settle

NAMES = ("ann", "ben", "cho")
SAMPLE = "saltmarsh_light"
GRANTED = "Taken for granted: one of these 3 wrote it."


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    """Read a site of the samples, and of one chat of three."""
    lines = [(f"2024-01-{15 + n // 40} 12:{n % 40:02}", name, text)
             for n, texts in enumerate(zip(*map(posts_of, NAMES), strict=True))
             for name, text in zip(NAMES, texts, strict=True)]  # fmt: skip
    db = parts_of(shared.app).db
    await load_samples(db)
    await import_chat(db, kakaotalk("lamps", *lines))
    await settle(shared.app)
    return shared.anybody


def ticked(page: str) -> set[str]:
    return {*re.findall(r'name="username"\s+value="(\w+)" checked', page)}


async def test_the_newest_chat_is_chosen_until_somebody_chooses(chat: Client) -> None:
    assert ticked(await chat.page("/")) == {*NAMES}
    assert ticked(await chat.page("/?username=ann")) == {"ann"}
    assert ticked(await chat.page("/?username=")) == set()
    asked = await chat.json(f"/api/v1/compare?{urlencode({'text': TEXT})}")
    assert SAMPLE in {ranked["username"] for ranked in asked["ranking"]}  # Programs choose.


@pytest.mark.parametrize("path", ["/", "/authors", "/quiz", "/dashboard/"])
async def test_ones_own_chat_ends_the_samples(chat: Client, path: str) -> None:
    answer = await chat.get(path, follow_redirects=True)
    page = (await body(answer)).partition("</header>")[2]
    assert SAMPLE not in re.sub(r'<details class="folded">.*?</details>', "", page, flags=re.S)
    assert (SAMPLE in page) is (path == "/authors")
    assert (await chat.get(f"/user/{SAMPLE}")).status_code == 200


async def test_what_is_granted_is_said_and_leaves_nobody_else(chat: Client) -> None:
    form = {"tweet_text": TEXT, "user1": "ann", "user2": "ben", "username": "cho", "sure": "1"}
    led = (await chat.post("/compare", form=form)).headers["Location"]
    page = await chat.page(led)
    assert GRANTED in page
    assert "Someone else" not in page
    assert 'name="sure" value="1" checked' in page
    answer = await chat.json(f"/api/v1{led}")
    assert (answer["verdict"], answer["none"], answer["taken_for_granted"]) == ("likely", 0, True)
    assert (answer["needed"], answer["strangers"], answer["more"]) == (0.92, None, None)
    assert "taken_for_granted" not in await chat.json(f"/api/v1{led.replace('sure=1', 'sure=0.5')}")
    names = urlencode([("username", name) for name in NAMES])
    path = f"/api/v1/compare/batch?sure=1&{names}"
    batch = await chat.post(path, json=[{"text": TEXT}])
    assert '"none":0.0,"taken_for_granted":true' in await body(batch)


@pytest.mark.parametrize(
    ("text", "verdict", "why"),
    [
        ("lamp fog bell", "short", "at least four words"),
        ("lamp and fog and bell tonight", "close", "From 8 words on"),
        ("Le phare et la brume, la cloche et la marée, le mât et la lampe ce soir", "close", ""),
    ],
)
async def test_little_text_and_other_languages_name_nobody(
    chat: Client, text: str, verdict: str, why: str
) -> None:
    asked = urlencode([("text", text), *(("username", name) for name in NAMES), ("sure", 1)])
    assert (await chat.json(f"/api/v1/compare?{asked}"))["verdict"] == verdict
    assert why in await chat.page(f"/compare?{asked}")


async def test_one_author_is_not_granted(chat: Client) -> None:
    asked = {"username": "ann", "sure": 1}
    alone = urlencode(asked | {"text": TEXT})
    assert "name two or more" in await chat.page(f"/compare?{alone}", status=422)
    await chat.json(f"/api/v1/compare?{alone}", status=422)
    batch = f"/api/v1/compare/batch?{urlencode(asked)}"
    assert (await chat.post(batch, json=[{"text": TEXT}])).status_code == 422


def test_a_judge_grants_only_if_it_is_told_to() -> None:
    judge = saywho.Judge({name: posts_of(name) for name in WORDS})
    assert judge.ask(TEXT, among=NAMES).somebody_else
    granted = judge.ask(TEXT, among=NAMES, sure=1)
    assert (granted.verdict, granted.somebody_else, granted.needed) == ("likely", 0, 0.92)
    with pytest.raises(ValueError, match="two or more"):
        judge.ask(TEXT, among=["ann"], sure=1)
    with pytest.raises(ValueError, match="above 0"):
        judge.ask(TEXT, sure=0)
