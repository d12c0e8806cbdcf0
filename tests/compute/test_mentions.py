"""What posts name: tags, emoji, sites, and whom they answer."""

import pytest

from app.compute.mentions import NameCount, ScannedPost, count_mentions


def names(*texts: str, kind: str, cards: str | None = None) -> list[str]:
    mentions = count_mentions([ScannedPost(text, cards, None) for text in texts], most=20)
    return [mention.name for mention in getattr(mentions, kind)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#빵 #Bread2024 (#tea) #tea-room", ["bread2024", "tea", "빵"]),
        ("C# and &#39; and #1 and https://a.example/x#part", []),
        ("#" * 30_000 + "1" * 30_000, []),
    ],
)
def test_tags(text: str, expected: list[str]) -> None:
    assert sorted(name.casefold() for name in names(text, kind="tags")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ferry🚢 👍🏽 ❤️", ["❤️", "👍🏽", "🚢"]),
        ("🇰🇷🇰🇷 👩‍👩‍👧‍👦 1️⃣", ["1️⃣", "🇰🇷", "👩‍👩‍👧‍👦"]),
        ("→ ™ § 한글 漢字 … ★", []),
    ],
)
def test_emoji(text: str, expected: list[str]) -> None:
    assert names(text, kind="emoji") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://www.Example.com/a?b and http://example.com", ["example.com"]),
        (
            "https://blog.example.co.kr에서 읽었어요, https://빵집.kr/",
            ["blog.example.co.kr", "빵집.kr"],
        ),
        ("https://t.co/abc and https:// and example.com", []),
    ],
)
def test_sites(text: str, expected: list[str]) -> None:
    assert names(text, kind="sites") == expected


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
