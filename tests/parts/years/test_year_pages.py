"""A year of an author: its page, its picture, and its twin in the API."""

import itertools
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from quart import g

from app.drawing.lettering import CAN_SHAPE
from app.language.i18n import show_zone, speaking
from app.parts.pictures.picture_page import PeopleArgs
from app.parts.pictures.years import read_year_poster
from app.parts.years import year as year_reader
from app.parts.years.subjects import YearOfAuthor
from app.parts.years.year import read_year
from app.services.posts.users import get_author
from tests.browsing import parts_of
from tests.chats import import_chat, kakaotalk
from tests.conftest import Client, Shared

WORDS = {2022: "kettle", 2023: "lantern", 2024: "harbour"}
"""The word that is in the posts of each year, beside one that is in all."""
FEW = 19
DAYS = 45
"""Of the year that goes on, and of those before it."""


def posts_of(year: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "username": "hana",
            "text": f"today the quiet {WORDS[year]} @friend https://{WORDS[year]}.example/{n}",
            "created_at": f"{year}-{1 + n % 12:02}-{1 + n % 28:02}T12:{n % 60:02}:00Z",
            "counts": {"likes": n},
            "reply_to": {"source_id": "1", "username": "Minjun" if n % 2 else "hana"},
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """Read the years of an author; of the first there are too few posts to compare."""
    for year, count in ((2022, FEW), (2023, 30), (2024, 40)):
        await shared.writer.add_posts(*posts_of(year, count))
    new_year = {"username": "hana", "text": "late", "created_at": "2024-12-31T23:30:00Z"}
    await shared.writer.add_posts(new_year)
    return shared.anybody


def text_of(html: str) -> str:
    """Return the text of a part of a page."""
    return (
        re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html))
        .strip()
        .replace("( ", "(")
        .replace(" )", ")")
    )


async def test_words_are_compared_with_all_other_years(site: Client) -> None:
    year = await site.json("/api/v1/users/hana/years/2024")
    assert year["words"] == [
        {"text": "today the quiet harbour", "tweets": 40, "tweets_beside": 0, "times": None}
    ]
    # What was compared with the years beside it is no more, but old programs may read its name.
    assert year["only"] == []
    page = await site.page("/user/hana/2024")
    seen = text_of(page.partition('<details class="card')[0])
    assert seen.count("today the quiet harbour 40 posts; never in the other years") == 1


@pytest.fixture
def this_year(monkeypatch: pytest.MonkeyPatch) -> int:
    """The year that goes on, whenever the tests run."""
    monkeypatch.setattr(year_reader, "now", lambda: datetime(2018, 6, 1, tzinfo=UTC))
    return 2018


async def test_the_page_says_how_the_writing_changed_where_it_did_clearly(shared: Shared) -> None:
    texts = {2020: "we sail at noon", 2021: "do we sail at noon today?", 2022: "do we sail at ten?"}
    for year, text in texts.items():
        times = (f"{year}-{n % 5 + 5:02}-{n // 2:02}T12:00:00Z" for n in range(10, 50))
        await shared.writer.add_dated("sailor", text, times)
    year = await shared.anybody.json("/api/v1/users/sailor/years/2021")
    question = next(one for one in year["measures"] if one["name"] == "questions")
    assert (question["own"], question["beside"]) == (1, 0)
    page = await shared.anybody.page("/user/sailor/2021")
    changes, counted = page.split('id="changed-heading"')[1].split("<details", 1)
    assert ">Question marks</bdi>" in changes
    assert "More often: in every post; in 2020 never" in changes
    assert "chance would explain the difference from the year before" in counted
    assert "No change since 2021 is clearer than chance." not in page
    same = await shared.anybody.page("/user/sailor/2022")
    assert "Question marks" not in same.partition("<details")[0]
    assert (await shared.anybody.json("/api/v1/users/sailor/years/2020"))["measures"] is None


async def test_the_two_values_of_a_change_never_read_the_same(shared: Shared) -> None:
    """In words, shares of 64 % and 56 % are both "6 of 10"."""
    for year, dots in ((2020, 16), (2021, 14)):
        for is_dot, text in ((True, "we sail at noon."), (False, "we sail at noon")):
            numbers = (n for n in range(1_000) if (7 * n % 25 < dots) == is_dot)
            times = (datetime(year, 1, 1, 9, tzinfo=UTC) + timedelta(n / 3) for n in numbers)
            await shared.writer.add_dated("mate", text, times)
    page = await shared.anybody.page("/user/mate/2021?tz=UTC")
    told = "in 56% of the posts{} in 64% of the posts"
    finding = text_of(page.split('id="finding">')[1].split("</p>")[0])
    assert f"Less often “.” at the end than in 2020: {told.format(', before')}." in finding
    brief = f"Less often: {told.format('; in 2020')}"
    changed = text_of(page.split('id="changed-heading"')[1].split("</section>")[0])
    assert brief in changed
    # The numbers are of the days that both years have.
    heads = re.findall(r"(\d+), Jan 1\s–\sNov 30", page.partition('id="changes-rows"')[2])
    assert heads[:2] == ["2021", "2020"]


async def test_a_year_that_ends_while_it_is_read_is_over_in_no_part_of_it(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time was asked for each part: a part could be of a year that was over, others not."""
    for year in (2015, 2016):
        days = (datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(3 * n) for n in range(121))
        await shared.writer.add_dated("clerk", "tea {n}", days)
    newest = datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    for time, is_over in ((newest, False), (newest + timedelta(seconds=1), True)):
        monkeypatch.setattr(year_reader, "now", iter([time]).__next__)
        answer = await shared.anybody.json("/api/v1/users/clerk/years/2016?tz=UTC")
        assert answer["is_over"] is is_over


async def test_a_running_year_says_so_far_and_one_of_few_posts_is_short(
    shared: Shared, this_year: int
) -> None:
    likes = ({"likes": count} for count in (1, 7, 3))
    await shared.writer.add_posts(
        *(
            {"username": "newcomer", "text": f"tea {n}", "counts": counts}
            | {"created_at": f"{this_year}-01-0{n}T12:00:00Z"}
            for n, counts in enumerate(likes, 1)
        )
    )
    page = await shared.anybody.page(f"/user/newcomer/{this_year}?tz=UTC")
    assert f">newcomer in {this_year}, so far</h1>" in page
    # Its calendar is as wide as that of a whole year: the newest month has room for its name.
    assert re.search(r'viewBox="0 0 5[34] 7"', page)
    # A silence until today is drawn as one.
    until = (await shared.anybody.json(f"/api/v1/users/newcomer/years/{this_year}"))["until"]
    days = "".join(re.findall(r'<path class="shade-\d" d="([^"]*)"', page)).count("M")
    assert days == max(date.fromisoformat(until).timetuple().tm_yday, 3)
    assert "The first and the newest post of the year so far" in page
    assert f"So far 3 posts in {this_year}." in page.partition("<details")[2]
    for heading in ("best-heading", "hours-heading", "words-heading", "liked-heading"):
        assert heading not in page.partition("<details")[0], heading
    times = (f"{this_year}-01-05T12:00:{n}Z" for n in range(10, 30))
    await shared.writer.add_dated("newcomer", "cup {n}", times)
    page = await shared.anybody.page(f"/user/newcomer/{this_year}?tz=UTC")
    best = page.split("The post of the year so far")[1].split("</ol>")[0]
    assert "tea 2" in best
    assert "7 likes" in best
    # The reader's zone decides which posts are of a day.
    card = f"20. posts on January 5, {this_year}; 1 on a usual day. UTC"
    for path, day in (("", "20 posts; 1 on a usual day, in UTC."), ("/cards", card)):
        assert day in await shared.anybody.page(f"/user/newcomer/{this_year}{path}?tz=UTC")
    tied = {"username": "newcomer", "text": "tea 9", "created_at": f"{this_year}-01-05T12:00:40Z"}
    await shared.writer.add_posts(tied | {"counts": {"likes": 7}})
    page = await shared.anybody.page(f"/user/newcomer/{this_year}?tz=UTC")
    # The heading of the list below, which has all of them, is another.
    assert "One of the most liked posts</h2>" in page
    assert page.count("Most liked</h2>") == 1


async def test_figures_are_those_of_the_year_in_the_zone(site: Client) -> None:
    year = await site.json("/api/v1/users/hana/years/2024")
    assert year["calendar"]["tweets"] == 41
    assert year["answered"] == [{"name": "Minjun", "tweets": 20}]
    assert [post["counts"]["likes"] for post in year["most_liked"]] == [39, 38, 37]
    assert year["first"]["created_at"] == "2024-01-01T12:00:00Z"
    assert year["last"]["text"] == "late"
    later = await site.json("/api/v1/users/hana/years/2025?tz=Asia/Seoul")
    assert later["first"]["id"] == later["last"]["id"] == year["last"]["id"]
    seoul = await site.json("/api/v1/users/hana/years/2024?tz=Asia/Seoul")
    assert seoul["calendar"]["tweets"] == 40


async def test_the_page_shows_the_year_and_says_its_rules(site: Client) -> None:
    page = await site.page("/user/hana/2024")
    assert ">hana in 2024</h1>" in page
    word = "“today the quiet harbour” appears in 2024 only (40 posts)."
    hours = "Busiest between 11:00 and 14:00: almost every post, in UTC."
    numbers = "41 posts on 41 days, 11 more than in 2023."
    assert text_of(page.split('id="finding">')[1].split("</p>")[0]) == f"{word} {numbers}"
    # What other sites show beside a link has no word of the author.
    assert f'<meta name="description" content="{hours} {numbers}">' in page
    before, _, after = page.partition(
        '<svg class="weeks author-1" role="img" aria-labelledby="finding year-title"'
    )
    assert 'class="finding' in before
    # The tables of all drawings are at the end.
    assert "<table" not in before + after.partition("<details")[0]
    for name in ("hours-rows", "months-heading"):
        assert page.index(f'id="{name}"') > page.index('<details class="card counted"')
    assert "The outline is 2023." in page
    # Each day with posts gives its number.
    assert len(re.findall(r"<title>[A-Z][a-z]+ \d+: 1 post</title>", page)) == 41
    assert "41 posts in 2024" in page
    assert "Both years need 20 posts" in page
    assert re.findall(r'href="(/user/hana/\d+)"', page) == [
        f"/user/hana/{year}" for year in (2024, 2023, 2022)
    ]
    assert 'href="/user/hana/2024"' in await site.page("/user/hana")


async def test_a_year_begins_with_what_stands_out_in_it(shared: Shared) -> None:
    evenings = [date(2021, 1, 3) + timedelta(2 * n + n % 5) for n in range(150)]
    evenings = [day for day in evenings if not date(2021, 6, 1) <= day <= date(2021, 7, 9)]
    times = (f"{day}T21:{n % 60:02}:00Z" for n, day in enumerate(evenings))
    await shared.writer.add_dated("owl", "night {n}", times)
    year = await shared.anybody.json("/api/v1/users/owl/years/2021")
    silence = year["days_apart"]["silence"]
    assert (year["busy_part"], silence["first"] <= "2021-06-01") == (3, True)
    assert silence["last"] >= "2021-07-09"
    page = await shared.anybody.page("/user/owl/2021?tz=UTC")
    told = text_of(page.split('id="finding">')[1].split("</p>")[0])
    assert re.match(r"No post for \d+ days, from May \d+ to July \d+\. Busiest between 2", told)
    assert told.endswith("every post, in UTC.")
    assert re.search(r'class="small">\d+ posts on \d+ days\b', page)
    # The cards of the hours and of the silence do not say them again.
    assert "The longest silence</h2>" in page
    silence = page.partition("The longest silence</h2>")[2].partition("</section>")[0]
    assert "No post for " not in silence
    assert "<p>Busiest between " not in page


def spread_over_2020(number: int) -> str:
    return f"{date(2020, 1, 1) + timedelta(17 * number % 366)}T{5 * number % 24:02}:00:00Z"


async def test_whom_an_author_answers_most_is_told_where_it_is_no_chance(shared: Shared) -> None:
    for name, often in (("host", 4), ("fair", 2)):
        for to, is_one in (("bo", False), ("Ann", True)):
            numbers = [n for n in range(200) if (n % often == 0) == is_one]
            days = (spread_over_2020(n) for n in numbers)
            answered = {"source_id": "1", "username": to}
            await shared.writer.add_dated(name, "so it is", days, reply_to=answered)
    told = "Replied to @bo more than to anyone else (150 times)."
    page = await shared.anybody.page("/user/host/2020?tz=UTC")
    assert text_of(page.split('id="finding">')[1].split("</p>")[0]) == told
    # A link's description names nobody else.
    assert '<meta name="description" content="200 posts on 200 days.">' in page
    fair = await shared.anybody.json("/api/v1/users/fair/years/2020")
    assert (fair["most_answered"], len(fair["answered"])) == (None, 2)
    for names, is_told in (("", True), ("&names=initials", False)):
        path = f"/user/host/2020/picture?tz=UTC{names}"
        assert ("@bo" in await shared.anybody.page(path)) is is_told


async def test_a_year_in_which_nothing_stands_out_is_told_by_its_numbers(shared: Shared) -> None:
    posts = [
        {"username": "even", "text": "on it goes", "source_id": str(n)}
        | {"created_at": spread_over_2020(n)}
        for n in range(1_100)
    ]
    await shared.writer.add_posts(*posts)
    page = await shared.anybody.page("/user/even/2020?tz=UTC")
    told = text_of(page.split('id="finding">')[1].split("</p>")[0])
    assert re.fullmatch(r"The 1,000th post here came on \w+ \d+\.", told)


async def test_what_has_nothing_to_tell_has_no_card(shared: Shared) -> None:
    times = (f"{year}-05-{n}T12:00:00Z" for year in (2023, 2024) for n in range(10, 31))
    await shared.writer.add_dated("calm", "we sail at noon", times)
    page = await shared.anybody.page("/user/calm/2024?tz=UTC")
    seen, _, counted = page.partition("<details")
    # That nothing was found is how it was counted, no finding.
    nothing = "No change since 2023 is clearer than chance."
    assert (nothing in seen, nothing in counted) == (False, True)
    assert "changed-heading" not in seen
    assert "words-heading" not in seen


HOURS_OF_CLASS = (
    (0, 3, 9, 10, 11, 13, 16, 18, 19, 21, 23),
    (2, 5, 9, 10, 12, 15, 18, 20, 21, 22, 23),
)
"""Of days in turn: 9 of 22 messages are of the evening, and no three hours are ahead."""


async def test_a_year_of_school_days_tells_the_part_of_the_day(shared: Shared) -> None:
    days = [date(2023, 1, 2) + timedelta(number) for number in range(84)]
    said = [
        (f"{day} {hour:02}:00", ("ann", "ben", "ann", "cho")[place % 4], f"it is {place} now")
        for number, day in enumerate(day for day in days if day.weekday() < 5)
        for place, hour in enumerate(HOURS_OF_CLASS[number % 2])
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("class", *said))
    year = await shared.anybody.json("/api/v1/rooms/1/years/2023?tz=Asia/Seoul")
    assert (year["busy_from"], year["busy_part"]) == (None, 3)
    page = await shared.anybody.page("/room/1/2023?tz=Asia/Seoul")
    finding = text_of(page.split('id="finding">')[1].split("</p>")[0])
    told = "Busiest in the evening, 18:00 to 24:00 (41% of all)"
    assert finding.startswith(told)
    # What the heading says of the hours, their card does not deny.
    assert "clearly the busiest" not in page.partition('class="card counted"')[0]
    # Twelve runs of days are the longest.
    assert "Longest streak" not in page


NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
names = map("writer{}".format, itertools.count())
written = st.lists(
    st.tuples(
        st.sampled_from([-9000, -800, -20, -10, -9, -1, 0, 1, 4, 5, 30, 5000]),
        st.sampled_from([None, 0, 1, 1, 7]),
        st.sampled_from([None, "ann", "bo", "self"]),
    ),
    min_size=1,
    max_size=45,
)
"""Hours before or after the new year in UTC, likes, and who is answered."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written, st.sampled_from(["UTC", "Asia/Seoul", "America/New_York"]))
async def test_a_year_is_what_one_counts_by_hand(
    shared: Shared, posts: list[tuple[int, int | None, str | None]], tz: str
) -> None:
    def named(to: str) -> str:
        return username if to == "self" else to

    username, times = next(names), [NEW_YEAR + timedelta(hours=hours) for hours, _, _ in posts]
    await shared.writer.add_posts(
        *(
            {"username": username, "text": f"number {n}", "created_at": at.isoformat()}
            | ({} if likes is None else {"counts": {"likes": likes}})
            | ({"reply_to": {"source_id": "1", "username": named(to)}} if to else {})
            for n, (at, (_, likes, to)) in enumerate(zip(times, posts, strict=True))
        )
    )
    local = [at.astimezone(ZoneInfo(tz)) for at in times]
    for year in {at.year for at in local}:
        inside = [n for n, at in enumerate(local) if at.year == year]
        days = Counter(local[n].date().isoformat() for n in inside)
        answer = await shared.anybody.json(f"/api/v1/users/{username}/years/{year}?tz={tz}")
        months = answer["calendar"]["months"]
        assert {day["date"]: day["tweets"] for month in months for day in month["days"]} == days
        to = Counter(posts[n][2] for n in inside if posts[n][2] not in {None, "self"})
        assert {item["name"]: item["tweets"] for item in answer["answered"]} == to
        assert [item["tweets"] for item in answer["answered"]] == sorted(to.values(), reverse=True)
        likes = sorted((posts[n][1] or 0 for n in inside), reverse=True)
        liked = [post["counts"]["likes"] for post in answer["most_liked"]]
        assert liked == [count for count in likes[:3] if count]
        ends = [datetime.fromisoformat(answer[end]["created_at"]) for end in ("first", "last")]
        assert ends == [min(times[n] for n in inside), max(times[n] for n in inside)]
        elsewhere = len(local) - len(inside)
        assert (answer["words"] is None) == (min(elsewhere, len(inside)) < FEW + 1)
        if year != local[0].year:
            continue  # The page is looked at for one of the years.
        page = await shared.anybody.page(f"/user/{username}/{year}?tz={tz}")
        assert f"{len(inside)} post{'s' * (len(inside) != 1)} in {year}" in page
        with speaking("en"):
            zone = show_zone(tz)
        assert f"{len(days)} {'day has' if len(days) == 1 else 'days have'} posts ({zone})." in page
        assert ("The only post of the year" in page) == (len(inside) == 1)
        # No card is empty, and each picture of one can be drawn.
        cards = re.findall('(?s)<section class="card year-card".*?</section>', page)
        assert all(text_of(card.partition("</h2>")[2].partition("</div>")[0]) for card in cards)


@pytest.mark.parametrize("path", ["/user/hana/2019", "/user/hana/0000", "/user/nobody/2024"])
async def test_a_year_without_posts_is_not_found(site: Client, path: str) -> None:
    await site.page(path, status=404)
    await site.page(f"{path}/picture.png", status=404)
    _, _, name, year = path.split("/")
    await site.json(f"/api/v1/users/{name}/years/{year}", status=404)


@pytest.mark.parametrize(
    ("display_name", "username", "name"),
    [
        ("Hana 하나 🏺", "hana_writes", "Hana 하나 🏺"),
        ("مقهى الميناء", "port", "مقهى الميناء" if CAN_SHAPE else "port"),
        ("ᏣᎳᎩ ᎦᏬ", "cafe", "cafe"),
        ("ᏓᎾ", "ᏓᎾ", "Person 1"),
    ],
)
async def test_the_picture_names_the_author_as_far_as_it_can_be_drawn(
    shared: Shared, display_name: str, username: str, name: str
) -> None:
    await shared.writer.add_user(username, display_name=display_name)
    answered = [{"source_id": "1", "username": to} for to in ("ᎠᎾ", "ann")] * 10
    posts = ({"created_at": "2024-05-01T12:00:00Z", "reply_to": to} for to in answered)
    await shared.writer.add_posts(
        *({"username": username, "text": f"number {n}"} | post for n, post in enumerate(posts))
    )
    parts = parts_of(shared.app)
    async with parts.read_long() as session:
        author = await get_author(session, username)
        year = await read_year(session, author, 2024, ZoneInfo("UTC"))
    async with shared.app.test_request_context("/"):
        g.locale = "en"
        subject = YearOfAuthor(author, None, 2024)
        poster, brief = [
            await read_year_poster(subject, year, PeopleArgs(names=how))
            for how in ("names", "initials")
        ]
    # As many replies went to one whose name the fonts lack.
    assert (poster.title, poster.giant) == (f"{name} in 2024", "20")
    assert poster.finding == "Posts on 1 day"
    assert brief.title == f"{name[0].upper()} in 2024"


async def test_a_year_long_before_the_others_is_shown(shared: Shared) -> None:
    """A time of 1970 is what some programs write for an unknown one."""
    times = ("1970-01-01T12:00:00Z", "2024-05-05T12:00:00Z")
    await shared.writer.add_dated("epoch", "a lamp", times)
    page = await shared.anybody.page("/user/epoch/1970")
    assert "1 post on 1 day." in page
    year = await shared.anybody.json("/api/v1/users/epoch/years/1970")
    assert (year["calendar"]["years"], year["by_year"]) == ([2024, 1970], [1, 1])
