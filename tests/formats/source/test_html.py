"""The HTML of posts as text."""

from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, strategies as st

from app.errors import RecordError
from saywho.formats.source.html import MAX_LENGTH, MAX_TAGS, beginning, html_to_text
from tests.growth import FACTOR, MOST_GROWTH, growth

LONG_LINK = (
    '<a href="https://www.example.com/a/long/path?x=1&amp;y=2" rel="nofollow noopener">'
    '<span class="invisible">https://www.</span><span class="ellipsis">example.com/a/long</span>'
    '<span class="invisible">/path?x=1&amp;y=2</span></a>'
)
MENTION = (
    '<span class="h-card"><a href="https://b.example/@bob" class="u-url mention">'
    "@<span>bob</span></a></span>"
)
HASHTAG = '<a href="https://a.example/tags/x" class="mention hashtag">#<span>x</span></a>'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br />three<br>four</p>", "one\n\ntwo\nthree\nfour"),
        ("<p>one</p>\n  <p>two</p>\n", "one\n\ntwo"),
        ("<p>&lt;3 &amp;amp; &quot;&#39;&nbsp;x</p>", "<3 &amp; \"'\u00a0x"),
        (f"<p>see {LONG_LINK}.</p>", "see https://www.example.com/a/long/path?x=1&y=2."),
        (f"<p>{MENTION} hi {HASHTAG}</p>", "@bob hi #x"),
        ('<a href="https://e.example/1">e.example/…</a>', "https://e.example/1"),
        ('<a href="https://e.example/1">my words</a>', "my words (https://e.example/1)"),
        ('<a href="javascript:alert(1)">x</a> <a>y</a>', "x y"),
        (
            "<pre>The moon\n  is late\n\n\nand so</pre>am  I\n tonight",
            "The moon\n  is late\n\n\nand so\n\nam I tonight",
        ),
        ("<p>a <b> b</b>\n c</p> <div> d </div><div>e</div>", "a b c\n\nd\ne"),
        ("<table><tr><td>Day<td>Walk<tr><td>Mon<td><p>river</table>", "Day\tWalk\nMon\n\nriver"),
        ("<details><summary>Read more</summary>hidden words</details>", "Read more\nhidden words"),
        ("<head><title>Our walk</title></head><div>Dear all</div>", "Dear all"),
        ("<svg><title>icon</title></svg>x<span hidden>y</span>", "x"),
        ("a<br><br><br>b<br>", "a\n\nb"),
        ("<ul><li>one</li><li>two</li></ul>end", "one\ntwo\n\nend"),
        ('<p class="quote-inline">RE: <a href="https://q">q</a></p><p>mine</p>', "mine"),
        ("a<script>alert(1)</script><style>b{}</style>c", "ac"),
        ('hi <img src="https://x/e.png" alt=":blob:" class="emoji">', "hi :blob:"),
        ("plain 안녕 😀", "plain 안녕 😀"),
        ('<p>not closed <a href="https://e.example/1">https://e', "not closed https://e.example/1"),
        ("</p></a></script>x", "x"),
        ("", ""),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize("html", ["<" * (MAX_TAGS + 1), "x" * (MAX_LENGTH + 1)])
def test_html_that_is_too_long_is_a_bad_record(html: str) -> None:
    with pytest.raises(RecordError, match="the content is too long"):
        html_to_text(html)
    assert html_to_text(beginning(html))


SLOW = {
    "blanks": "x" + " " * MAX_LENGTH,
    "attributes": "<a " + "b " * MAX_LENGTH,
    "named attributes": "<a " + " ".join(f"b{n}" for n in range(MAX_LENGTH)),
    "line ends": "<a " + "\n" * MAX_LENGTH,
    "a value": "<a x=" + "x" * MAX_LENGTH,
    "comments": "<!--" * MAX_LENGTH,
    "dashes": "<!--" + "-" * MAX_LENGTH,
    "entities": "&#" * MAX_LENGTH,
    "depth": "<div>" * MAX_LENGTH,
    "depth of links": "<a href='http://a.example'>x<div>" * MAX_LENGTH,
    "formats": "<p>" + "".join(f"<b {n}>" for n in range(700)) + "</p><p>x" * 640,
}


@pytest.mark.parametrize("html", SLOW.values(), ids=SLOW)
def test_no_html_takes_long(html: str) -> None:
    def work(length: int) -> None:
        with suppress(RecordError):
            html_to_text(beginning(html[:length]))

    length = len(beginning(html))
    assert growth(partial(work, length // FACTOR), partial(work, length)) < MOST_GROWTH


def test_html_whose_elements_multiply_is_a_bad_record() -> None:
    with pytest.raises(RecordError, match="the content is too long"):
        html_to_text(SLOW["formats"])


MARKUP = st.text('<>/"=! -[]&;#ap', max_size=60) | st.lists(
    st.sampled_from(["<p>", "</p>", "<br>", "<a href='https://e.example'>", "</a>", "<![", "&lt"])
).map("".join)


@given(html=MARKUP | st.text())
def test_any_html_gives_text_or_a_bad_record(html: str) -> None:
    try:
        text = html_to_text(html)
    except RecordError:
        return
    assert text == text.strip()


@given(words=st.lists(st.text("ab <&>\"'é😀", min_size=1).filter(str.strip), min_size=1))
def test_escaped_paragraphs_come_back(words: list[str]) -> None:
    escaped = (word.replace("&", "&amp;").replace("<", "&lt;") for word in words)
    text = html_to_text("".join(f"<p>{word}</p>" for word in escaped))
    assert text == "\n\n".join(" ".join(word.split()) for word in words)
