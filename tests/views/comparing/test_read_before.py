"""Of a text that somebody here wrote to the letter the answer says so: it has read it."""

import json
import re
from html import unescape

import pytest

from tests.browsing import found_in, missing_in, parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared
from tests.views.comparing.test_compare_pages import address, posts_of

KOREAN = {"Accept-Language": "ko"}
OWN = "등대 불이 꺼진 밤에 “누가” 왔을까?? 🌊 שלום 𝒦"
READ = "saywho has already read it, so the answer is more certain than for a new text."
LINE = "안개 낀 밤에 등대 불을 켰어 🌊"


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    for name in ("ann", "ben"):
        await shared.writer.add_author(name, *posts_of(name))
    await shared.writer.add_tweet("ann", OWN)
    for name in ("ann", "ben"):
        await shared.writer.add_tweet(name, "Both of them wrote this very sentence")
    await shared.writer.add_tweet("ben", "Both of them wrote this very sentence")
    return shared.anybody


def reasons(page: str) -> list[str]:
    told = r'<(?:p class="(?:why-nobody|how-sure)"|li)[^>]*>(.*?)</(?:p|li)>'
    lines = re.findall(told, page, re.DOTALL)
    return [" ".join(unescape(re.sub("<[^>]*>", "", line)).split()) for line in lines]


async def test_who_wrote_exactly_this_is_named_with_the_way_there(site: Client) -> None:
    (text,) = [post for post in posts_of("ann") if post.endswith(" 7")]
    page = await site.page(address(text, "ann", "ben"))
    first, _, rest = page.partition('id="answer"')[2].partition("<h1")
    assert "ann wrote exactly this here. It is from" in first
    assert READ in reasons(rest)
    (place,) = re.findall(r'href="(/tweet/\d+)"', first)
    assert text in unescape(await site.page(place))
    answer = await site.json(f"/api/v1{address(text, 'ann', 'ben')}")
    assert list(answer)[:3] == ["text", "read_of", "read_in"]
    assert answer["read_of"] == ["ann"]
    (post,) = answer["read_in"]
    assert (post["username"], f"/tweet/{post['id']}", post["count"]) == ("ann", place, 1)
    assert post["posted_at"]


async def test_a_new_text_or_one_with_a_piece_struck_out_was_not_read(site: Client) -> None:
    (text,) = [post for post in posts_of("ann") if post.endswith(" 7")]
    for asked in (f"{text}!", text.upper()):
        assert "exactly this" not in await site.page(address(asked, "ann", "ben"))
    assert "exactly this" not in await site.page(address(text, "ann", "ben", without="0-4"))
    assert "read_of" not in await site.json(f"/api/v1{address(text, 'ben')}")


async def test_all_who_wrote_it_are_named_and_any_letters_are_compared(site: Client) -> None:
    text = "Both of them wrote this very sentence"
    both = await site.json(f"/api/v1{address(text, reasons=1)}")
    assert sorted(both["read_of"]) == ["ann", "ben"]
    assert [(each["username"], each["count"]) for each in both["read_in"]] == [
        ("ben", 2),
        ("ann", 1),
    ]
    page = await site.page(address(text, "ann", "ben"))
    (notice,) = re.findall(r'<p class="stored"[^>]*>(.*?)</p>', page, re.DOTALL)
    told = " ".join(re.sub("<[^>]*>", " ", notice).split())
    assert re.sub(r"[A-Z][a-z]+ \d+, \d{4}", "DAY", told) == (
        "Several people wrote exactly this here: ben (DAY, 2 times) and ann (DAY, 1 time). "
        "Post by ben Post by ann"
    )
    assert (await site.json(f"/api/v1{address(OWN, 'ann')}"))["read_of"] == ["ann"]
    # As some keyboards write it: decomposed; and with spaces around.
    typed = f"  {OWN.replace('등', chr(0x1103) + chr(0x1173) + chr(0x11BC))} "
    assert (await site.json(f"/api/v1{address(typed, 'ann')}"))["read_of"] == ["ann"]


async def test_a_text_that_is_kept_out_of_the_address_stays_out_of_links(site: Client) -> None:
    (text,) = [post for post in posts_of("ann") if post.endswith(" 7")]
    form = {"text": text, "username": "ann", "private": "1"}
    answer = await site.post("/compare", form=form)
    page = await answer.get_data(as_text=True)
    assert "ann wrote exactly this here." in page
    assert "/search?" not in page.partition('id="answer"')[2].partition("</div>")[0]


async def test_of_people_of_chats_it_is_a_message(shared: Shared, site: Client) -> None:
    said: list[Said] = [
        (f"2024-01-15 15:{minute:02}", name, f"{LINE} {minute}" if minute else LINE)
        for minute in range(40)
        for name in ("하늘", "바다")[minute % 2 :][:1]
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("등대", *said))
    page = await site.page(address(LINE, "하늘", "바다"), headers=KOREAN)
    first = unescape(page).partition('id="answer"')[2].partition("<h1")[0]
    assert "하늘\u2060이 등대 대화에 똑같이 썼어요. 2024년 1월 15일에 쓴 메시지예요." in first
    assert "이미 읽은 메시지라서" in page


async def test_a_text_of_another_person_names_the_person_first(
    shared: Shared, site: Client
) -> None:
    """Whoever is asked about: it is stored here under another name."""
    text = "Nobody but the keeper wrote this very sentence"
    tweet = (await shared.writer.add_tweet("ben", text))["id"]
    page = await site.page(address(text, "ann"))
    answer = page.partition('id="answer"')[2]
    first, _, rest = answer.partition("<h1")
    assert not missing_in(first, "ben wrote exactly this here.", f'href="/tweet/{tweet}"')
    assert "ann wrote exactly" not in rest
    # What is known is not contradicted by a guess.
    assert rest.partition(">")[2].startswith("By style alone: ")
    assert "such cases" not in rest
    api = f"/api/v1{address(text, 'ann', reasons=1)}"
    answered = await site.json(api)
    assert answered["read_of"] == ["ben"]
    (post,) = answered["read_in"]
    assert (post["username"], post["id"], post["room"], post["count"]) == ("ben", tweet, None, 1)
    korean = await site.page(address(text, "ann"), headers=KOREAN)
    assert "ben\u2060이 여기에 똑같이 썼어요." in unescape(korean)


async def test_the_newest_three_posts_of_a_known_text_are_in_each_answer(
    shared: Shared, site: Client
) -> None:
    """Whoever is asked about, whatever the verdict, and without reasons."""
    text = "The lamp of the pier went out twice this very night"
    known = []
    for day, name in ((3, "ann"), (1, "ben"), (4, "ben"), (2, "ann")):
        source = {"source_id": f"{name}{day}", "url": f"https://a.example/{day}"}
        at = f"2024-05-0{day}T12:00:00Z"
        post = await shared.writer.add_tweet(name, text, created_at=at, **source)
        known.append({"id": post["id"], "username": name, "created_at": at, "url": source["url"]})
    newest = sorted(known, key=lambda post: post["created_at"], reverse=True)[:3]
    await shared.writer.add_author("kim", *(f"{post} so" for post in posts_of("ann")))
    for names in ((), ("ann",), ("kim",), ("ann", "ben")):
        for more in ({}, {"reasons": 1}):
            assert (await site.json(f"/api/v1{address(text, *names, **more)}"))["known"] == newest
    alone = await site.json(f"/api/v1{address(text, 'kim')}")
    assert not found_in(alone, "read_of", "read_in")
    lines = await site.post("/api/v1/compare/batch?username=kim", json=[{"text": text}])
    line, _summary = (await lines.get_data(as_text=True)).splitlines()
    assert json.loads(line)["known"] == newest
    # A changed text is no known one, nor one that nobody wrote with the same words.
    for new in (f"{text}!", "twice this very night the lamp of the pier went out"):
        assert "known" not in await site.json(f"/api/v1{address(new, 'kim')}")
    assert "known" not in await site.json(f"/api/v1{address(text, 'kim', without='0-3')}")
    several = {"texts": [text, "Both of them wrote this very sentence"], "usernames": ["kim"]}
    answer = await (await site.post("/api/v1/compare", json=several)).get_json()
    assert [post["username"] for post in answer["known"]] == ["ben", "ann", "ann"]


async def test_a_message_of_another_person_names_the_chat(shared: Shared, site: Client) -> None:
    said: list[Said] = [
        (f"2024-02-15 15:{minute:02}", "구름", f"구름은 {minute}시에 등대 위로 흘러가요")
        for minute in range(20)
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("하늘 방", *said))
    text = said[3][2]
    page = await site.page(address(text, "ann"), headers=KOREAN)
    first = unescape(page).partition('id="answer"')[2].partition("<h1")[0]
    assert "하늘 방 대화에 똑같이 썼어요." in first
    # Two messages that were copied are known, too.
    copied = f"[구름] [오후 3:04] {said[4][2]}\n[구름] [오후 3:05] {said[5][2]}"
    assert (await site.json(f"/api/v1{address(copied, 'ann', reasons=1)}"))["read_of"] == ["구름"]
    changed = copied.replace("흘러가요", "흘러가네", 1)
    assert "read_of" not in await site.json(f"/api/v1{address(changed, 'ann', reasons=1)}")


async def test_a_short_text_names_its_writers_and_how_often(shared: Shared, site: Client) -> None:
    said: list[Said] = [
        (f"2024-03-{15 + number % 5} 15:{number:02}", name, text)
        for number, (name, text) in enumerate(
            [("은우", "ㅇㅇ")] * 11 + [("서연", "ㅇㅇ")] + [("서연", "ㅇㅇ 그래 내일 보자")] * 20
        )
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("짧은 방", *sorted(said)))
    page = unescape(await site.page(address("ㅇㅇ", "은우", "서연"), headers=KOREAN))
    first, _, rest = page.partition('id="answer"')[2].partition("<h1")
    times = "은우(2024년 3월 19일, 11번), 서연(2024년 3월 16일, 1번)"
    assert f"짧은 방 대화에서 여러 사람이 똑같이 썼어요: {times}." in first
    assert "확신해요" not in first
    assert "네 단어" in rest
    answer = await site.json(f"/api/v1{address('ㅇㅇ', '서연', reasons=1)}")
    assert [(each["username"], each["count"]) for each in answer["read_in"]] == [("서연", 1)]
    plain = await site.json(f"/api/v1{address('ㅇㅇ', '서연')}")
    assert [each["username"] for each in plain["known"]] == ["서연"]
    assert "똑같이" not in await site.page(address("ㅇㅇ", "ann", "ben"), headers=KOREAN)


async def test_a_hidden_post_is_not_read(shared: Shared, site: Client) -> None:
    text = "Only once did ann write about the whale in the bay"
    tweet = (await shared.writer.add_tweet("ann", text))["id"]
    assert "exactly this" not in await site.page(address(text, "ann", "ben", post=tweet))
    assert "exactly this" in await site.page(address(text, "ann", "ben"))


async def test_the_only_post_cannot_be_compared_with_itself(writer: Client) -> None:
    text = "one single post about the harbour and the lamp in the morning"
    await writer.add_user("ann")
    tweet = (await writer.add_tweet("ann", text))["id"]
    answer = await writer.get(address(text, post=tweet), status=422)
    assert "Without this post, there is nothing" in await answer.get_data(as_text=True)
