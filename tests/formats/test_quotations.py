"""Quotations inside a post, and words passed on by hand, are another person's in every source."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from saywho.formats.posts.platform_pages import read_statuses
from saywho.formats.reading import Skipped
from saywho.formats.records import Record
from saywho.formats.tables.own_words import own_part
from tests.formats.files import read_file_records, records_in
from tests.formats.test_doubts import doubts_of
from tests.formats.test_who_may_read import lines, table
from tests.growth import MOST_GROWTH, growth

JUNS = "The ferry waits for nobody, and the lamp is gone."
OWN = "I never said that."
BLOCKS = (
    *("[quote]{}[/quote]", "[quote=jun]{}[/quote]", '[quote="jun":1a]\n{}\n[/quote:1a]\n'),
    '[quote="jun, post:3, topic:12"]\n{}\n[/quote]\n',
    "[QUOTE=jun, post: 5, member: 2]{}[/QUOTE]",
    "[quote author=jun link=topic=1.msg2#msg2 date=1704448700]{}[/quote]",
    "[quote='jun' pid='12' dateline='1704448700']{}[/quote]",
    *("[인용=민아]{}[/인용]", "[인용문]{}[/인용문]", "[zitat=jun]{}[/zitat]", "[Cita]{}[/Cita]"),
    *("[citation=jun]{}[/citation]", "[цитата]{}[/цитата]", "[引用=潤]{}[/引用]"),
    *("[quote=jun][quote=bo]no[/quote]{}[/quote]", "{{quote:jun}}{}{{quote}}"),
    *("<blockquote>{}</blockquote>", '<blockquote cite="x"><p>{}</p></blockquote>'),
    '<aside class="quote" data-username="jun"><div>jun:</div><p>{}</p></aside>',
    *("> {}\n", "&gt; {}\n", "jun wrote:\n> {}\n", "@jun:\n\n> {}\n> lol\n"),
    "On Fri, Jan 5, 2024 at 7:00 PM Jun wrote:\n\n> {}\n",
)
PASSED = (
    *("{own} RT @jun: {}", "{own} RT @jun {}", "{own} RT: @jun {}", "{own} RT:@준 {}"),
    *("{own} MT @jun: {}", "{own} ♻ @jun: {}", "{own} rt @jun {}", '{own} RT "@jun: {}"'),
    *("{own}//@jun:{}", "{own} //@潤：{}", "“@jun: {}” {own}", '"@jun: {}" {own}'),
    *("«@jun : {}» {own}", "「@潤：{}」{own}", "„@jun: {}“ {own}", "{own} “@jun: {}”"),
    "“@bo: “@jun: {}” yes” {own}",
)
WITHOUT = ("jun: {}", "[b]{}[/b]", "I met @jun: {}", "1 > 0 and {}", "[x] {}", "see //a.b/@jun {}")


def texts(text: str, write: Any = table, **options: Any) -> list[str]:
    data = write(["username", "text"], [["mina", text], ["jun", JUNS]])
    return [item.text for item in records_in(read_file_records(data, **options)[1])]


@pytest.mark.parametrize("write", [table, lines])
@pytest.mark.parametrize("way", [*(f"{block}{OWN}" for block in BLOCKS), *PASSED])
def test_words_of_another_are_cut_and_told(way: str, write: Any) -> None:
    data = write(["username", "text"], [["mina", way.format(JUNS, own=OWN)], ["jun", JUNS]])
    records, items = read_file_records(data)
    assert [item.text for item in records_in(items)] == [OWN, JUNS]
    (told,) = [part for part in records.notes.assumptions if part.kind == "reposts"]
    assert str(told.evidence) == "texts from which they were cut: 1"


@pytest.mark.parametrize("way", WITHOUT)
def test_other_marks_cut_nothing(way: str) -> None:
    assert texts(way.format(JUNS)) == [way.format(JUNS), JUNS]


@given(st.sampled_from(BLOCKS[:-5]), st.booleans())
def test_a_post_without_own_words_is_a_repost(block: str, has_emoji: bool) -> None:
    data = table(["username", "text"], [["mina", block.format(JUNS) + "👍" * has_emoji]])
    assert read_file_records(data)[1] == [Skipped(2, "repost")]


@pytest.mark.parametrize("way", ["RT: @jun {}", "RT:@준 {}", "MT @jun: {}", "“@jun: {}”"])
def test_words_passed_on_alone_are_a_repost(way: str) -> None:
    assert texts(way.format(JUNS)) == [JUNS]


def test_reposts_that_are_chosen_as_posts_stay() -> None:
    said = f"{OWN} RT @jun: {JUNS}"
    assert texts(said, columns={"repost=none": "is_repost"}) == [said, JUNS]


@pytest.mark.parametrize(
    "mark", ["[quote=jun]", "<blockquote>", "[/quote]", "“@jun: ", "[riport=jun]a[/riport] "]
)
def test_a_mark_that_is_unknown_or_does_not_close_is_a_doubt(mark: str, tmp_path: Path) -> None:
    file = table(["username", "text"], [["mina", f"{mark}{JUNS}"], ["jun", JUNS]])
    found = doubts_of(tmp_path / "posts.csv", file)
    assert "Texts with words of someone else" in [str(doubt.finding) for doubt in found]
    assert texts(f"{mark}{JUNS}")[0] == f"{mark}{JUNS}"


@pytest.mark.parametrize(
    "way",
    [
        "<blockquote><p>{}</p></blockquote>",
        "<blockquote class='ipsQuote'><div><cite>jun wrote:</cite>{}</div></blockquote>",
        "<div class='bbcode_container'><div class='bbcode_quote'>jun<p>{}</p></div></div>",
        "<div class='quoteheader'>Quote from: jun</div><blockquote class='x'>{}</blockquote>",
        "<p><a href='https://a.example/jun'>jun</a>:</p><blockquote>{}</blockquote>",
        "<aside class='quote no-group'><div>jun:</div><blockquote>{}</blockquote></aside>",
    ],
)
def test_quotations_are_cut_before_tags_go(way: str) -> None:
    assert texts(f"{way.format(JUNS)}<p>{OWN}</p>", strip_tags=True) == [OWN, JUNS]


@pytest.mark.parametrize(
    "way",
    [
        "(Translated by Google) {} (again) (Original) {own}",
        "(Vertaald door Google) {} (again) (Brontekst)\n{own}",
        "[Google 번역 제공] {}\n\n[원문]\n{own}",
        "（由 Google 提供翻譯） {} （原始評論） {own}",
        "{own}\n\n(Traduzione automatica di DeepL)\n{}",
    ],
)
def test_a_machine_s_translation_is_told_and_goes_by_choice(way: str, tmp_path: Path) -> None:
    text = way.format(JUNS, own=OWN)
    assert (texts(text), texts(text, strip_tags=True)) == ([text, JUNS], [OWN, JUNS])
    file = table(["username", "text"], [["mina", text], ["jun", f"I like (google) it: {JUNS}"]])
    assert [doubt.count for doubt in doubts_of(tmp_path / "posts.csv", file)] == [1]


def test_a_page_of_a_live_source_has_no_quotations() -> None:
    status = {"id": "1", "content": f"<blockquote>{JUNS}</blockquote><p>{OWN}</p>"}
    body = json.dumps([status | {"visibility": "public", "account": {"acct": "mina"}}])
    (record,) = [
        part
        for part in read_statuses(body.encode(), name="mina@a.example")
        if isinstance(part, Record)
    ]
    assert record.text == OWN


@pytest.mark.parametrize(
    "part", ["[quote=a]", "[quote]a[/quote]", "“@a: ", "RT @", "> a\n", "{quote}"]
)
def test_time_grows_with_the_text(part: str) -> None:
    small, large = part * (5_000 // len(part)), part * (40_000 // len(part))
    assert growth(lambda: own_part(small), lambda: own_part(large)) < MOST_GROWTH
