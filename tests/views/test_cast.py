"""Who is on a page: people of chats are called by their names, and what they wrote are messages.

Every address of the table of rights is asked of sites of chats, small and large, and of a site of
both kinds of authors.
"""

import html
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, NamedTuple, get_args, get_type_hints
from urllib.parse import quote, urlencode

import pytest
from jinja2 import ChoiceLoader, DictLoader, UndefinedError
from quart import Quart

from app.errors import Message
from app.lifespan import resources
from app.services.posts.users import Author, list_authors
from app.views.blueprints import PageBlueprint
from app.views.cast import NOBODY, bound, named_in, shown_name
from app.views.page import WebPage, render
from tests.browsing import Browser, parts_of, repeated_ids, signed_in
from tests.chats import import_chat, kakaotalk, said
from tests.conftest import MakeConfig, Shared, app_of, client_with
from tests.parts.games.playing import games_of
from tests.views.test_policies import API, EXPECTED
from tests.waiting import settle

PAIR: Final = ("민준_(회사)", "Anna_Kim")
NAMES: Final = ("민준 (회사)", "Anna Kim")
CROWD: Final = tuple(f"이웃 {number:02} (항구)" for number in range(58))
NAMED: Final = urlencode({"username": PAIR}, doseq=True)
ONE: Final = urlencode({"username": PAIR[0]})
TEXT: Final = urlencode({"text": "오늘 저녁에는 다 같이 떡볶이를 먹으러 가는 게 어때요?"})
ADDRESSES: Final[dict[str, tuple[str, ...]]] = {
    "/": ("/",),
    "/authors": ("/authors",),
    "/user/<username>": (f"/user/{quote(PAIR[0])}",),
    "/user/<username>/<year:year>": (f"/user/{quote(PAIR[0])}/2024", "/user/Anna_Kim/2019"),
    "/user/<username>/cards": (f"/user/{quote(PAIR[0])}/cards",),
    "/room/<id:room_id>/person/<username>/cards": (f"/room/1/person/{quote(PAIR[0])}/cards",),
    "/user/<username>/<year:year>/cards": (f"/user/{quote(PAIR[0])}/2024/cards",),
    "/user/<username>/<year:year>/picture": (f"/user/{quote(PAIR[0])}/2024/picture",),
    "/user/<username>/portrait/picture": (f"/user/{quote(PAIR[0])}/portrait/picture",),
    "/tweet/<id:tweet_id>": ("/tweet/1",),
    "/rooms": ("/rooms",),
    "/room/<id:room_id>": ("/room/1", f"/room/1?q={quote('말')}", "/room/1?on=2024-01-15"),
    "/room/<id:room_id>/person/<username>": (f"/room/1/person/{quote(PAIR[0])}",),
    "/room/<id:room_id>/<year:year>": ("/room/1/2024",),
    "/room/<id:room_id>/<year:year>/cards": ("/room/1/2024/cards",),
    "/room/<id:room_id>/<year:year>/picture": ("/room/1/2024/picture",),
    "/room/<id:room_id>/portrait/picture": ("/room/1/portrait/picture",),
    "/compare": (f"/compare?{TEXT}&{NAMED}",),
    "/compare/card": (f"/compare/card?{NAMED}",),
    "/compare/table": (f"/compare/table?{NAMED}",),
    "/compare/picture": (f"/compare/picture?{TEXT}&{NAMED}",),
    "/user/<username>/report": (f"/user/{quote(PAIR[0])}/report?year=2024",),
    "/user/<username>/report/preview": (f"/user/{quote(PAIR[0])}/report/preview?year=2024",),
    "/room/<id:room_id>/report": ("/room/1/report",),
    "/room/<id:room_id>/report/preview": ("/room/1/report/preview",),
    "/feed.atom": ("/feed.atom",),
    "/user/<username>/feed.atom": ("/user/Anna_Kim/feed.atom",),
    "/quiz": ("/quiz?set=1.2-1", "/quiz?set=1.2-1&guess=Anna_Kim", "/quiz?room=1"),
    "/quiz/picture": ("/quiz/picture?set=1.2-1&so=3&room=1",),
    "/search": (f"/search?q={quote('말')}&{ONE}", f"/search?q={quote('떡볶이 말')}&{ONE}"),
    "/posts": (f"/posts?{NAMED}", f"/posts?{NAMED}&lang=xx"),
    "/dashboard/": (f"/dashboard/?{NAMED}", f"/dashboard/?{NAMED}&lang=xx"),
    "/dashboard/table/<name>": (
        *(f"/dashboard/table/{name}?{NAMED}" for name in ("timeline", "hours")),
    ),
    "/dashboard/table/<name>.csv": (f"/dashboard/table/timeline.csv?{NAMED}",),
    "/imports/<id:import_id>": ("/imports/1",),
    "/settings": ("/settings",),
    "/settings/rooms/<id:room_id>/delete": ("/settings/rooms/1/delete",),
    "/imports": ("/imports",),
    "/sources": ("/sources",),
    "/games": ("/games", "/games?room=1"),
    "/games/<id:game_id>": tuple(f"/games/{number}" for number in range(1, 5)),
    "/phone": ("/phone",),
    "/play": ("/play",),
    "/play/<id:game_id>": ("/play/1", "/play/2", "/play/3", "/play/5"),
    "/play/<id:game_id>/picture": ("/play/5/picture",),
}
"""What is asked of each route that has a page or a file for readers."""
OF_PROGRAMS: Final = re.compile(
    rf"{API}(/.*)?|/static/|/healthz|/readyz|/metrics|/login|/logout|/setup|/media/|/favicon.ico|.*\.(png|zip)"
    "|/about|/(room/<id:room_id>|user/<username>)/portrait$|/dashboard/_|/dashboard/zone|/get_user"
    "|/user$|/users|/reset|/update|/compare/example|/llms.txt"
)
"""Routes of programs, of pictures, of signing in, and `/about`, which is about any author."""
UNSEEN: Final = re.compile(
    r"<(script|textarea|datalist|fieldset|form)\b.*?</\1>|<style.*?</style>|<[^>]*>|\u200b",
    re.DOTALL,
)
"""What a page says to nobody, and whom its forms offer: these may be others."""
OF_ANYBODY: Final = re.compile(
    "Posts by other people attributed to these authors|Import posts|"
    "다른 사람의 글을 이들 중|글 "
    "가져오기|^글을 넣으면|이 글로 비교하기|내 글은|글이 없는 메시지|글이 있는|영어 글로|글 표시"
)
"""Sentences about anybody's posts; in Korean the text that is asked about has the same word."""
POSTS: Final = {
    "en": re.compile(r"\b[Pp]osts?\b"),
    "ko": re.compile(
        r"(?<![가-힣])글(?:[은이을의도과에만]|로|들|에서|이에요|마다|보다)?(?![가-힣])"
    ),
}
OF_ALL: Final = frozenset(("/", "/authors", "/feed.atom", "/quiz"))
"""Routes about everybody: of a site of both kinds of authors they may say either."""
OF_THE_PROGRAM: Final = frozenset(("/settings", "/imports", "/sources"))
"""Routes about whatever may be here, or come; they name people alone."""
HEADING: Final = re.compile(rf"^(Username|사용자 이름): {re.escape(PAIR[0])}$", re.MULTILINE)
"""First line of an author's page, with the name that addresses have."""
SETTINGS: Final = (("오늘 쓴 메시지", "모든 메시지 내보내기"), ("오늘 쓴 글", "모든 글 내보내기"))
"""What the settings say of an archive: on a site of chats alone, or of authors too."""
AUTHORS: Final = re.compile(r"\b[Aa]uthors\b|(?<= )작성자|작성자들?[은는이가를의]? ")
"""Words that no sentence of the dashboard or of an answer has for people of chats."""


@pytest.fixture
async def site(request: pytest.FixtureRequest, make_config: MakeConfig) -> AsyncIterator[Browser]:
    """The operator's browser, on a site of people of a chat, or of these and an author."""
    async with app_of(make_config()) as app:
        operator = await signed_in(app)
        people = (*NAMES, "하늘 🌿", *(CROWD if "60" in request.param else ()))
        chat = kakaotalk("우리", *said(people, times=3 if "60" in request.param else 20))
        await import_chat(parts_of(app).db, chat)
        if "author" in request.param:
            writer = await client_with(app, "write")
            await writer.add_user("hana_writes", "안녕하세요", display_name="Hana 하나")
        await _upload(operator, chat)
        await settle(app)
        *going, _ended, last = await games_of(app, *PAIR)
        for code in (*going, last):
            await operator.post("/play", form={"code": code, "name": "Ida"})
        await operator.post("/games/5/end", form={})
        yield operator


async def _upload(operator: Browser, chat: bytes) -> None:
    head = 'Content-Disposition: form-data; name="file"; filename="chat.txt"'
    body = f"--B\r\n{head}\r\n\r\n".encode() + chat + b"\r\n--B--\r\n"
    types = operator.headers | {"Content-Type": "multipart/form-data; boundary=B"}
    assert (await operator.post("/imports", data=body, headers=types)).status_code == 303


def seen_in(page: str) -> str:
    """Return what a reader sees of a page."""
    main = page.partition("<main")[2].partition("</main>")[0] or page
    return html.unescape(UNSEEN.sub("", main))


def test_every_page_has_an_address_here() -> None:
    pages = {rule for rule, methods in EXPECTED.items() if "GET" in methods}
    assert {rule for rule in pages if not OF_PROGRAMS.match(rule)} == ADDRESSES.keys()


@pytest.mark.parametrize(
    ("site", "languages"),
    [
        ("a chat of 3", ("en", "ko")),
        ("a chat of 60 and an author", ("en", "ko")),
        pytest.param("a chat of 60", ("en", "ko"), marks=pytest.mark.full),
        pytest.param("a chat of 3 and an author", ("en", "ko"), marks=pytest.mark.full),
    ],
    indirect=["site"],
)
async def test_people_of_chats_are_called_so_and_wrote_messages(
    site: Browser, languages: tuple[str, ...]
) -> None:
    is_mixed = len((await site.page(f"{API}/users")).split("hana_writes")) > 1
    for language in languages:
        site.cookies["saywho_lang"] = language
        assert await mistaken_on(site, language, is_mixed=is_mixed) == []


async def mistaken_on(site: Browser, language: str, *, is_mixed: bool) -> list[tuple[str, str]]:
    """Return the lines of all pages that call people by a username, or messages posts."""
    wrong = []
    for rule, addresses in ADDRESSES.items():
        for address in addresses:
            answer = await site.get(address)
            assert answer.status_code in (200, 303, 404), address
            html = await answer.get_data(as_text=True)
            assert not repeated_ids(html), address
            page = seen_in(html)
            if answer.status_code == 200 and PAIR[0] in HEADING.sub("", page, count=1):
                wrong.append((address, "a username"))
            if rule not in OF_THE_PROGRAM and not (is_mixed and rule in OF_ALL):
                lines = [line.strip() for line in page.splitlines() if POSTS[language].search(line)]
                lines += filter(POSTS[language].search, re.findall("<legend>(.*?)</legend>", html))
                left = [line for line in lines if not OF_ANYBODY.search(line)]
                wrong += [(address, line) for line in left]
            elif rule == "/settings" and language == "ko":
                wrong += [(address, line) for line in SETTINGS[is_mixed] if line not in page]
            if rule.startswith(("/dashboard", "/compare")) and "/table" not in rule[:15]:
                lines = [line.strip() for line in page.splitlines()]
                wrong += [(address, line) for line in lines if AUTHORS.search(line)]
    return wrong


@pytest.mark.parametrize("site", ["a chat of 3"], indirect=True)
async def test_a_file_of_posts_is_previewed_as_posts_beside_chats(site: Browser) -> None:
    await _upload(site, b"username,text\nann,fog again\nann,and rain\n")
    page = seen_in(await site.page("/imports/2"))
    assert "Preview of the posts" in page
    assert not re.search("[Mm]essage", page), page


@pytest.mark.parametrize("site", ["a chat of 3", "a chat of 3 and an author"], indirect=True)
async def test_the_api_says_messages_of_people_of_chats(site: Browser) -> None:
    is_mixed = "hana_writes" in await site.page(f"{API}/users")

    async def detail(address: str) -> str:
        answer = await site.get(f"{API}{address}")
        return str((await answer.get_json())["detail"])

    noun = "post" if is_mixed else "message"
    assert await detail("/tweets/999") == f"There is no {noun} 999"
    year = await detail(f"/users/{quote(PAIR[0])}/years/1999")
    assert year == f"There are no messages by '{PAIR[0]}' in 1999"
    if is_mixed:
        year = await detail("/users/hana_writes/years/1999")
        assert year == "There are no posts by 'hana_writes' in 1999"


class TrendsPage(WebPage, frozen=True, kw_only=True):
    """A page of somebody who knows nothing of casts."""

    template = "trends.html"

    authors: list[Author]


TRENDS: Final = """{% extends "base.html" %}{% import "_author_parts.html" as author_parts %}
{% block main %}<h1>{{ _("Newest posts") }}</h1>
{% for author in authors %}{{ author_parts.author_link(author.username) }}{% endfor %}
{% endblock %}"""


async def test_a_page_by_the_recipe_calls_people_rightly(app: Quart) -> None:
    await import_chat(parts_of(app).db, kakaotalk("우리", *said(NAMES, times=2)))
    assert app.jinja_env.loader is not None
    added = DictLoader({"trends.html": TRENDS})
    app.jinja_env.loader = ChoiceLoader([added, app.jinja_env.loader])
    blueprint = PageBlueprint("by_the_recipe", policy="read")

    @blueprint.get("/by-the-recipe")
    async def show_trends() -> str:
        async with resources().db.read() as session:
            authors, _ = await list_authors(session, limit=50)
        return await render(TrendsPage(authors=authors))

    app.register_blueprint(blueprint)
    page = await Browser(app).page("/by-the-recipe")
    assert "<h1>Newest messages</h1>" in page
    assert all(f"<bdi>{name}</bdi>" in page for name in NAMES)


OF_A_PERSON: Final = re.compile(
    "(author|user|person|member|writer|speaker|sender|rival|owner|player)s?|people|guess"
)
"""Names of fields that may mean a person."""
NO_NAME: Final = {
    ("FeedPage", "author"): "each entry has the author as its username",
    ("SourcesPage", "author"): "what was typed into a form, which is shown as it was",
    ("OfferedChat", "members"): "the offered people have usernames beside it",
    ("Comparison", "person"): "a name in a copied text",
    ("Comparison", "rival"): "the ranking has the rival as a username",
    ("ImportPage", "person"): "the authors of the import have it as a username",
    ("Preview", "authors"): "names in a file that is not imported yet",
    ("FileChat", "people"): "names in a file that is not imported yet",
    ("ChatMatch", "people"): "names of a file's people, by which its chat was found",
    ("SolvedQuestion", "guess"): "one of the choices, which are usernames",
    ("GamePage", "players"): "names that players have chosen",
    ("QuizPage", "players"): "names that players have chosen",
}
"""Texts of such names by which no person is looked up, and why."""


def fields_of(kind: type[Any]) -> dict[str, Any]:
    names = getattr(kind, "__struct_fields__", ()) or getattr(kind, "_fields", ())
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else names
    hints = get_type_hints(kind) if names else {}
    return {name: hints[name] for name in names}


def types_in(hint: Any) -> Iterator[Any]:
    yield from (inner for part in get_args(hint) for inner in types_in(part))
    if not get_args(hint):
        yield hint


def values_below(kind: type[Any], seen: set[type[Any]]) -> Iterator[tuple[type[Any], str, Any]]:
    """Yield the fields of a value and of all values in it."""
    if kind in seen:
        return
    seen.add(kind)
    for name, hint in fields_of(kind).items():
        yield kind, name, hint
        for inner in types_in(hint):
            if isinstance(inner, type):
                yield from values_below(inner, seen)


def pages_below(kind: type[WebPage]) -> Iterator[type[WebPage]]:
    for page in kind.__subclasses__():
        yield page
        yield from pages_below(page)


def test_a_field_of_a_page_that_names_people_is_called_username(shared: Shared) -> None:
    """People are looked up by fields called `username`, `usernames` or `chosen`, and no others."""
    assert shared.app  # All pages are imported.
    seen: set[type[Any]] = set()
    assert {
        (kind.__name__, name)
        for page in pages_below(WebPage)
        for kind, name, hint in values_below(page, seen)
        if OF_A_PERSON.fullmatch(name) and str in types_in(hint) and "tests" not in kind.__module__
    } == NO_NAME.keys()


def test_naming_a_person_outside_of_a_page_is_a_warning() -> None:
    """The username would be shown in place of the name; pytest makes warnings errors."""
    with pytest.warns(UserWarning, match="outside of `bound`"):
        assert shown_name("mina_kim") == "mina_kim"
    with bound(NOBODY):
        assert shown_name("mina_kim") == "mina_kim"


def test_a_name_from_right_to_left_turns_no_number_beside_it() -> None:
    with bound(NOBODY):
        shown = [shown_name(name) for name in ("mina_kim", "민준", "שרה", "علی")]
    assert shown == ["mina_kim", "민준", "\u200eשרה\u200e", "\u200eعلی\u200e"]


async def test_a_name_that_no_template_knows_is_an_error(app: Quart) -> None:
    template = app.jinja_env.from_string("{{ nobody_said_this }}")
    with pytest.raises(UndefinedError):
        template.render()


class Inner(NamedTuple):
    username: str | None
    posts: int


@dataclass
class Outer:
    pairs: list[tuple[str, Inner]]
    facets: dict[str, list[tuple[str, int]]]
    message: Message
    of_anything: Any


def test_usernames_are_found_however_deep_they_stand() -> None:
    value = Outer(
        [("not a name", Inner("ann", 1)), ("nor this", Inner(None, 2))],
        {"username": [("ben", 3)], "lang": [("ko", 4)]},
        Message("There are no posts by '{username}'", username="cem"),
        {"deep": [Inner("dan", 0)]},
    )
    assert named_in([value]).usernames == {"ann", "ben", "cem", "dan"}
