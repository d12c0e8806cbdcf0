"""Every sentence that a person can meet has a Korean translation with the same placeholders."""

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

import app as package
from app import errors
from app.config import Locale
from app.language.i18n import CHAT, gettext, ngettext, speaking, speaking_of
from app.language.korean_particles import Sentence
from app.services.imports import storing
from app.services.posts import media
from app.views.blueprints import operations_of
from app.views.imports.reading_choices import on_page
from app.views.site.api import document
from app.views.site.schemas import WRITTEN
from saywho.formats.doubts.questions import of_messages
from saywho.formats.tally import Doubt
from tests.house import LIBRARY
from tests.views.conformance import every_blueprint

ROOT = Path(package.__file__).parent
FOLDERS = (ROOT, LIBRARY)
PLURALS = dict.fromkeys(("ngettext", "ngettext_noop"), (1, 2))
MESSAGES = dict.fromkeys(("_", "gettext", "gettext_noop"), None) | PLURALS
ERRORS = {
    name: None
    for module in (errors, storing, media)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, errors.AppError | ValueError)
} | {"Message": None, "FetchError": None}
KEYWORDS = MESSAGES | ERRORS
CALL = re.compile(rf"\b(?:{'|'.join(KEYWORDS)})\s*\(")
"""A call that may make a sentence; modules without one need not be split into tokens."""
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
UNREACHED = re.compile(
    r"(parts/\w+/|views/(\w+/)?)(\w+_)?api\.py|cli/|services/checks|parts/spark/"
)
"""Where sentences are made that no page shows."""


AFTER_ONE_SOUND = "이|가|은|는|을|를|과|와|으로|로|이에요|예요|이라는|라는|이나"
"""Particles that follow a consonant, or a vowel."""
BOTH_FORMS = (
    r"이\(가\)|은\(는\)|을\(를\)|과\(와\)|\([으이]\)|\(예요\)|\(여야\)"
    r"|[가는를와]\([이은을과]\)"  # The other order, which would stay as it is.
)


@functools.cache
def extracted() -> Sequence[tuple[str, tuple[str, ...]]]:
    """Every place and message: singular, and plural where there is one."""
    return list(_extracted())


def _extracted() -> Iterator[tuple[str, tuple[str, ...]]]:
    files = [
        file for kind in ("*.py", "*.html") for folder in FOLDERS for file in folder.rglob(kind)
    ]
    for file in sorted(files):
        folder = next(folder for folder in FOLDERS if file.is_relative_to(folder))
        path, is_template = file.relative_to(folder).as_posix(), file.suffix == ".html"
        if UNREACHED.match(path) or not (is_template or CALL.search(file.read_text("utf-8"))):
            continue
        method = "jinja2" if is_template else "python"
        options = {"silent": "false"} if is_template else {}
        for line, message, _, _ in extract_from_file(method, file, KEYWORDS, options=options):
            yield f"{path}:{line}", (message,) if isinstance(message, str) else tuple(message)
    rules = extract_from_file("python", LIBRARY / "text.py", keywords={"ValueError": None})
    for line, message, _, _ in rules:
        assert isinstance(message, str)
        yield f"text.py:{line}", (message,)


OF_POSTS = {
    "People answer each other within minutes, and no column (likes, reposts, addresses of posts)"
    " says that everybody may read it",
    "Texts that a program has cut, so that their ends are missing",
    "Texts that are only addresses",
    "Texts with tags, which can be taken off",
    "Texts or authors that are only NA",
    "Texts that end with the same line as other people’s",
    "Texts in which several speakers take turns",
    "Texts that stand in quotation marks",
    "Texts with notes in brackets, such as what a speaker does",
    "Texts in which the author and others take turns to speak",
    "Texts that begin with a time and a name, as another’s words",
}
"""Doubts that no chat has."""
NAMED_BY_THE_VERDICT = "Perhaps {username}, but there are too few of their posts here to say so"
"""In Korean it says of the judged text, which is no message, whose it may be."""


@pytest.fixture(scope="module")
def korean() -> Catalog:
    with (ROOT / "translations/ko/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="ko", abort_invalid=True)


def test_every_message_is_translated(korean: Catalog) -> None:
    missing = []
    for place, message in extracted():
        entry = korean.get(message[0])
        if entry is None or not entry.string or entry.fuzzy:
            missing.append(f"{place}: {message[0]}")
    assert not missing, "\n".join(missing)


def test_every_doubt_about_a_chat_is_translated(korean: Catalog) -> None:
    found = {message[0] for place, message in extracted() if place.startswith("formats/doubts/")}
    doubts = [Doubt("words", 1, finding=errors.Message(text)) for text in found - OF_POSTS]
    worded = {of_messages(doubt).finding.template for doubt in doubts}
    assert len(worded - found) > 20
    assert [text for text in worded if not (entry := korean.get(text)) or not entry.string] == []


def test_no_message_is_translated_twice() -> None:
    """The first translation would hold, whatever the second one says."""
    text = (ROOT / "translations/ko/LC_MESSAGES/messages.po").read_text()
    ids = re.findall(r'^(msgctxt ".+"\n)?msgid (".+")$', text, re.MULTILINE)
    assert [written for written, times in Counter(ids).items() if times > 1] == []


def test_placeholders_are_the_same(korean: Catalog) -> None:
    for entry in korean:
        ids = entry.id if isinstance(entry.id, (list, tuple)) else (entry.id,)
        strings = entry.string if isinstance(entry.string, (list, tuple)) else (entry.string,)
        for string in strings:
            assert set(PLACEHOLDER.findall(str(string))) == {
                name for text in ids for name in PLACEHOLDER.findall(text)
            }, entry.id


def test_messages_of_a_room_are_translated_as_posts_are(korean: Catalog) -> None:
    known = {message[0] for _, message in extracted()}
    for entry in korean:
        if entry.context != CHAT:
            continue
        ids, strings = (
            [text] if isinstance(text, str) else list(text or ())
            for text in (entry.id, entry.string)
        )
        assert ids[0] in known
        assert {*PLACEHOLDER.findall(ids[-1])} == {*PLACEHOLDER.findall(strings[-1])}
        with speaking_of(messages=True):
            english = [gettext(ids[0])]
            if ids[1:]:
                english = [ngettext(ids[0], ids[1], number) for number in (1, 2)]
        # The text that a report is about (대상 글) is no message of the person.
        for written, posts in (
            (strings, r"(?<![가-힣])(?<!대상 )글(?!자)"),
            (english, r"\b[Pp]osts?\b"),
        ):
            words = PLACEHOLDER.sub("", "".join(written))
            assert entry.id == NAMED_BY_THE_VERDICT or not re.search(posts, words)
            assert {*PLACEHOLDER.findall(written[-1])} == {*PLACEHOLDER.findall(ids[-1])}


def test_in_english_the_words_alone_change() -> None:
    with speaking_of(messages=True):
        assert gettext("Newest posts") == "Newest messages"
        assert ngettext("never in {posts} post", "never in {posts} posts", 2).endswith("messages")
        assert ngettext("{count} post", "{count} posts", 1) == "{count} message"
        assert gettext("Posts by %(count)s authors") == "Messages by %(count)s people"
        assert gettext("Compare with this author") == "Compare with this person"
        # It is of anybody whose posts are here.
        assert gettext("Posts by other people attributed to these authors").startswith("Posts")
    assert gettext("Newest posts") == "Newest posts"


def test_markup_is_the_same(korean: Catalog) -> None:
    tags = re.compile(r"<[^>]+>")
    for entry in korean:
        if isinstance(entry.id, str) and entry.id:
            assert sorted(tags.findall(entry.id)) == sorted(tags.findall(str(entry.string)))


def test_extraction_sees_templates_views_and_errors() -> None:
    assert {
        "Who would have said this?",
        "Reads like none of them",
        "User '{username}' doesn't exist",
        "text must not be empty",
        "{count} post",
    } <= {message[0] for _, message in extracted()}


def test_the_page_of_the_api_is_translated(korean: Catalog) -> None:
    described = document(operations_of(every_blueprint()), is_public=True)
    operations = [each for path in described["paths"].values() for each in path.values()]
    answers = [response for operation in operations for response in operation["responses"].values()]
    answers += described["components"]["responses"].values()
    said = {described["info"]["description"], *(tag["description"] for tag in described["tags"])}
    said |= {operation["summary"] for operation in operations}
    said |= {answer["description"] for answer in answers if "description" in answer}
    said |= set(WRITTEN["errors"].values())
    assert sorted(said - {entry.id for entry in korean if entry.string}) == []


def test_a_korean_particle_stays_with_its_name() -> None:
    named = re.compile(
        r"(?:(?:\{|%\()(?:author|names?|q|share|username)(?:\}|\)s)|[’”])(?:</\w+>)*"
    )
    held = 0
    with speaking("ko"):
        for _, (message, *_) in extracted():
            for match in named.finditer(text := gettext(message)):
                following = text[match.end() : match.end() + 1]
                held += following == "\u2060"
                assert not re.match(r"[가-힣]|\((?:이|으)\)", following), text
    assert held > 30


def test_a_particle_of_two_forms_has_both_and_becomes_one(korean: Catalog) -> None:
    """A form that was written out would be wrong for every second name."""
    alone = re.compile(
        rf"(?:{PLACEHOLDER.pattern})(?:</\w+>|[’”'])*(?:{AFTER_ONE_SOUND})(?![가-힣(])"
    )
    chosen = 0
    for entry in korean:
        for text in [entry.string] if isinstance(entry.string, str) else entry.string or ():
            assert not alone.search(text), text
            for name in ("엄마", "형", "서울"):
                places = (re.split(r"\W+", place)[1] for place in PLACEHOLDER.findall(text))
                own = Sentence(text).agreed(dict.fromkeys(places, name))
                assert not re.search(BOTH_FORMS, own), text
                chosen += own != text
    assert chosen > 150


def test_no_page_names_an_option_of_the_command(korean: Catalog) -> None:
    # How the server starts is no choice of a page.
    option = re.compile(r"(?<![\w-])--(?!bind\b)[a-z]")
    named = [message for _, (message, *_) in extracted() if option.search(message)]
    assert len(named) > 5
    assert all(korean.get(message) for message in named)
    shown = set[str]()
    languages: tuple[Locale, ...] = "en", "ko"
    for language in languages:
        with speaking(language):
            shown |= {on_page(errors.Message(message)) for message in named}
    assert [sentence for sentence in shown if option.search(sentence)] == []
