"""Rules and normal form of texts and usernames, their language, links and mentions."""

import re
import unicodedata
from typing import Final, Literal

import pytest
from hypothesis import given, strategies as st

from saywho import text as rules
from saywho.words import NameCount, ScannedPost, count_mentions, tags_in
from tests.house import APP, LIBRARY, ROOT
from tests.selection import first_of


@given(st.text(st.characters(), min_size=1, max_size=200))
def test_text_without_controls_is_clean_or_blank(text: str) -> None:
    dropped = rules.drop_controls(text)
    if dropped.strip():
        assert rules.clean_text(rules.clean_text(dropped)) == rules.clean_text(dropped)


def test_a_text_is_as_long_as_its_composed_characters() -> None:
    longest = "\u1102\u1161\u11ab" * rules.MAX_TEXT_LENGTH
    assert rules.clean_text(longest) == "난" * rules.MAX_TEXT_LENGTH
    for too_long in (longest + "a", "가\u11ab\u11ab" * rules.MAX_TEXT_LENGTH, "\u0301" * 1_000_000):
        with pytest.raises(ValueError, match="25,000 characters at most"):
            rules.clean_text(too_long)


def test_a_name_that_is_far_too_long_is_nobody_s() -> None:
    longest = "\u1102\u1161\u11ab" * rules.MAX_USERNAME_LENGTH
    assert rules.clean_username(longest) == "난" * rules.MAX_USERNAME_LENGTH
    assert rules.username_key(longest + "a" * 10_000) != rules.username_key(longest)
    with pytest.raises(ValueError, match="at most 320"):
        rules.clean_username("\u0301" * 1_000_000)


FORMS = ("NFC", "NFKD")
MARKS = "\u0301\u0327\u0345\u0344\u0f73\u0f71\u3099\uff9e\u1dce\u0334"
AROUND = "aα가\u1102\u1161 -\u1ed9\ufdfa👨"
mixed = st.text(st.one_of(st.sampled_from(MARKS), st.sampled_from(AROUND), st.characters()))
marked = st.builds("".join, st.lists(st.text(st.sampled_from(MARKS), min_size=20), max_size=4))


@pytest.mark.parametrize("form", FORMS)
@given(before=mixed, marks=marked, after=mixed)
def test_text_is_normalised_as_the_standard_library_does(
    form: Literal["NFC", "NFKD"], before: str, marks: str, after: str
) -> None:
    text = before + marks + after
    assert rules.normalized(text, form) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", first_of(FORMS, "NFC"))
@pytest.mark.parametrize(
    "marks", ["\u0301\u0327", "\u0344\u0316", "\u0f73", "\uff9e\u0334"], ids=ascii
)
def test_any_number_of_marks_ends_within_the_time_of_a_test(
    form: Literal["NFC", "NFKD"], marks: str
) -> None:
    # By insertion, 200,000 take minutes.
    text = rules.normalized("a" + marks * (200_000 // len(marks)), form)
    assert rules.normalized(text, form) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The ferry, 17:12: it's late", 5),
        ("https://t.co/abc www.example.org youtu.be/xyz @name #tag me@example.org", 0),
        ("@user@example.social: see bsky.app/profile/x now", 2),
        ("커피를 마셔요 #커피 ㅋㅋ", 3),
        ("1 2 3 😀 _ -", 0),
        ("हिन्दी में बात करो", 4),
        # Where no blanks divide words: 20 letters of Japanese, 3 of Chinese, 12 of Thai.
        ("今日はとても寒いですね。明日は雪かも。", 9),
        ("LINE で 送って https://t.co/abc", 3),
        ("我不懂", 2),
        ("คิดถึงจังเลย", 3),
        ("美 대통령, 東京 방문", 4),
    ],
)
def test_words_are_counted_without_addresses_names_and_tags(text: str, words: int) -> None:
    assert rules.word_count(text) == words


@pytest.mark.parametrize("piece", ["a-", "a.", "a@", "@a", "www.", "a" * 63 + "."])
def test_words_are_counted_in_linear_time(piece: str) -> None:
    rules.word_count(piece * (200_000 // len(piece)))


@pytest.mark.parametrize(
    ("tag", "language"),
    [("ko-KR", "ko"), ("EN", "en"), ("qu", "qu"), ("que", "que"), ("qme", None), ("qst", None)]
    + [(tag, None) for tag in ("", "und", "zxx", "art", "art-x-tokipona")],
)
def test_tags_without_a_language_name_none(tag: str, language: str | None) -> None:
    assert rules.language_of(tag) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("사건을 보세요 https://t.co/AbCdEfGhIj https://t.co/KlMnOpQrSt", "ko"),
        ("@someone_with_a_long_name 고마워요", "ko"),
        ("#서울", "ko"),
        ("https://ko.wikipedia.org/wiki/서울", "ko"),
        ("Look at 서울, the capital of Korea https://t.co/AbCdEfGhIj", None),
        ("https://t.co/AbCdEfGhIj", None),
    ],
)
def test_letters_of_addresses_tell_no_language(text: str, language: str | None) -> None:
    assert rules.guess_language(text) == language


def test_the_language_of_most_posts_is_the_authors() -> None:
    assert rules.main_language({"en": 2, None: 2, "de": 1}) is None
    assert rules.main_language({"en": 2, "de": 2, None: 1}) == "de"
    assert rules.main_language({"ko": 3, None: 2}) == "ko"
    assert rules.guess_main_language(["안녕하세요", "hello there"]) is None
    assert rules.guess_main_language(["안녕하세요", "hello there", "고마워요"]) == "ko"


def names(*texts: str, kind: str, cards: str | None = None) -> list[str]:
    mentions = count_mentions([ScannedPost(text, cards, None) for text in texts], most=20)
    return [mention.name for mention in getattr(mentions, kind)]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("tags", "#빵 #Bread2024 (#tea) #tea-room C#", ["Bread2024", "tea", "빵"]),
        ("tags", "#" * 30_000 + "1" * 30_000, []),
        ("emoji", "ferry🚢 👍🏽 ❤️", ["❤️", "👍🏽", "🚢"]),
        ("emoji", "🇰🇷🇰🇷 👩‍👩‍👧‍👦 1️⃣", ["1️⃣", "🇰🇷", "👩‍👩‍👧‍👦"]),
        ("emoji", "→ ™ § 한글 漢字 … ★", []),
        ("sites", "see https://www.Example.com/a?b and http://example.com", ["example.com"]),
        ("sites", "https://a.example.co.kr에서 https://빵집.kr/", ["a.example.co.kr", "빵집.kr"]),
        ("sites", "https://t.co/abc and https:// and example.com", []),
    ],
)
def test_tags_emoji_and_sites(kind: str, text: str, expected: list[str]) -> None:
    assert names(text, kind=kind) == expected


def test_a_card_that_leads_to_a_site_counts_once_with_the_text() -> None:
    card = '[{"kind":"link","source_url":"https://example.org/page"}]'
    texts = ("read https://example.org/page", "")
    assert names(*texts, kind="sites", cards=card) == ["example.org"]


def test_posts_are_counted_not_uses_and_the_usual_form_is_the_name() -> None:
    posts = [
        ScannedPost("#Tea #tea ☕☕☕", None, "Ana"),
        ScannedPost("#tea ☕ #빵", None, "ana"),
        ScannedPost("#tea", None, "ana"),
    ]
    mentions = count_mentions(posts, most=1)
    assert mentions.tags == [NameCount("tea", 3)]
    assert mentions.emoji == [NameCount("☕", 2)]
    assert mentions.answered == [NameCount("ana", 3)]
    assert mentions.sites == []


LINKS = ("https://a.example/x?y", "http://t.co/aB3", "https://www.b.example")
NO_LINKS = ("a.example", "ftp://a.example", "https:/a.example", "httpss://a.example")


@pytest.mark.parametrize("link", LINKS)
def test_a_link_is_one_for_all(link: str) -> None:
    text = f"See {link} today"
    assert rules.link_count(text) == rules.link_count(f"({link})") == 1
    assert re.findall(rules.VISIBLE_LINK, text) == [link]
    assert rules.ADDRESS.findall(text) == [link]
    assert rules.LINKED_SITE.search(text)
    assert rules.word_count(text) == 2


@given(
    st.lists(
        st.sampled_from(["wWw.a", "WWW.", "www", "a.bc/d", "a@b.c", "@a", "#차", "차", ".", " "])
    )
)
def test_without_their_signs_no_address_is_looked_for(parts: list[str]) -> None:
    text = "".join(parts)
    assert rules.may_have_address(text) or not rules.ADDRESS.search(text)
    assert rules.word_count(text) == len(rules.LETTERS.findall(rules.ADDRESS.sub(" ", text)))


MENTIONED: Final = (
    ("@mina.bsky.social hello", "@mina.bsky.social"),
    ("@mina@harbour.example: hello", "@mina@harbour.example"),
    ("@Mina.Kim@harbour.example", "@Mina.Kim@harbour.example"),
    ("@mina-kim.bsky.social", "@mina-kim.bsky.social"),
    (".@mina.co.example!", "@mina.co.example"),
    ("@mina.bsky.social님이랑", "@mina.bsky.social"),
    ("@mina@harbour.example에게", "@mina@harbour.example"),
    ("안녕@mina.bsky.social", "@mina.bsky.social"),
    ("@mina.bsky.social.See you", "@mina.bsky.social"),
    ("@jun.See you", "@jun"),
    ("@jun.see you", "@jun"),
    ("@jun. See you", "@jun"),
    ("@jun...see.you.there", "@jun"),
    ("@jun-see you", "@jun"),
    ("@jun.See.You", "@jun"),
    ("@mina.안녕", "@mina"),
    ("@mina@지우", "@mina"),
    ("@지우.bsky.social", "@지우"),
    ("@jun@sea", "@jun"),
)
"""Texts, and what is the first mention in each."""
KNOWN_LATER: Final = {
    "@pfrazee.com": ["pfrazee.com", "pfrazee"],
    "@mina-kim": ["mina-kim", "mina"],
    "@jun": ["jun"],
    "@mina.bsky.social": ["mina.bsky.social"],
    "@jun hello": ["jun hello"],
    "@Jun.See": ["Jun.See"],
}


@pytest.mark.parametrize(("text", "mention"), MENTIONED)
def test_a_host_belongs_to_a_mention_and_nothing_behind_it(text: str, mention: str) -> None:
    name = re.match(r"@\w+", mention)
    assert name is not None
    assert next(re.finditer(rules.MENTION, text))[0] == mention
    assert rules.plain_text(text) == rules.without_hosts(text) == text.replace(mention, name[0], 1)
    assert rules.word_count(text) == rules.word_count(text.replace(mention, " ", 1))


@pytest.mark.parametrize(
    ("text", "names", "handles", "counted"),
    [
        ("@minsu.com hi", "minsu.com", "minsu.com", "@minsu hi"),
        ("@Su.me님, @jay.dev.", "@su.me jay.dev ann.dev", "Su.me jay.dev", "@Su님, @jay."),
        ("@mina.kim_9 @mina.kim", "mina.kim_9@pix.example", "mina.kim_9", "@mina @mina.kim"),
        ("@a.b.c99 @jun.See you", "a.b.c99 jun", "a.b.c99", "@a @jun.See you"),
        ("@minsu.community @minsu.com.au", "minsu.com", None, None),
        ("@mina.bsky.social me@minsu.com", "mina.bsky.social minsu.com None", None, None),
    ],
)
def test_a_source_says_that_a_dotted_name_is_whole(
    text: str, names: str, handles: str | None, counted: str | None
) -> None:
    assert rules.handles_in(text, names) == handles
    assert rules.counted_text(text, handles or "") == (counted or text)


labels: Final = st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,5})?", fullmatch=True)
hosts: Final = st.builds(
    lambda parts, end: ".".join([*parts, end]),
    st.lists(labels, min_size=1, max_size=3),
    st.from_regex(r"[a-z]{2,9}", fullmatch=True),
)
handles: Final = st.builds("@{}{}{}".format, labels, st.sampled_from("@"), hosts) | st.builds(
    "@{}.{}".format, labels, hosts
)


@given(handles, st.sampled_from(["", "님", "은 ", " hello", ": ", "!", ".안녕", ".See you", "\n"]))
def test_a_name_on_any_host_is_one_address(handle: str, rest: str) -> None:
    for before in ("", "hey ", "안녕", "(", "."):
        bare = rules.without_addresses(f"{before}{handle}{rest}")
        assert bare.split() == f"{before} {rest}".split()
        assert rules.without_hosts(f"{before}{handle}{rest}").endswith(rest)
        assert "." not in rules.without_hosts(f"{handle}{rest}").removesuffix(rest)


def test_what_may_be_a_name_is_looked_up_before_its_beginning() -> None:
    address = "me@mail.example.org https://a.example/@mina.bsky.social"
    assert rules.without_hosts(address) == address
    assert {typed: rules.possible_names(typed) for typed in KNOWN_LATER} == KNOWN_LATER


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#한강#서울", ["한강", "서울"]),
        ("go #tea#cake#빵, #2026년!", ["tea", "cake", "빵", "2026년"]),
        ("#tea ##cake a#b &#39; /#c #1 #1#tea https://a.example/x#part", ["tea"]),
        ("#tea#1", ["tea"]),
        ("#ภาษาไทย#हिन्दी #東京タワー", ["ภาษาไทย", "हिन्दी", "東京タワー"]),
    ],
)
def test_tags_that_are_written_together_are_several(text: str, tags: list[str]) -> None:
    assert [tag[1] for tag in rules.tags_of(text)] == tags
    assert all(text[slice(*tag.span())] == f"#{tag[1]}" for tag in rules.tags_of(text))
    assert tags_in(text) == set(tags)


@given(st.lists(st.from_regex(r"[^\W\d_]\w{0,5}", fullmatch=True), max_size=5))
def test_any_tags_are_the_same_with_and_without_blanks(names: list[str]) -> None:
    found = [tag[1] for tag in rules.tags_of("".join(f"#{name}" for name in names))]
    assert (
        found == [tag[1] for tag in rules.tags_of(" ".join(f"#{name}" for name in names))] == names
    )


@pytest.mark.parametrize("word", NO_LINKS)
def test_what_has_no_scheme_is_no_link(word: str) -> None:
    assert rules.link_count(word) == 0
    assert rules.LINKED_SITE.search(word) is None


@pytest.mark.parametrize("link", ["https://t.co/aB3", "http://t.co/", "pic.twitter.com/x1"])
def test_of_a_random_link_only_its_presence_counts(link: str) -> None:
    assert rules.may_have_random_link(link)
    assert rules.RANDOM_LINK.fullmatch(link)
    assert rules.plain_text(f"So {link} it is") == "So \u241f it is"
    assert re.search(rules.VISIBLE_LINK, link)


def test_no_other_module_says_how_a_link_begins() -> None:
    """Addresses that people type as settings or sources are another matter."""
    folders = ("services/compare", "services/archive", "services/rooms", "views")
    paths = [path for folder in folders for path in (APP / folder).rglob("*.py")]
    paths += [path for path in LIBRARY.rglob("*.py") if "formats" not in path.parts]
    spelled = re.compile(r"https\?:|t\\\.co|twitter\\\.com")
    places = [str(path.relative_to(ROOT)) for path in paths if spelled.search(path.read_text())]
    assert places == ["saywho/text.py"]


@given(st.lists(st.integers(1, 70), min_size=1, max_size=40), st.integers(1, 9))
def test_a_long_text_is_cut_into_pieces_of_whole_sentences(sizes: list[int], letters: int) -> None:
    sentences = [" ".join(["x" * letters] * size) + "." for size in sizes]
    text = " ".join(sentences)
    pieces = rules.pieces_of(text)
    if len(text) <= 600:
        assert pieces == [text]
        return
    assert all(20 <= rules.word_count(piece) <= 60 for piece in pieces)
    place = 0
    for piece in pieces:  # In order, and without overlap.
        place = text.index(piece, place) + len(piece)
        assert {*piece.split(". ")} <= {each.rstrip(".") for each in sentences} | {*sentences}
    assert rules.shown_piece(text, 7) in [*pieces, ""]
