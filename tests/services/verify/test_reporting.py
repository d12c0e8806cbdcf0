"""What a report masks."""

from hypothesis import given
from hypothesis import strategies as st

from app.services.verify.reporting import masked


def test_links_names_and_hashtags_are_masked() -> None:
    text = (
        "Hello @anna, see https://example.org/a?b=c and #bread2 www.example.org pic.twitter.com/x"
    )
    assert masked(text) == "Hello @, see  and #"
    assert masked("@빵집 #오늘의빵 굽습니다") == "@ # 굽습니다"
    assert masked("https://t.co/abc") == ""


@given(st.text(st.sampled_from("ab #@:/.wht\npsic-빵"), max_size=60))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert masked(masked(text)) == masked(text)
