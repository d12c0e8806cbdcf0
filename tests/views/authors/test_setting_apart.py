"""What an author's page says first: what sets them apart from others."""

import re
from html import unescape

import pytest
from quart import Quart

from tests.browsing import in_one_line, missing_in, parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared
from tests.waiting import settle

PLAIN = "the kettle is on again."
LOUD = "the kettle is on again!"
NORTH = "North, reports from the lighthouse"


def talk(people: dict[str, str], days: int, *, month: int = 1) -> list[Said]:
    """Return messages in turn, each of somebody's the same, four rounds a day; on each day another
    one begins."""
    names = [*people]
    return [
        (f"2024-{month + day // 28:02}-{1 + day % 28:02} 07:{minute:02}", name, people[name])
        for day in range(days)
        for minute, name in enumerate((names[day % len(names) :] + names[: day % len(names)]) * 4)
    ]


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    db = parts_of(shared.app).db
    chats = {
        "three": talk({"Ann": LOUD, "Ben": PLAIN, "Dan": PLAIN}, 12),
        "pair": talk({"Eve": PLAIN, "Finn": PLAIN}, 12),
        "few": talk({"Hal": LOUD, "Ida": PLAIN}, 2),
        "first": talk({"Kim": LOUD, "Lou": PLAIN}, 12),
        "second": talk({"Kim": PLAIN, "Max": PLAIN}, 3),
        # Of 1,120 messages the first 120 are loud.
        "long": talk({"Una": LOUD, "Vic": PLAIN}, 15)
        + talk({"Una": PLAIN, "Vic": PLAIN}, 125, month=3),
    }
    for title, messages in chats.items():
        await import_chat(db, kakaotalk(title, *messages))
    await shared.writer.post("/api/v1/users", json={"username": "north", "display_name": NORTH})
    posts = {"north": "we went to see the sea!", "south": "we went to see the sea"}
    await shared.writer.add_posts(
        *(
            {"username": name, "text": f"{text} {n}", "created_at": f"2025-03-{n:02}T09:00:00Z"}
            for name, text in posts.items()
            for n in range(1, 29)
        )
    )
    return shared.anybody


async def finding(site: Client, path: str) -> str:
    return unescape("".join(re.findall(r'id="finding">(.*?)</p>', await site.page(path))))


@pytest.mark.parametrize(
    ("name", "called"), [("Ann", "Ann"), ("Kim", "Kim"), ("north", f"{NORTH} ")]
)
async def test_it_is_what_sets_them_apart(site: Client, name: str, called: str) -> None:
    said = await finding(site, f"/user/{name}")
    assert said.startswith(called)
    assert "exclamation" in said


@pytest.mark.parametrize("name", ["Eve", "Finn", "Hal"])
async def test_nothing_is_claimed_of_people_alike_or_of_few_messages(
    site: Client, name: str
) -> None:
    page = await site.page(f"/user/{name}")
    assert name not in await finding(site, f"/user/{name}")
    assert "Based on" not in page.partition('id="counted"')[0]


async def test_the_old_habit_of_a_long_chat_is_told(site: Client) -> None:
    assert "xclamation" in await site.page("/user/Una")
    assert (await finding(site, "/user/Una")).endswith("Una wrote first.")


async def test_in_which_messages_it_was_counted_is_said_where_these_are_not_all(
    site: Client,
) -> None:
    assert "Based on" not in (await site.page("/user/Ann")).partition("<details")[0]
    # Somebody with two chats is beside the people of the one with most messages.
    page = await site.page("/user/Kim")
    assert not missing_in(page, "Based on the chat “<bdi>first</bdi>”.", 'id="rooms-heading"')
    # Nobody here has 300 posts, so these numbers are limits.
    limits = "Based on up to 2,000 of their newest posts, and up to 300 posts by each other author."
    assert limits in await site.page("/user/north")


async def test_the_one_chat_of_somebody_stands_in_the_lead(site: Client) -> None:
    page = await site.page("/user/Eve")
    assert re.search(
        r'<p class="lead">48 messages · .* · in the chat <a href="/room/\d+"><bdi>pair</bdi>',
        page,
        re.S,
    )
    assert 'id="rooms-heading"' not in page


async def test_authors_of_an_unknown_language_are_compared_with_those_who_share_its_words(
    writer: Client, anybody: Client
) -> None:
    posts = [
        {"username": name, "text": f"{text} {n}", "created_at": f"2025-03-{n:02}T09:00:00Z"}
        for name, text in {
            "greek": "σήμερα βρέχει πολύ και είμαι στο σπίτι",
            "other_greek": "σήμερα είμαι στο σπίτι και δεν βρέχει",
            "bengali": "আজ খুব বৃষ্টি হচ্ছে তাই আমি বাড়িতে আছি",
        }.items()
        for n in range(1, 29)
    ]
    await writer.add_posts(*posts)
    page = in_one_line(await anybody.page("/user/greek"))
    assert "other_greek" in page
    assert "bengali" not in page


async def test_a_page_names_the_authors_compared_not_all(writer: Client, anybody: Client) -> None:
    texts = {f"author{n}": f"{'we ' * (n + n // 9 * 40)}went to see the sea" for n in range(10)}
    await writer.add_posts(
        *(
            {"username": name, "text": f"{text} {n}", "created_at": f"2025-03-{n:02}T09:00:00Z"}
            for name, text in texts.items()
            for n in range(1, 29)
        )
    )
    pages = {name: in_one_line(await anybody.page(f"/user/{name}")) for name in texts}
    told = [re.findall(r'id="finding">(.*?)</p>', page)[0] for page in pages.values()]
    assert any("than 8 other authors here" in each for each in told), told
    assert not any("most here" in each or "all the others" in each for each in told), told
    assert "each of the 8 authors compared" in pages["author0"]
    assert any("The others compared: " in page for page in pages.values())
    assert not any("Everyone else" in page for page in pages.values())


async def test_usual_here_is_what_other_authors_of_posts_do(app: Quart, writer: Client) -> None:
    """An author with "(" in one of eight posts is among accounts that all write it more often."""
    people = dict.fromkeys((f"person{n}" for n in range(8)), "at the pier, number {n}.")
    messages = [
        (time, name, text.format(n=n)) for n, (time, name, text) in enumerate(talk(people, 140))
    ]
    await import_chat(parts_of(app).db, kakaotalk("without brackets", *messages))
    posts = [
        {"username": name, "text": f"we sail at {n}{' (or later)' if n % of == 0 else ''}."}
        for name, of in {"quiet": 8, "first": 3, "second": 3, "third": 1}.items()
        for n in range(200)
    ]
    await writer.add_posts(*posts)
    await settle(app)

    async def signs_of(name: str) -> list[str]:
        archive = await writer.json(f"/api/v1/users/{name}/archive")
        return [term["text"] for term in archive["typical"] if term["is_mark"]]

    assert "(" not in await signs_of("quiet")
    assert "(" in await signs_of("third")
