"""A large group on its page: everybody finds themselves in one look."""

import re

from quart import Quart

from tests.browsing import missing_in, parts_of, signed_in
from tests.chats import Said, import_chat, telegram
from tests.conftest import Client
from tests.sentences import blocks_of, rows_of
from tests.views.access.test_chat_readers import invited

KINDS = {"Exclamations": "{}!!", "Ends with “…”": "{}...", "All in capitals": "{}"}


def large_group() -> list[Said]:
    """Return messages on forty days by 24 people: seven of each kind, three of few words."""
    said: list[Said] = []
    for day in range(40):
        for number in range(24):
            name, text = f"p{number:02}", f"word{day % 7} and word{(day + number) % 5}"
            kind = list(KINDS)[number % 3]
            if number < 21 or day < 3:
                styled = KINDS[kind].format(text.upper() if "capitals" in kind else text)
                when = f"2024-{1 + day // 28:02}-{1 + day % 28:02} {9 + number // 4:02}:{number:02}"
                said.append((when, name, styled if (day + number) % 5 else text))
    return said


async def test_a_large_group_is_told_as_groups(writer: Client) -> None:
    data = telegram(1, "large", *large_group())
    await import_chat(parts_of(writer.app).db, data, name="result.json", timezone="UTC")
    page = await writer.page("/room/1")
    groups = page.partition('class="card people-alike"')[2].partition("</section>")[0]
    # Nobody is missing or there twice, and no sentence is told for each of many people.
    assert sorted(re.findall(r'href="/user/([^"]+)"', groups)) == [f"p{n:02}" for n in range(24)]
    blocks = [block for block in blocks_of(page) if "than most" in block or "Too few" in block]
    assert sorted(blocks[:-1]) == [
        f"More often than most: {kind} 7 people · 80% of the messages" for kind in sorted(KINDS)
    ]
    assert blocks[-1] == "Too few messages to compare 3 people"
    # What seven people do sets none of them apart: the day begins with p00.
    assert "p00 starts 100% of the conversations." in blocks_of(page)
    portrait = await writer.json("/api/v1/rooms/1/portrait")
    traits = [one["trait"] for one in [*portrait["people"], *portrait["others"]]]
    assert [trait["sign"] for trait in traits if trait] == ["silence"]
    assert [len(group["usernames"]) for group in portrait["alike"]] == [7, 7, 7, 3]
    names = {group["habit"]["name"] for group in portrait["alike"][:3]}
    assert names == {"exclamations", "endings", "capitals"}
    korean = await writer.page("/room/1", headers={"Accept-Language": "ko"})
    assert "느낌표: 다른 사람 대부분보다 많아요" in korean


async def test_a_reader_who_said_who_they_are_is_marked_in_their_group(app: Quart) -> None:
    data = telegram(1, "the large", *large_group())
    await import_chat(parts_of(app).db, data, name="result.json", timezone="UTC")
    operator = await signed_in(app)
    reader = await invited(operator, "1")
    assert "This is you" not in await reader.page("/room/1")
    assert (await reader.post("/room/1/me", form={"person": "p07"})).status_code == 303
    marked = re.findall(
        r"<li[^>]*>(?:(?!</?li).)*This is you.*?</li>", await reader.page("/room/1")
    )
    assert len(marked) == 1
    assert "/room/1/person/p07" in marked[0]
    assert "This is you" not in await operator.page("/room/1")


SAYS = {
    "Ann": ("where is it", "we go home then"),
    "Ben": ("Where is it", "We go home then, all of us"),
    "Cleo": ("Where is it", "We go home then, all of us"),
    "서연": ("응", "집에 가는 중"),
    "민준": ("오늘 저녁에 같이 밥 먹을 사람 있어", "응"),
    "지훈": ("오늘 저녁에 같이 밥 먹을 사람 있어", "응"),
    "ليلى": ("هل ستأتي", "نعم"),
    "さくら": ("今どこにいますか", "いいね"),
}


async def test_lengths_and_capitals_are_told_beside_people_of_the_same_alphabet(
    writer: Client,
) -> None:
    said = [
        (f"2024-{1 + day // 28:02}-{1 + day % 28:02} {9 + place:02}:{day % 60:02}", name, text)
        for day in range(56)
        for place, (name, texts) in enumerate(SAYS.items())
        for text in texts
    ]
    data = telegram(1, "family", *said)
    await import_chat(parts_of(writer.app).db, data, name="result.json", timezone="UTC")
    portrait = await writer.json("/api/v1/rooms/1/portrait")
    traits = {one["username"]: one["trait"] for one in [*portrait["people"], *portrait["others"]]}
    bound = {name: one for name, one in traits.items() if one and one["name"] != "silence"}
    told = {name: (one["name"], one["sign"], one["script"]) for name, one in bound.items()}
    assert told == {"Ann": ("beginnings", "small", "LATIN"), "서연": ("length", "", "HANGUL")}
    page = await writer.page("/room/1")
    assert "Starts with a lowercase letter in every message" in blocks_of(page)
    shorter = "shorter messages than the others who write in the same alphabet (2 words)"
    assert f"서연 Writes {shorter}" in blocks_of(page)
    assert "longest messages" not in page
    korean = await writer.page("/user/서연", headers={"Accept-Language": "ko"})
    assert "서연은 같은 문자로 쓰는 다른 사람들보다 메시지를 짧게 써요(2단어)." in blocks_of(korean)
    latin = await writer.page("/user/Ann")
    assert "Length (3.5 words · Others with the same alphabet: 5 words)" in rows_of(latin)
    assert not missing_in(latin, "<td>Others with the same alphabet: 5 words</td>", "–</")
