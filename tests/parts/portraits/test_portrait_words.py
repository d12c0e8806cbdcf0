"""What a portrait says in sentences holds for any chat, as counted from its messages."""

from collections import Counter
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given

from app.parts.portraits.room_figures import times_missing, wait_of, words_missing
from app.services.rooms.chat_portrait import ChatPage, people_named
from app.services.rooms.chats import RoomFacts
from saywho.people.portrait import portray
from saywho.people.times import Said
from tests.people.test_portrait import HOUR_S, chats

ZONE: Final = ZoneInfo("Asia/Seoul")
SILENCE_S: Final = 6 * HOUR_S


def portrait_in(chat: list[Said]) -> ChatPage:
    people = {message.author for message in chat}
    room = RoomFacts(1, "room", None, len(chat), None, [], len(people), None, None, False)
    portrait = portray(chat, ZONE)
    names = [(f"author{group[0]}", None) for group in portrait.groups if len(group) == 1]
    return ChatPage(
        room=room,
        tz=ZONE.key,
        scanned=len(chat),
        people=people_named(portrait.people, names),
        longest_silence=portrait.longest_silence,
        silences=[portrait.longest_silence] if portrait.longest_silence else [],
    )


def truths(chat: list[Said]) -> dict[str, bool]:
    """Return every sentence about beginnings and answers, and whether it is true."""
    dated = [(said.time, said.author) for said in chat if said.time is not None]
    waits_s = [after[0] - before[0] for before, after in pairwise(dated)]
    others_wait_s = [
        after[0] - before[0] for before, after in pairwise(dated) if before[1] != after[1]
    ]
    return {
        "No message has a time.": not dated,
        "Only one message has a time.": len(dated) == 1,
        "Only one person writes here, so there are no replies.": len({said.author for said in chat})
        == 1,
        "No one replied within six hours.": all(wait > SILENCE_S for wait in others_wait_s),
        "All messages with a time were sent in the same second.": len({time for time, _ in dated})
        == 1,
        "There was no silence of more than six hours.": all(wait <= SILENCE_S for wait in waits_s),
    }


@given(chats())
def test_sentences_about_times_are_true_and_leave_no_column_empty(chat: list[Said]) -> None:
    assume(chat)
    portrait, true = portrait_in(chat), truths(chat)
    sentences = times_missing(portrait)
    has_beginnings = any(person.beginnings for person in portrait.people)
    has_answers = any(person.answers for person in portrait.people)
    assert all(true[sentence] for sentence in sentences)
    assert len(sentences) == len(set(sentences))
    assert has_beginnings != true["There was no silence of more than six hours."]
    assert has_answers != true["No one replied within six hours."]
    # What has no column has a sentence that says why.
    assert len(sentences) >= (not has_beginnings or not has_answers)


@pytest.mark.usefixtures("without_people")
@pytest.mark.parametrize(
    ("wait_s", "told"), [(1, ""), (5 * HOUR_S, "Replies in about 5 hours")], ids=["alike", "late"]
)
def test_a_wait_is_told_if_chance_does_not_explain_it(wait_s: int, told: str) -> None:
    said = [
        Said(author, 24 * day * HOUR_S + after_s, text)
        for day in range(40)
        for author, after_s, text in (
            (0, 0, "yes haha"),
            (1, wait_s, "no haha" if day % 2 else "no"),
            (0, wait_s + 1, "yes"),
        )
    ]
    people = {person.username: person for person in portrait_in(said).people}
    assert wait_of(people["author1"]) == told


@given(chats())
def test_why_there_are_no_words_is_said(chat: list[Said]) -> None:
    assume(chat)
    chat = chat * 4  # Few of them have 20 messages of two people.
    reason, people = words_missing(portrait_in(chat)), {said.author for said in chat}
    messages = Counter(said.author for said in chat)
    ranked = sorted(people, key=lambda author: (-messages[author], author))
    groups = [[author] for author in ranked[:6]] + [ranked[6:]]
    # Both sides need 20 messages with text.
    texts = [sum(said.author in group and bool(said.text) for said in chat) for group in groups]
    is_compared = any(min(count, sum(texts) - count) >= 20 for count in texts)
    assert ("saywho found no word" in reason or not reason) == is_compared
    assert ("Only one person writes here" in reason) == (len(people) == 1)
