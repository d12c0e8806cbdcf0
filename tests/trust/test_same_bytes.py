"""What the comparison of two commits leaves out: blanks that no browser shows, and no others."""

from tests.trust.same_bytes import settled, without_blanks

HEAD = "200\nContent-Type: text/html; charset=utf-8\nContent-Length: 9\n\n"


def test_blanks_are_left_out_where_no_browser_shows_them() -> None:
    wrapped = '<ul>\n  <li>a\n   <b>c</b>\n  </li>\n</ul>\n<p class="post-text">a  b</p>\n'
    flat = '<ul><li>a <b>c</b></li></ul><p class="post-text">a  b</p>'
    assert without_blanks(HEAD + wrapped) == without_blanks(HEAD + flat)


def test_blanks_between_words_and_in_texts_count() -> None:
    for one, other in (
        ("<a>x</a> <a>y</a>", "<a>x</a><a>y</a>"),
        ("<p>a <b>c</b></p>", "<p>a<b>c</b></p>"),
        ('<p class="post-text">a  b</p>', '<p class="post-text">a b</p>'),
        ("<textarea>a\n</textarea>", "<textarea>a</textarea>"),
    ):
        assert without_blanks(HEAD + one) != without_blanks(HEAD + other)


def test_the_moment_is_left_out_of_answers() -> None:
    first, second = (
        f'500\nETag: "{tag}"\n\n{{"request_id":"{tag}","detail":"kept"}}' for tag in ("ab", "cd")
    )
    assert settled(first) == settled(second)
    assert '"detail":"kept"' in settled(first)
