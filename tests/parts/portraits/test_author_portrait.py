"""How an author writes: their page, and the portrait in the API."""

import re
from dataclasses import replace
from html import unescape
from itertools import chain
from typing import Any, Final
from urllib.parse import quote

import pytest

from app.drawing.drawings import NamedBar, PhraseList, Row, StackedBar
from app.language.i18n import speaking
from app.parts.portraits import author_figures as figures
from app.parts.portraits.author_figures import AuthorPortrait
from app.services.posts.manners import MANNERS
from app.views.figures.figure import Figure
from app.views.figures.habits import habit_rows
from app.views.tell import Peers, called, label_of, often, part_of, share_told, trait_of
from saywho.people.fingerprint import Measure, Tally, fingerprint, tally_of
from saywho.people.signs import FORMS
from tests.browsing import found_in, missing_in, parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared

LONG: Final = "Caroline Featherstonehaugh-Willoughby of Upper Slaughter"
QUIET: Final = "the kettle is on again."


def chat(*people: tuple[str, str], rounds: int = 40) -> list[Said]:
    """Return messages in turn, each of somebody's the same, four rounds a day from seven o'clock
    on; on each day another one begins."""
    return [
        (f"2024-01-{15 + day:02} 07:{minute:02}", name, text)
        for day in range(rounds // 4 + 1)
        for first in (day % len(people),)
        for minute, (name, text) in enumerate(
            (people[first:] + people[:first]) * min(4, rounds - 4 * day)
        )
    ]


@pytest.fixture(scope="module")
async def chats(shared: Shared) -> Client:
    """Read chats: of three people of whom one differs, of a pair alike, of somebody alone."""
    db = parts_of(shared.app).db
    three = chat((LONG, "Oh what a day we have had, my dears! 🌸"), ("Ben", QUIET), ("Dan", QUIET))
    await import_chat(db, kakaotalk("three", *three))
    await import_chat(db, kakaotalk("pair", *chat(("Eve", QUIET), ("Finn", QUIET))))
    await import_chat(db, kakaotalk("alone", *chat(("Gus", QUIET))))
    await import_chat(db, kakaotalk("few", *chat(("Hal", QUIET), ("Ida", QUIET), rounds=3)))
    many = [(f"ten {letter}", QUIET) for letter in "bcdefghij"]
    await import_chat(db, kakaotalk("ten", *chat(("ten a", "Oh!"), *many, rounds=22)))
    await import_chat(db, kakaotalk("two", *chat(("Kim", "the oven sings!"), ("Lou", QUIET))))
    await import_chat(
        db, kakaotalk("words", *chat(("Mia", "my oven is on again."), ("Ned", QUIET)))
    )
    return shared.anybody


def address_of(name: str) -> str:
    return f"/user/{quote(name.replace(' ', '_'))}"


def finding_in(page: str) -> str:
    (finding,) = re.findall(r'<p class="finding[^"]*" id="finding">(.*?)</p>', page)
    return unescape(finding)


async def test_one_sentence_says_what_sets_somebody_apart(chats: Client) -> None:
    page = await chats.page(address_of(LONG))
    finding = finding_in(page)
    assert finding.startswith("Caroline Featherstonehaugh-Willoughby of Up… ")
    assert "uses exclamation marks in every message" in finding
    assert "uses emoji in every message" in finding
    assert len(finding) <= 140
    assert 'role="img" aria-labelledby="finding fingerprint-heading"' in page
    assert "in every message" in page
    assert "Compared with" not in page
    # It comes before the calendar and the lists.
    places = [page.index(f'id="{name}"') for name in ("finding", "writing", "calendar")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("Eve", "Chance may explain every difference between Eve and Finn."),
        ("Mia", "Mia says “my oven is on again” more often than Ned (in every message)."),
        ("Gus", "There is no one else here to compare Gus with."),
    ],
)
async def test_where_no_measure_is_clear_it_tells_words_or_nothing(
    chats: Client, name: str, finding: str
) -> None:
    page = unescape(await chats.page(address_of(name)))
    assert page.partition("<main")[2].count(finding) == 1
    assert (f'id="finding">{finding}<' in page) == (name == "Mia")
    habits, _, _ = page.partition('<ul class="habits')
    # A drawing in which nothing is clear is folded.
    is_folded = habits.count("<details") > habits.count("</details")
    assert is_folded == (name != "Gus")


async def test_a_drawing_of_hours_is_folded_if_none_stand_out(shared: Shared) -> None:
    posts = [
        {
            "username": name,
            "text": "비",
            "lang": "ko",
            "created_at": f"2024-01-{day:02}T{hour:02}:00:00Z",
        }
        for name, hours in (("always", range(0, 24, 2)), ("at_nine", [9]))
        for day in range(1, 15)
        for hour in hours
    ]
    await shared.writer.add_posts(*posts)
    for name, is_told in (("always", False), ("at_nine", True)):
        page = await shared.anybody.page(f"/user/{name}?tz=UTC")
        card = page.partition('<div id="hours">')[2].partition("</section>")[0]
        assert (card.index("<svg") < card.index("<details")) == is_told
        assert card.count('class="clock ') == 1
        assert ("No single stretch of hours is clearly the busiest." in card) != is_told
        assert page.count("No single stretch of hours is clearly the busiest.") == (not is_told)


async def test_few_phrases_are_a_sentence(chats: Client) -> None:
    page, _, counted = (await chats.page(address_of("Eve"))).partition('<details class="counted"')
    assert not found_in(page, "phrases-heading", "saywho found no word that is typical of Eve.")
    assert "saywho found no word that is typical of Eve." in counted
    # Two phrases fill no card: they stand in a sentence.
    page = await chats.page(address_of("Kim"))
    assert "phrases-heading" not in page
    assert re.search(r"Says more often than Lou: <a [^>]*><bdi>[^<]*oven", page)


def first_added(_: AuthorPortrait) -> Figure[PhraseList]:
    return Figure(
        topic="First topic",
        title="A sentence.",
        notes=["A note."],
        about="What it means.",
        columns=["Name", "Number"],
        rows=[("rows of the first", 7)],
        plot=PhraseList("author-1", []),
        name="first",
    )


def second_added(portrait: AuthorPortrait) -> Figure[PhraseList]:
    first, title = first_added(portrait), "A sentence alone."
    return replace(first, topic="Second topic", title=title, notes=(), plot=None, name="second")


def bar_added(_: AuthorPortrait) -> Figure[StackedBar]:
    bar = StackedBar([NamedBar("part", 1, "all", "author-1")])
    return Figure(topic="Bar topic", plot=bar, name="bar")


def nothing_added(portrait: AuthorPortrait) -> Figure[PhraseList]:
    return Figure(topic="No topic", rows=first_added(portrait).rows, name="nothing")


def as_frequent(portrait: AuthorPortrait) -> Figure[PhraseList]:
    rows = [("tea", "often", 99.0), ("oven", "often", 98.0), ("kettle", "rarely", 9.0)]
    phrases = [Row(row[0], beside=row[1], path=f"/{row[0]}", length=row[2], mark=0) for row in rows]
    return replace(first_added(portrait), plot=PhraseList("author-1", phrases))


async def test_phrases_that_are_as_frequent_share_a_line_and_a_bar(
    chats: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "CARDS", (as_frequent,))
    page = await chats.page(f"{address_of('Eve')}?tz=Asia/Almaty")
    phrases = page.partition('<ol class="phrases author-1"')[2].partition("</ol>")[0]
    lines = [re.sub("<[^>]*>", "", line).split() for line in phrases.split("<li>")[1:]]
    assert lines == [["tea,", "oven", "often"], ["kettle", "rarely"]]
    assert phrases.count('<rect class="own"') == 2


async def test_cards_show_the_sentence_and_the_drawing_of_a_figure(
    chats: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "CARDS", (first_added, second_added, bar_added, nothing_added))
    page = await chats.page(f"{address_of('Eve')}?tz=Asia/Tokyo")
    shown, folded = page.split('<details class="counted" id="counted"')
    first, second, bar = re.findall(
        r'<section class="card" aria-labelledby="(?:first|second|bar)-heading">.*?</section>',
        shown,
        re.DOTALL,
    )
    assert not missing_in(first, '<h2 id="first-heading">First topic</h2>', "<p>A sentence.</p>")
    assert '<ol class="phrases author-1"' in first
    assert '<p class="small">A note.</p>' in first
    assert '<h2 id="second-heading">Second topic</h2>\n  <p>A sentence alone.</p>' in second
    assert "phrases" not in second
    assert '<svg class="stacked" role="img"' in bar
    assert "<p>" not in bar
    assert "No topic" not in shown
    assert '<h3 id="first-numbers">First topic</h3>' in folded
    assert "<p>What it means.</p>" in folded
    assert '<h3 id="second-numbers">Second topic</h3>' in folded


async def test_of_somebody_alone_nothing_is_told_of_others(chats: Client) -> None:
    page = await chats.page(address_of("Gus"))
    assert not found_in(page, "Everyone else", "The outline", "Says more often")
    assert "5 words" in page


async def test_of_two_the_other_one_has_a_name(chats: Client) -> None:
    page = await chats.page(address_of("Kim"))
    assert not re.search(r"\bothers\b", unescape(re.sub("<[^>]*>", "", page)))
    assert re.findall('<th scope="col"[^>]*>(.*?)</th>', page).count("<bdi>Lou</bdi>") == 2
    assert "다른 사람" not in await chats.page(address_of("Kim"), headers={"Accept-Language": "ko"})


async def test_of_many_people_the_others_are_together(chats: Client) -> None:
    text = unescape(re.sub("<[^>]*>", "", await chats.page(address_of("ten a"))))
    assert not missing_in(text, "the 9 others in this chat", "in every message")
    assert "Everyone else: 0%" not in text


async def test_with_few_posts_nothing_is_said_of_how_they_write(chats: Client) -> None:
    for name in ("Hal", "Ida"):
        assert not found_in(await chats.page(address_of(name)), 'id="writing"', "habits")


async def test_numbers_stand_folded_and_nowhere_else(chats: Client) -> None:
    page = await chats.page(address_of(LONG))
    shown, folded = page.split('<details class="counted" id="counted"')
    assert "<table" not in re.sub("(?s)<details.*?</details>", "", shown)
    assert folded.count("<table") == 2
    assert not re.search(r"\d+ : \d+|median", page)


async def test_the_former_address_of_the_portrait_leads_to_the_page(chats: Client) -> None:
    for query in ("", "?tz=Asia/Tokyo"):
        answer = await chats.get(f"{address_of(LONG)}/portrait{query}", status=308)
        assert answer.headers["Location"] == f"{address_of(LONG)}{query}"


async def test_rows_lead_to_messages_that_show_them(chats: Client) -> None:
    page = unescape(await chats.page(address_of(LONG)))
    name = quote(LONG.replace(" ", "_"))
    assert f"/search?q=%F0%9F%8C%B8&username={name}" in page.replace("🌸", "%F0%9F%8C%B8")
    for shown in ("exclamations", "long", "small", "silence", "dot"):
        assert (f"/posts?username={name}&shows={shown}" in page) == (shown == "exclamations")
    rows = re.findall(
        r'<li[^>]*>(?:<a href="([^"]*)"[^>]*>|<span>)[^<]*</\w+> <span class="value">', page
    )
    assert rows
    assert f"/posts?username={name}" not in rows


SIGNS: Final = {
    manner.name: form.sign
    for form in chain(*FORMS.values())
    for manner in MANNERS
    # What comes after a silence depends on other texts.
    if manner.sign == (form.text or form.habit.name) and form.habit.of == "messages"
}
TEXTS: Final = (
    *("Is it? yes", "https://example.org/?q=1", "Now!", "정말！", "it rains", "It rains"),
    *("Done.", "Done...", "Hm…", "그래~", "그래∼ ", "아니 ㅠㅠ", "네 ㅜㅜ", "가요", "가요!! ㅎㅎ"),
    *("WHO TOUCHED IT", "KTX 타고 서울로", "했어욤!"),
    *("가요.", "http://a.example first", "one two three four five six seven"),
)


async def test_posts_that_show_a_measure_are_those_that_it_counts(shared: Shared) -> None:
    posts = [{"username": "signs", "text": text, "lang": "ko"} for text in TEXTS]
    await shared.writer.add_posts(*posts)
    written = {text.strip() for text in TEXTS}
    for shown, sign in SIGNS.items():
        page = await shared.anybody.page(f"/posts?username=signs&shows={shown}")
        counted = {text for text in written if tally_of([text], [0]).with_sign(sign)}
        assert texts_in(page) == counted, shown
        told = re.search(r'<p class="lead">(\d+) ', page)
        assert told
        assert int(told[1]) == page.count('<li class="post')
    assert texts_in(await shared.anybody.page("/posts?username=signs&shows=long")) == {TEXTS[-1]}
    short = texts_in(await shared.anybody.page("/posts?username=signs&shows=short"))
    assert short == written - {TEXTS[-1]}


async def test_posts_that_ask_in_greek_are_those_that_it_counts(shared: Shared) -> None:
    asking, others = {"πού είσαι;", "Έλα; ναι"}, ("ναι;)", "ok; fine", "έλα ;) ναι")
    await shared.writer.add_posts(
        *({"username": "greek", "text": text} for text in (*asking, *others))
    )
    assert texts_in(await shared.anybody.page("/posts?username=greek&shows=questions")) == asking
    assert all(("questions", "") in tally_of([text], [0]).signs for text in asking)


async def test_messages_after_a_silence_are_shown(shared: Shared) -> None:
    said = [("09:00", "Sil", "first"), ("09:01", "Ent", "soon"), ("15:01", "Sil", "in time")]
    chat_of_day = [(f"2024-03-01 {time}", name, text) for time, name, text in said]
    chat_of_day += [("2024-03-01 21:02", "Ent", "at last"), ("2024-03-02 09:00", "Sil", "morning")]
    await import_chat(parts_of(shared.app).db, kakaotalk("silences", *chat_of_day))
    page = await shared.anybody.page("/posts?username=Sil&username=Ent&shows=silence")
    assert texts_in(page) == {"at last", "morning"}  # Nobody was silent before the first.


def texts_in(page: str) -> set[str]:
    """Return the texts of the posts on a page."""
    texts = re.findall(r'<p class="post-text[^>]*>(.*?)</p>', page, re.DOTALL)
    return {unescape(re.sub("<[^>]*>", "", text)).strip() for text in texts}


async def test_the_api_tells_the_same(chats: Client) -> None:
    portrait = await chats.json(
        f"/api/v1/users/{quote(LONG.replace(' ', '_'))}/portrait?tz=Asia/Seoul"
    )
    assert portrait["room"]["name"] == "three"
    assert (portrait["messages"], portrait["messages_elsewhere"]) == (40, 80)
    assert [other["username"] for other in portrait["others"]] == ["Ben", "Dan"]
    assert portrait["since"] == "2024-01-14T22:00:00Z"
    measures = {measure["name"]: measure for measure in portrait["measures"]}
    assert measures["emoji"]["sign"] == "🌸"
    assert (measures["exclamations"]["own"], measures["exclamations"]["each"]) == (1, [0, 0])
    assert sum(portrait["hours"][7:10]) == 40
    assert [phrase["messages"] for phrase in portrait["phrases"]] == [40]
    assert portrait["recognised"] is None  # Fewer than 20 could be asked about.
    await chats.json("/api/v1/users/nobody/portrait", status=404)


@pytest.mark.parametrize(
    ("own", "beside", "trait"),
    [
        (0.2, 0.02, "uses question marks in every fifth post"),
        (0.1, 0.5, "uses question marks less often than the others (in every tenth post)"),
        (0, 0.5, "never uses question marks"),
    ],
)
def test_a_trait_says_more_less_or_nothing(own: float, beside: float, trait: str) -> None:
    with speaking("en"):
        assert trait_of(Measure("questions", "", own, beside, [], own - beside, 0)) == trait


def test_a_laugh_is_named_as_it_is_written() -> None:
    with speaking("en"):
        labels = [label_of(Measure("laughing", sign, 0.2, 0.1, [], 0.1, 0)) for sign in ("lol", "")]
    assert labels == ["Laughs (most often lol)", "Laughs"]


def test_lengths_have_the_decimal_that_rows_have() -> None:
    with speaking("en"):
        told = [
            trait_of(Measure("length", "", own, beside, [], own - beside, 0))
            for own, beside in ((6.7, 4.2), (4.3, 3.9), (3.9, 4.3), (1.2, 3), (0.8, 1.1))
        ]
    assert told == [
        "writes longer posts than the others (6.7 words)",
        "writes longer posts than the others (4.3 words)",
        "writes shorter posts than the others (3.9 words)",
        "writes shorter posts than the others (1.2 words)",
        "writes shorter posts than the others (0.8 words)",
    ]


def test_whoever_is_not_compared_one_by_one_is_among_most() -> None:
    long, short = ["we will meet by the lake", "it is so"], ["ok", "so fine"]
    own, *others = (tally_of(texts * 40, range(80)) for texts in (short, long, long))
    further = tally_of(["ok"] * 9, range(9))

    def told(*rest: Tally) -> str:
        measures = fingerprint(own, others, rest)
        (length,) = (each for each in measures if each.name == "length" and each.is_clear)
        return trait_of(length, called(2 + len(rest), "", is_of_chat=True))

    with speaking("en"):
        assert told() == "writes shorter posts than the 2 others in this chat (1.5 words)"
        assert told(further) == "writes shorter posts than most here (1.5 words)"
    with speaking("ko"):
        assert told(further) == "여기 있는 사람 대부분보다 글을 짧게 써요(1.5단어)"


def test_a_pair_is_never_called_the_others() -> None:
    measure = Measure("questions", "", 0.1, 0.5, [0.5], -9, -1, behind=1)
    with speaking("en"):
        told = trait_of(measure, called(1, "Ned", is_of_chat=True))
    assert told == "uses question marks less often than Ned (in every tenth post)"


@pytest.mark.parametrize(
    ("share", "how_often", "part"),
    [
        (0, "never", None),
        (0.001, "hardly ever", None),
        (0.0551, "in 1 of 18 posts", None),
        (0.2, "in every fifth post", "every fifth post"),
        (0.34, "in every third post", "every third post"),
        (0.4, "in 4 of 10 posts", "4 of 10 posts"),
        (0.5, "in half of the posts", "half of the posts"),
        (0.89, "in 9 of 10 posts", "9 of 10 posts"),
        (0.96, "in almost every post", "almost every post"),
        (1, "in every post", "every post"),
    ],
)
def test_shares_are_told_in_words(share: float, how_often: str, part: str | None) -> None:
    with speaking("en"):
        assert often(share) == how_often
        assert part is None or part_of(share) == part
    with speaking("ko"):
        assert often(0.2) == part_of(0.2) == "글 5개 중 1개"


@pytest.mark.parametrize(
    ("share", "beside", "told"),
    [
        (0.22, 0.19, "in 22% of the posts; the others 19%"),
        (0.0149, 0.0101, "in 1.5% of the posts; the others 1.0%"),
        (0.004, 0.001, "in 0.4% of the posts; the others 0.1%"),
        (0.02, 0.01, "in 2 of 100 posts; the others in 1 of 100"),
    ],
)
def test_a_larger_share_is_not_told_as_the_smaller(share: float, beside: float, told: str) -> None:
    with speaking("en"):
        assert share_told(share, beside) == told


def test_shares_have_one_scale_and_lengths_their_own() -> None:
    measures = [
        Measure("questions", "", 0.5, 0.25, [0.5, 0], 0, 0),
        Measure("emoji", "", 0, 0.01, [0.01, 0.01], 0, 0),
        Measure("length", "", 4, 8, [16, 8], 0, 0),
    ]
    with speaking("en"):
        beside, alone = (habit_rows(measures, Peers(2)), habit_rows(measures, Peers()))
    assert [(row.length, row.mark) for row in beside] == [(100, 50), (0, 2), (25, 50)]
    assert [(row.length, row.mark) for row in alone] == [(100, None), (0, None), (100, None)]
    assert [row.beside for row in beside] == [
        "Everyone else: 25%",
        "Everyone else: 1%",
        "Everyone else: 8 words",
    ]


def test_where_all_have_little_no_bar_is_long() -> None:
    measure = Measure("emoji", "", 0.02, 0.01, [0.01], 0, 0)
    with speaking("en"):
        (row,) = habit_rows([measure], Peers(1, "Lou"))
    assert (row.length, row.mark, row.beside) == (8, 4, "Lou: 1%")


async def test_of_authors_the_others_of_the_language_are_beside(shared: Shared) -> None:
    texts = {"ada": "Rain again, and no umbrella", "bob": "Rain again, and no umbrella!"}
    posts: list[dict[str, Any]] = [
        {"username": name, "text": f"{text} {number}", "source_id": f"{name}{number}", "lang": "en"}
        for name, text in texts.items()
        for number in range(120)
    ]
    posts += [{"username": "cho", "text": f"비가 와요 {n}", "lang": "ko"} for n in range(30)]
    posts += [{"username": "dee", "text": f"No umbrella, rain {n}"} for n in range(20)]
    await shared.writer.add_posts(*posts)
    portrait = await shared.anybody.json("/api/v1/users/bob/portrait")
    assert portrait["room"] is None
    assert [other["username"] for other in portrait["others"]] == ["ada", "dee"]
    assert portrait["recognised"]["asked"] == 30
    assert portrait["most_like"]["username"] == "bob"
    page = await shared.anybody.page("/user/bob")
    assert "<mark" in page
    assert re.search(r"saywho recognises <bdi>bob</bdi> in \d+ of 30 hidden posts", page)
