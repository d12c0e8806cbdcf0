"""The page of one author's verification: without a script, in both languages."""

import json
from urllib.parse import quote, urlencode

import pytest

from tests.conftest import Client

SAILOR = [f"the ferry leaves the harbour at {n}, wind permitting..." for n in range(40)]
BAKER = [f"Fresh rolls, {n} trays! Come early :)" for n in range(40)]
KEEPER = [f"Lamp lit at {n}; nothing to report." for n in range(40)]
TEXT = "the ferry leaves the harbour at 99, wind permitting..."


@pytest.fixture
async def site(writer: Client, anybody: Client) -> Client:
    posts = {"sailor": SAILOR, "baker": BAKER, "keeper": KEEPER}
    lines = [json.dumps({"username": name, "text": t}) for name, own in posts.items() for t in own]
    headers = {"Content-Type": "application/x-ndjson"}
    await writer.post("/api/v1/tweets", data="\n".join(lines), headers=headers)
    return anybody


async def page_of(client: Client, path: str, status: int = 200, language: str = "en") -> str:
    answer = await client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == status
    return str(await answer.get_data(as_text=True))


async def test_the_page_answers_in_words_with_limits_first(site: Client) -> None:
    query = urlencode(
        [
            ("text", TEXT),
            ("text", "the ferry leaves at dawn, wind permitting..."),
            ("username", "sailor"),
        ]
    )
    page = await page_of(site, f"/verify?{query}")
    assert "Weak support for <bdi>sailor</bdi>" in page
    assert "that is not the probability" in page.lower()
    assert page.index("What limits this answer") < page.index("<blockquote")
    assert "must not be used to find out who stands behind" in page
    assert '<mark class="evidence speaks-for' in page
    assert "(for)" in page
    assert page.count("<blockquote") == 2
    assert f"{TEXT}\n---\nthe ferry leaves at dawn" in page
    against = await page_of(site, f"/verify?{urlencode({'text': TEXT, 'username': 'baker'})}")
    assert '<mark class="evidence speaks-against' in against
    korean = await page_of(site, f"/verify?{query}", language="ko")
    assert "sailor</bdi> 님이 썼다는 쪽을 약하게 뒷받침해요" in korean
    assert "익명 계정의 주인을 찾아내는 데 쓰면 안 돼요" in korean


async def test_the_form_leads_to_an_address_that_can_be_shared(site: Client) -> None:
    assert 'type="radio" name="username" value="sailor"' in await page_of(site, "/verify")
    form = {"text": f"{TEXT}\r\n---\r\nanother one\r\n", "username": "sailor"}
    answer = await site.post("/verify", form=form)
    assert answer.status_code == 303
    query = urlencode([("text", TEXT), ("text", "another one"), ("username", "sailor")])
    assert answer.headers["Location"] == f"/verify?{query}"
    long = await site.post("/verify", form={"text": f"{TEXT} " * 40, "username": "sailor"})
    assert long.status_code == 200
    assert "Copy link" not in await long.get_data(as_text=True)


async def test_a_refusal_says_what_to_do(site: Client, writer: Client) -> None:
    await writer.add_user("newcomer", "hello")
    for username, status, said in (
        ("newcomer", 422, "Import more posts of this author"),
        ("nobody", 404, "nobody"),
        ("", 422, "Name the author"),
    ):
        query = urlencode({"text": TEXT, "username": username})
        page = await page_of(site, f"/verify?{query}", status)
        assert 'role="alert"' in page
        assert said in page
        assert "<blockquote" not in page
    short = await page_of(site, "/verify?text=the+ferry&username=sailor")
    assert "Too little to go on" in short


async def test_comparing_one_author_leads_here(site: Client) -> None:
    answer = await site.get(f"/compare?text={quote(TEXT)}&username=sailor")
    assert answer.status_code == 303
    location = f"/verify?{urlencode({'text': TEXT, 'username': 'sailor'})}"
    assert answer.headers["Location"] == location
    form = {"user1": "sailor", "user2": "", "tweet_text": TEXT}
    assert (await site.post("/compare", form=form)).headers["Location"] == location
    long = await site.post("/compare", form=form | {"tweet_text": f"{TEXT} " * 40})
    assert long.status_code == 200
    assert "What limits this answer" in await long.get_data(as_text=True)
    # Without a text the form is offered, with the author chosen.
    assert (await site.get("/compare?username=sailor")).status_code == 200
    api = await site.get(f"/api/v1/compare?text={quote(TEXT)}&username=sailor")
    assert api.status_code == 422


async def test_the_report_can_be_downloaded(site: Client) -> None:
    query = urlencode([("text", TEXT), ("text", "another one"), ("username", "sailor")])
    assert 'action="/verify/report"' in await page_of(site, f"/verify?{query}")
    form = {"text": f"{TEXT}\r\n---\r\nanother one", "username": "sailor"}
    answers = [
        await site.post("/verify/report", form=form, headers={"Accept-Language": language})
        for language in ("en", "en", "ko")
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "attachment" in answers[0].headers["Content-Disposition"]
    pages = [str(await answer.get_data(as_text=True)) for answer in answers]
    assert pages[0] == pages[1] != pages[2]
    assert pages[0].count("<blockquote") == 4
    assert '<html lang="ko">' in pages[2]
    for username, status in (("nobody", 404), ("", 422)):
        refused = await site.post("/verify/report", form=form | {"username": username})
        assert refused.status_code == status
