"""A portrait of a chat agrees with what is counted by hand."""

import cProfile
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
from msgspec.structs import astuple

from saywho.people.portrait import PersonPortrait, habits_of_each, portray
from saywho.people.times import Said

HOUR_S = 3600
DAY_S = 24 * HOUR_S
SEOUL = ZoneInfo("Asia/Seoul")
WAITS_S = (0, 0, 60, 90, HOUR_S, 6 * HOUR_S, 6 * HOUR_S + 1, 50 * HOUR_S)
"""Equal times, and both sides of six hours."""
TEXTS = (
    *("", "  ", "밥 먹자", "ㅋ", "ㅋㅋ 그래", "앜ㅋㅋㅋㅋ", "ㅎㅎ", "ㅠㅜ", "ㅜㅜ ㅠㅠ", "ㅋㅎ"),
    *(
        "Haha no",
        "hahahah",
        "aloha hall",
        "ohaha",
        "ohaha, ahaha",
        "cool lot",
        "lol",
        "LOOOL ㅋㅋ",
        "lollipop",
        "진짜lol",
        "👍🏽 👍",
        "🙋",
    ),
)
LAUGHING = {
    "ㅋㅋ": {"ㅋㅋ 그래", "앜ㅋㅋㅋㅋ", "LOOOL ㅋㅋ"},
    "ㅎㅎ": {"ㅎㅎ"},
    "ㅠㅠ": {"ㅠㅜ", "ㅜㅜ ㅠㅠ"},
    "haha": {"Haha no", "hahahah", "ohaha, ahaha"},
    "lol": {"lol", "LOOOL ㅋㅋ", "진짜lol"},
}
EMOJI = {"👍": {"👍🏽 👍"}, "🙋": {"🙋"}}


@st.composite
def chats(draw: st.DrawFn) -> list[Said]:
    """Return messages in their order, those without a time last."""
    people = st.integers(1, draw(st.sampled_from((1, 2, 9))))
    drawn = st.tuples(people, st.sampled_from(WAITS_S), st.sampled_from(TEXTS))
    time = draw(st.sampled_from((0, 1_700_000_000)))
    chat = []
    for author, wait_s, text in draw(st.lists(drawn, max_size=40)):
        time += wait_s
        chat.append(Said(author, time, text))
    undated = st.builds(Said, people, st.none(), st.sampled_from(TEXTS))
    return chat + draw(st.lists(undated, max_size=3))


def ranks(chat: list[Said]) -> list[tuple[int, ...]]:
    """Return who is named, in order, and then the others."""
    counts = Counter(message.author for message in chat)
    order = [
        author for count, author in sorted((-count, author) for author, count in counts.items())
    ]
    return [*((author,) for author in order[:6]), *[tuple(order[6:])][: len(order) > 6]]


@given(chats())
def test_a_portrait_is_what_one_counts_by_hand(chat: list[Said]) -> None:
    portrait = portray(chat, SEOUL)
    assert portrait.groups == ranks(chat)
    assert sum(person.messages for person in portrait.people) == len(chat)
    for group, person in zip(portrait.groups, portrait.people, strict=True):
        assert_counted(person, [said for said in chat if said.author in group])
        assert_in_turn(person, group, [said for said in chat if said.time is not None])
    times = [said.time for said in chat if said.time is not None]
    lengths = [times[place] - times[place - 1] for place in range(1, len(times))]
    if not any(lengths):
        assert portrait.longest_silence is None
    else:
        place = lengths.index(max(lengths))
        silence = portrait.longest_silence
        assert silence is not None
        assert silence.since.timestamp() == times[place]
        assert silence.until.timestamp() == times[place + 1]


def assert_counted(person: PersonPortrait, own: list[Said]) -> None:
    """Check what does not depend on the messages of others."""
    assert person.messages == len(own)
    texts = [said.text for said in own]
    words = [len(re.findall(r"\S+", text)) for text in texts if text.strip()]
    assert person.words_per_message == (round(sum(words) / len(words), 4) if words else None)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    hours = [
        (epoch + timedelta(seconds=said.time, hours=9)).hour
        for said in own
        if said.time is not None
    ]
    assert person.hours == [hours.count(hour) for hour in range(24)]
    for name, holders in LAUGHING.items():
        laughs = {laugh.text: laugh.messages for laugh in person.laughs}
        assert laughs.get(name, 0) == sum(text in holders for text in texts)
    emoji = {sign: sum(text in holders for text in texts) for sign, holders in EMOJI.items()}
    assert {re.sub("🏽", "", sign.text): sign.messages for sign in person.emoji} == {
        sign: count for sign, count in emoji.items() if count
    }


def assert_in_turn(person: PersonPortrait, group: tuple[int, ...], dated: list[Said]) -> None:
    """Check who begins, and how long answers take."""
    beginnings, waits_s = 0, []
    for place in range(1, len(dated)):
        before, said = dated[place - 1], dated[place]
        if said.author in group:
            wait_s = (said.time or 0) - (before.time or 0)
            beginnings += wait_s > 6 * HOUR_S
            if wait_s <= 6 * HOUR_S and before.author != said.author:
                waits_s.append(wait_s)
    assert (person.beginnings, person.answers) == (beginnings, len(waits_s))
    if not waits_s:
        assert person.median_answer_s is None
    else:
        median_s = person.median_answer_s or 0
        half = len(waits_s) / 2
        assert sum(wait_s < median_s for wait_s in waits_s) <= half
        assert sum(wait_s > median_s for wait_s in waits_s) <= half
        assert min(waits_s) <= median_s <= max(waits_s)


def calls_of_a_portrait(people: int) -> int:
    """Return the calls that a portrait takes of 2,400 messages on 300 days, everyone in short."""
    chat = [
        Said(number % people, number // 8 * DAY_S + number % 8 * 60, TEXTS[number % len(TEXTS)])
        for number in range(2_400)
    ]
    profile = cProfile.Profile()
    profile.enable()
    habits_of_each(portray(chat, SEOUL), range(people))
    profile.disable()
    return sum(entry.callcount for entry in profile.getstats())


def test_work_grows_with_people_not_with_their_square() -> None:
    calls_of_a_portrait(12)  # What is made once is made here.
    assert calls_of_a_portrait(48) < 3 * calls_of_a_portrait(12)


def test_words_are_typical_beside_those_of_all_others() -> None:
    mine = [Said(1, place * DAY_S, "the kettle sings again") for place in range(60)]
    theirs = [Said(2, place * DAY_S, "the lantern swings again") for place in range(60)]
    few = [Said(3, place * DAY_S, "kettle") for place in range(19)]
    first, second, third = portray([*mine, *theirs, *few], SEOUL).people
    # Words that stand in the same messages are one phrase.
    assert [astuple(phrase) for phrase in first.typical or []] == [
        ("the kettle sings again", 60, 0, 1.0, 0.0, 0)
    ]
    assert [phrase.text for phrase in second.typical or []] == ["the lantern swings again"]
    assert third.typical is None
    assert portray(mine, SEOUL).people[0].typical is None  # There is nobody beside.
    assert [person.typical for person in portray([*mine, *few], SEOUL).people] == [None, None]
