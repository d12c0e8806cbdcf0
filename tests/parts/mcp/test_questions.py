"""Questions about made chats, whose answers are counted by hand: the right posts are cited."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

import pytest
from quart import Quart

from app.parts.mcp.tools import TOOLS
from app.services.compare.name_masking import letters_of
from tests.browsing import parts_of
from tests.conftest import Client, Shared
from tests.made_chats import MadeChat, made_chat
from tests.parts.mcp.assistants import Plain, add_chat, cited, sdk, switch
from tests.services.rooms.test_who_was_there import chat as chat_with_lines, imported
from tests.waiting import settle

CHATS: Final = (made_chat(12), made_chat(3))
ENGLISH, KOREAN = CHATS
FIRST_ID: Final = {1: 1, 2: len(ENGLISH.said) + 1}
"""Number of the first message of each chat."""


@dataclass
class Asker:
    """Asks through the tools, in the words of the switch: letters or names."""

    ask: Callable[..., Awaitable[str]]
    has_names: bool

    def called(self, name: str, chat: int = 1) -> str:
        people = [*dict.fromkeys(who for _, who, _ in CHATS[chat - 1].said)]
        return name if self.has_names else f"{letters_of(people.index(name) + 1)}{chat}"

    async def cites(self, tool: str, **arguments: Any) -> list[int]:
        return cited(await self.ask(tool, **arguments))


@pytest.fixture(scope="module", params=["letters", "names"])
async def asker(request: pytest.FixtureRequest, shared: Shared) -> Asker:
    if not (await shared.admin.json("/api/v1/rooms"))["items"]:
        for chat in CHATS:
            await add_chat(shared.admin, chat)
        await settle(shared.app)
    await switch(shared.app, request.param)
    return Asker(Plain(shared.admin).ask, request.param == "names")


def ids(chat: int, chosen: Callable[[str, str, str], bool]) -> list[int]:
    said = CHATS[chat - 1].said
    return [FIRST_ID[chat] + place for place, each in enumerate(said) if chosen(*each)]


def messages_of(chat: MadeChat) -> Counter[str]:
    return Counter(name for _, name, _ in chat.said)


async def test_1_which_chats_are_there(asker: Asker) -> None:
    answer = await asker.ask("chat")
    for number, chat in enumerate(CHATS, 1):
        facts = f"{len(chat.names)} people, {len(chat.said)} messages"
        assert f"Chat {number} “{chat.title}”: {facts}" in answer


async def test_2_how_many_messages_has_each_person(asker: Asker) -> None:
    for number, chat in enumerate(CHATS, 1):
        answer = await asker.ask("chat", chat=number)
        for name, count in messages_of(chat).items():
            assert f"{asker.called(name, number)}: {count} messages" in answer


async def test_3_who_writes_most(asker: Asker) -> None:
    lines = (await asker.ask("chat", chat=1)).splitlines()
    first = next(line for line in lines if line.endswith(" messages") and ": " in line)
    ((most, _),) = messages_of(ENGLISH).most_common(1)
    assert first.startswith(f"{asker.called(most)}: ")


async def test_4_from_when_to_when(asker: Asker) -> None:
    days = [time[:10] for time, _, _ in KOREAN.said]
    assert f"{days[0]} to {days[-1]}" in await asker.ask("chat", chat=2)


async def test_5_when_were_they_silent_longest(asker: Asker) -> None:
    days = sorted({date.fromisoformat(time[:10]) for time, _, _ in ENGLISH.said})
    since, until = max(pairwise(days), key=lambda two: two[1] - two[0])
    assert f"Longest silence: {since} to {until}" in await asker.ask("chat", chat=1)


async def test_6_where_does_a_word_stand(asker: Asker) -> None:
    found = await asker.cites("search", words="kettle", chat=1, limit=20)
    having = ids(1, lambda _time, _who, text: "kettle" in text.lower())
    assert len(found) == min(20, len(having))
    assert {*found} <= {*having}


async def test_7_how_many_messages_have_a_word(asker: Asker) -> None:
    having = ids(1, lambda _time, _who, text: re.search(r"\bsupper\b", text.lower()) is not None)
    assert f" of {len(having)}\n" in await asker.ask("search", words="supper", chat=1)


async def test_8_where_does_somebody_say_a_word(asker: Asker) -> None:
    name = ENGLISH.said[0][1]
    found = await asker.cites("search", words="quay", person=asker.called(name), limit=20)
    having = ids(1, lambda _time, who, text: who == name and "quay" in text.lower())
    assert having
    assert {*found} <= {*having}
    assert len(found) == min(20, len(having))


async def test_9_what_did_somebody_write_last(asker: Asker) -> None:
    name = KOREAN.said[0][1]
    found = await asker.cites("search", person=asker.called(name, 2), sort="newest", limit=1)
    assert found == ids(2, lambda _time, who, _text: who == name)[-1:]


async def test_10_what_was_written_on_a_day(asker: Asker) -> None:
    day = ENGLISH.said[-1][0][:10]
    of_day = ids(1, lambda time, _who, _text: time.startswith(day))
    assert await asker.cites("search", chat=1, since=day, sort="oldest", limit=20) == of_day[:20]


async def test_11_what_was_written_before_a_day(asker: Asker) -> None:
    day = KOREAN.said[len(KOREAN.said) // 2][0][:10]
    before = ids(2, lambda time, _who, _text: time[:10] < day)
    assert f" of {len(before)}\n" in await asker.ask("search", chat=2, until=day)


async def test_12_everything_by_somebody_page_by_page(asker: Asker) -> None:
    name, found, cursor = ENGLISH.said[0][1], list[int](), ""
    while True:
        asked = {"person": asker.called(name), "sort": "oldest", "limit": 20, "cursor": cursor}
        answer = await asker.ask("search", **asked)
        found += cited(answer)
        more = re.search(r"cursor (\S+)$", answer)
        if not more:
            break
        cursor = more[1]
    assert found == ids(1, lambda _time, who, _text: who == name)


async def test_13_what_was_said_around_a_message(asker: Asker) -> None:
    assert await asker.cites("around", message=40, before=3, after=4) == [*range(37, 45)]


async def test_14_what_was_answered_to_the_first_message(asker: Asker) -> None:
    first = FIRST_ID[2]
    answer = await asker.ask("around", message=first, before=5, after=1)
    assert cited(answer) == [first, first + 1]
    assert f" {asker.called(KOREAN.said[1][1], 2)} in chat 2 " in answer


async def test_15_in_which_chats_is_somebody(asker: Asker) -> None:
    name = KOREAN.said[3][1]
    answer = await asker.ask("person", person=asker.called(name, 2))
    assert f"Chat 2 “{KOREAN.title}”" in answer
    assert "Chat 1" not in answer
    assert f"{asker.called(name, 2)}: {messages_of(KOREAN)[name]} posts and messages" in answer


async def test_16_what_sets_somebody_apart(asker: Asker) -> None:
    loud = next(name for _, name, text in ENGLISH.said if text.isupper() or text[:9].isupper())
    assert "Sets apart:" in await asker.ask("person", person=asker.called(loud))


async def test_17_how_many_messages_in_a_month(asker: Asker) -> None:
    name = ENGLISH.said[0][1]
    months = Counter(time[:7] for time, who, _ in ENGLISH.said if who == name)
    told = ", ".join(f"{month}: {count}" for month, count in sorted(months.items()))
    answer = await asker.ask("archive", person=asker.called(name), year=2024)
    assert f"Posts by month: {told}" in answer


async def test_18_on_how_many_days(asker: Asker) -> None:
    name = KOREAN.said[0][1]
    days = {time[:10] for time, who, _ in KOREAN.said if who == name}
    answer = await asker.ask("archive", person=asker.called(name, 2), chat=2)
    assert f"Days with posts: {len(days)}" in answer


async def test_19_who_wrote_something_that_stands_here(asker: Asker) -> None:
    texts = Counter(text for _, _, text in ENGLISH.said)
    _, name, text = next(said for said in ENGLISH.said if texts[said[2]] == 1 and len(said[2]) > 40)
    most = [person for person, _ in messages_of(ENGLISH).most_common(3)]
    among = [asker.called(person) for person in {name, *most}]
    answer = await asker.ask("who_wrote", texts=[text], among=among)
    assert f"{asker.called(name)} wrote exactly this" in answer


async def test_20_which_posts_have_a_piece_of_evidence(asker: Asker) -> None:
    name, *others = (person for person, _ in messages_of(ENGLISH).most_common(3))
    text = " ".join([said for _, who, said in ENGLISH.said if who == name][:4])
    asked = {"texts": [text], "among": [asker.called(person) for person in (name, *others)]}
    found = re.findall(
        rf"Evidence for {asker.called(name)} \(\+[\d.]+\): “(.+)”",
        await asker.ask("who_wrote", **asked),
    )
    explained = await asker.ask("explain", **asked, piece=found[0])
    posts = ids(1, lambda _time, who, said: who == name)
    assert cited(explained)
    assert {*cited(explained)} <= {*posts}


async def test_21_how_often_a_word_by_person_and_month(asker: Asker) -> None:
    having = [said for said in ENGLISH.said if re.search(r"\bsupper\b", said[2].lower())]
    answer = await asker.ask("count", words="supper", chat=1)
    assert answer.startswith(f"Posts with all words: {len(having)}\n")
    people = Counter(name for _, name, _ in having)
    for name, posts in people.items():
        assert f"\n{asker.called(name)}: {posts}\n" in answer
    months = sorted(Counter(time[:7] for time, _, _ in having).items())
    assert f"By month (UTC): {', '.join(f'{month}: {n}' for month, n in months)}" in answer
    name, month = people.most_common(1)[0][0], months[0][0]
    one = await asker.ask("count", words="supper", person=asker.called(name), until=f"{month}-15")
    counted = sum(who == name and time < f"{month}-15" for time, who, _ in having)
    assert one.splitlines()[0] == f"Posts with all words: {counted}"


async def test_22_how_much_is_written_in_all(asker: Asker) -> None:
    months = Counter(time[:7] for time, _, _ in KOREAN.said)
    answer = await asker.ask("count", chat=2)
    assert answer.startswith(f"Posts: {len(KOREAN.said)}\n")
    assert f"{', '.join(f'{month}: {n}' for month, n in sorted(months.items()))}" in answer


async def test_23_what_was_the_year_of_a_chat(shared: Shared, asker: Asker) -> None:
    for number in (1, 2):
        year = await shared.admin.json(f"/api/v1/rooms/{number}/years/2024")
        answer = await asker.ask("archive", chat=number)
        months = year["calendar"]["months"]
        counted = [f"2024-{each['month']:02}: {each['tweets']}" for each in months]
        assert f"): {', '.join(counted)}" in answer
        for each in year["people"]:
            if each["username"]:
                name = asker.called(each["username"], number)
                assert f"\n{name}: {each['messages']}" in answer
        assert await asker.ask("archive", chat=number, year=1999) == answer


async def test_24_who_left_and_when_a_chat_was_silent(app: Quart, admin: Client) -> None:
    days = {f"{date(2023, 3, day):%d/%m/%y}" for day in range(12, 22)}
    lines = [line for line in chat_with_lines().decode().split("\n") if line[:8] not in days]
    await imported(parts_of(app).db, "\n".join(lines).encode())
    await switch(app, "names")
    year = await admin.json("/api/v1/rooms/1/years/2023")
    answer = await Plain(admin).ask("archive", chat=1)
    silence = year["silence"]
    assert (silence["first"], silence["last"]) == ("2023-03-12", "2023-03-21")
    assert "Longest silence: 2023-03-12 to 2023-03-21, ended by Ann" in answer
    for away in year["absences"]:
        since, until = ((away[end] or "")[:10] for end in ("since", "until"))
        told = f"{since or 'the beginning'} to {until or 'the end'}"
        assert f"{away['username']} was not in the chat: {told}" in answer
    assert answer.count("was not in the chat") == len(year["absences"]) == 3
    for day in ("2021-05-01", "2023-05-02"):
        sent = {"created_at": f"{day}T10:00:00Z", "room": {"name": "seldom"}, "source_id": day}
        await admin.add_posts({"username": "Eve", "text": "a lamp"} | sent)
    assert "Years: 2023, 2021\nIn 2023:\nEve: 1\n" in await Plain(admin).ask("archive", chat=2)


async def test_words_that_nobody_wrote_are_counted_as_none(asker: Asker) -> None:
    told = "Posts with all words: 0"
    for words in ("zzyzzx", "supper zzyzzx", "!!!", '"supper zzyzzx"'):
        assert await asker.ask("count", words=words) == told


async def test_the_clients_of_the_sdk_read_the_same(shared: Shared, asker: Asker) -> None:
    for mode, version in (("auto", "2026-07-28"), ("legacy", "2025-11-25")):
        async with sdk(shared.admin, mode) as connected:
            assert connected.protocol_version == version
            tools = [tool.name for tool in (await connected.list_tools()).tools]
            told = await connected.call_tool("around", {"message": 40})
        assert tools == [*TOOLS]
        assert told.content[0].text == await asker.ask("around", message=40)  # type: ignore[union-attr]


async def test_who_wrote_says_what_the_api_says(shared: Shared, asker: Asker) -> None:
    await settle(shared.app)  # Both answers are of one state of the model.
    names = [name for name, _ in messages_of(ENGLISH).most_common(4)]
    texts = [text for _, _, text in ENGLISH.said[:60:7]]
    verdicts = set()
    for asked in (*([text] for text in texts), texts, ["Nobody here would have said any of this."]):
        form = {"texts": asked, "usernames": names, "explain": True}
        expected = await (await shared.admin.post("/api/v1/compare", json=form)).get_json()
        people = [*map(asker.called, names)]
        told = await asker.ask("who_wrote", texts=asked, among=people)
        value = await Plain(shared.admin).value("who_wrote", texts=asked, among=people)
        verdicts.add(expected["verdict"])
        assert value["verdict"] == expected["verdict"]
        assert (value["answer"] == "cannot say") == ("cannot say" in told)
        assert (value["person"] is not None) == (expected["verdict"] == "likely")
        assert told.startswith(f"Verdict: {expected['verdict']}\n")
        assert ("cannot say" in told) == (expected["verdict"] in {"close", "short"})
        if expected["none"] is None:
            continue
        shares = {asker.called(each["username"]): each for each in expected["ranking"]}
        lines = dict(reversed(line) for line in re.findall(r"^([\d.]+)% (.+)$", told, re.MULTILINE))
        chances = {each["person"]: each["probability"] for each in value["probabilities"]}
        assert chances.pop(None) == pytest.approx(expected["none"])
        assert sum(chances.values()) == pytest.approx(1 - expected["none"], abs=1e-4)
        assert chances.keys() == shares.keys()
        assert float(lines.pop("someone else")) == pytest.approx(100 * expected["none"], abs=0.051)
        assert lines.keys() == shares.keys()
        for person, share in lines.items():
            probability = (1 - expected["none"]) * shares[person]["probability"]
            assert float(share) == pytest.approx(100 * probability, abs=0.051)
    assert len(verdicts) > 1


async def test_who_wrote_of_a_chat_asks_about_its_people(shared: Shared, asker: Asker) -> None:
    text = " ".join(text for _, _, text in KOREAN.said[:3])
    form = {"text": text, "usernames": KOREAN.names}
    expected = await (await shared.admin.post("/api/v1/compare", json=form)).get_json()
    told = await asker.ask("who_wrote", texts=[text], chat=2)
    assert told.startswith(f"Verdict: {expected['verdict']}\n")


async def test_answers_are_short(shared: Shared, asker: Asker) -> None:
    client: Client = shared.admin
    rooms = await client.json("/api/v1/rooms")
    if len(rooms["items"]) == len(CHATS):
        long = ({"username": "ann", "text": f"{n} " + "long words " * 2_000} for n in range(50))
        await client.add_posts(*({**post, "room": {"name": "long"}} for post in long))
    middle = (await client.json("/api/v1/rooms/3/messages?limit=50"))["items"][25]["id"]
    for tool, arguments in (
        ("search", {"words": "long", "limit": 20}),
        ("around", {"message": middle, "before": 20, "after": 20}),
        ("chat", {"chat": 3}),
    ):
        assert 0 < len(await asker.ask(tool, **arguments)) < 20_000
