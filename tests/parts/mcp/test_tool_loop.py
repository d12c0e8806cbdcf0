"""Questions of a person about their chats, as an assistant asks them: the script is the
questions' right calls, made by the client of the SDK. Each has the answer that the pages have.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import pytest

from tests.conftest import Shared
from tests.made_chats import made_authors, made_chat
from tests.parts.mcp.assistants import add_chat, sdk, switch
from tests.waiting import settle

CHAT, AUTHORS = made_chat(12), made_authors(1_000, "en")
MOST: Final = [name for name, _ in Counter(name for _, name, _ in CHAT.said).most_common(3)]
TEXT: Final = " ".join(text for _, name, text in CHAT.said if name == MOST[0])[:400]
NO_TEXT: Final = "Zebras."


class Question(NamedTuple):
    tool: str
    arguments: dict[str, Any]
    """Braces stand for what earlier answers said: `first` and `other`, who write most in the
    chat and elsewhere, and `word`, a piece of evidence."""
    path: str
    """Where the pages have the answer, as JSON; it has the arguments in braces."""
    says: Callable[[Any], Any]
    """What the tool's value says."""
    right: Callable[[Any], Any]
    """What the pages say."""
    form: Mapping[str, Any] | None = None
    """What the page is asked with, if it is no address alone."""


def ids(value: Any) -> list[int]:
    return [each["id"] for each in value.get("posts", value.get("items"))]


def tallied(value: Any) -> list[tuple[str, int]]:
    return [(each["name"], each["posts"]) for each in value]


def months_of(year: Any) -> list[tuple[str, int]]:
    months = year["calendar"]["months"]
    return [(f"{year['calendar']['year']}-{each['month']:02}", each["tweets"]) for each in months]


def chances_of(compared: Any) -> dict[str | None, Any]:
    none = compared["none"]
    shares = ((each["username"], each["probability"]) for each in compared["ranking"])
    return {name: pytest.approx((1 - none) * share, abs=1e-4) for name, share in shares} | {
        None: pytest.approx(none, abs=1e-4)
    }


def chances_said(value: Any) -> dict[str | None, float]:
    return {each["person"]: each["probability"] for each in value["probabilities"]}


IN_CHAT: Final = "/api/v1/search?room=1&limit=200&facets=true&q={words}"
COMPARED: Final = {"text": TEXT, "usernames": MOST, "explain": True}
OF_PEOPLE: Final = {"texts": [TEXT], "among": MOST, "chat": 1}
QUESTIONS: Final = {
    "Which chats are there, and how long are they?": Question(
        "chat",
        {},
        "/api/v1/rooms",
        lambda v: [(each["id"], each["title"], each["messages"]) for each in v["chats"]],
        lambda p: [(each["id"], each["name"], each["messages"]) for each in p["items"]],
    ),
    "Who else writes here, and who the most?": Question(
        "chat",
        {},
        "/api/v1/stats",
        lambda v: (dict(tallied(v["people"])), [posts for _, posts in tallied(v["people"])]),
        lambda p: (
            found := {
                each["username"]: each["tweets"]
                for each in p["authors"]
                if each["username"] in AUTHORS.names
            },
            sorted(found.values(), reverse=True),
        ),
    ),
    "Who writes most in it?": Question(
        "chat",
        {"chat": 1},
        "/api/v1/rooms/1/portrait",
        lambda v: tallied(v["people"])[0],
        lambda p: (p["people"][0]["username"], p["people"][0]["messages"]),
    ),
    "How much did the first of us write?": Question(
        "person",
        {"person": "{first}"},
        "/api/v1/users/{person}",
        lambda v: v["posts"],
        lambda p: p["tweets"],
    ),
    "Which emoji do those outside of the chat use?": Question(
        "archive",
        {"person": "{other}"},
        "/api/v1/users/{person}/archive",
        lambda v: tallied(v["emoji"]),
        lambda p: [(each["name"], each["tweets"]) for each in p["numbers"]["emoji"]],
    ),
    "What was said about the kettle?": Question(
        "search",
        {"words": "kettle", "chat": 1, "limit": 20},
        "/api/v1/search?room=1&limit=20&q={words}",
        ids,
        ids,
    ),
    "Who says supper, and how often?": Question(
        "count",
        {"words": "supper", "chat": 1},
        IN_CHAT,
        lambda v: tallied(v["people"]),
        lambda p: [tuple(each) for each in p["facets"]["username"]],
    ),
    "What came after the tenth message?": Question(
        "around",
        {"message": 10, "before": 9, "after": 10},
        "/api/v1/rooms/1/messages?limit=20",
        ids,
        ids,
    ),
    "How was our year?": Question(
        "archive",
        {"chat": 1, "year": 2024},
        "/api/v1/rooms/1/years/{year}",
        lambda v: (tallied(v["months"]), dict(tallied(v["people"]))),
        lambda p: (months_of(p), {each["username"]: each["messages"] for each in p["people"]}),
    ),
    "Who of us would have written this?": Question(
        "who_wrote",
        OF_PEOPLE,
        "/api/v1/compare",
        lambda v: (v["verdict"], v["person"], chances_said(v)),
        lambda p: (p["verdict"], p["ranking"][0]["username"], chances_of(p)),
        COMPARED,
    ),
    "Why?": Question(
        "explain",
        OF_PEOPLE | {"piece": "{word}"},
        "/api/v1/compare",
        lambda v: (v["evidence"]["text"], v["evidence"]["person"]),
        lambda p: next(
            (mark["text"], mark["username"])
            for mark in sorted(p["evidence"], key=lambda mark: -abs(mark["weight"]))
        ),
        COMPARED,
    ),
    "And who wrote this one word?": Question(
        "who_wrote",
        {"texts": [NO_TEXT], "chat": 1},
        "/api/v1/compare",
        lambda v: (v["verdict"], v["answer"], v["person"], v["evidence"]),
        lambda p: (p["verdict"], "cannot say", None, []),
        {"text": NO_TEXT, "usernames": CHAT.names},
    ),
}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_tool_loop_finds_what_the_pages_say(shared: Shared, mode: str) -> None:
    site = shared.admin
    if not (await site.json("/api/v1/rooms"))["items"]:
        await add_chat(site, CHAT)
        await site.add_posts(
            *({"username": name, "text": f"{text} 🌊"} for _, name, text in AUTHORS.said)
        )
        await settle(shared.app)
    await switch(shared.app, "names")
    known = dict[str, str]()
    async with sdk(site, mode) as assistant:
        offered = {tool.name: tool for tool in (await assistant.list_tools()).tools}
        for asked, question in QUESTIONS.items():
            arguments = {
                name: value.format(**known) if isinstance(value, str) else value
                for name, value in question.arguments.items()
            }
            assert arguments.keys() <= offered[question.tool].input_schema["properties"].keys()
            # The client checks the value by the tool's schema.
            told = await assistant.call_tool(question.tool, arguments)
            assert not told.is_error, asked
            value, path = told.structured_content, question.path.format(**arguments)
            if question.form:
                page = await (await site.post(path, json=question.form)).get_json()
            else:
                page = await site.json(path)
            assert question.says(value) == question.right(page), asked
            assert question.says(value) != [], asked
            if question.tool == "chat":
                known["first" if arguments else "other"] = value["people"][0]["name"]
            if evidence := question.tool == "who_wrote" and value["evidence"]:
                known["word"] = evidence[0]["text"]
