"""The encoding of a file, told by its bytes."""

import pytest
from hypothesis import given, strategies as st

from saywho.formats.source.encodings import count_utf8, encodings_of, lines_to_weigh

SHORT_TEXTS = {
    "cp949": ["안녕", "주말에 뭐 했어? 나는 산책했어", "ㅋㅋㅋ 진짜 웃기다", "고마워!"],
    "gb18030": ["谢谢", "请问图书馆几点关门？", "我们明天下午三点开会。", "今天下雨了"],
    "cp950": ["謝謝", "請問圖書館幾點關門？", "我們明天下午三點開會。", "今天下雨了，好冷"],
    "cp932": ["ありがとう", "図書館は何時に閉まりますか。", "電車がまた遅れてる", "おはよう"],
    "euc_jp": ["ありがとう", "図書館は何時に閉まりますか。", "電車がまた遅れてる"],
    "cp1252": ["They’ve gone", "à bientôt", "Größe", "¿Qué tal, señor?", "João não sabe", "Søren"],
    "cp1250": ["Dziękuję bardzo", "Příliš žluťoučký", "jövő héten győzünk", "Łukasz"],
    "cp1254": ["Yağmur yağıyor, evde kalalım", "çok güzel bir gün, görüşürüz"],
    "cp1251": ["Привет", "Во сколько закрывается библиотека?", "Дякую, до завтра"],
    "koi8_r": ["Привет", "Во сколько закрывается библиотека?"],
    "cp1253": ["Καλημέρα", "Τι ώρα κλείνει η βιβλιοθήκη;"],
    "cp1255": ["תודה רבה", "מתי הספרייה נסגרת"],
    "cp1256": ["شكرا جزيلا", "متى تغلق المكتبة"],
    "cp874": ["ขอบคุณครับ", "ห้องสมุดปิดกี่โมง"],
    "mac_roman": ["They’ve gone home, “early”", "La bibliothèque ferme à trois heures"],
}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [(encoding, text) for encoding, texts in SHORT_TEXTS.items() for text in texts],
)
def test_encoding_of_one_short_text_is_the_likeliest(encoding: str, text: str) -> None:
    table = f'username,text,created_at\nmina,"{text}",2020-01-01T10:00:00Z\n'.encode(encoding)
    best, *_ = encodings_of(lines_to_weigh(table))
    assert table.decode(best) == table.decode(encoding)


@pytest.mark.parametrize("data", [b"", b"only ascii", bytes(range(128, 256)) * 3])
def test_bytes_that_fit_nothing_have_no_encoding(data: bytes) -> None:
    assert encodings_of(lines_to_weigh(data)) == ()


@given(st.text(), st.integers(0, 4))
def test_utf8_has_no_bad_bytes_though_its_end_is_cut(text: str, cut: int) -> None:
    data = text.encode()
    whole = sum(not letter.isascii() for letter in text)
    assert count_utf8(data) == (whole, 0)
    good, bad = count_utf8(data[: len(data) - cut])
    assert bad == 0
    assert good <= whole


@given(st.binary(max_size=200))
def test_counting_takes_any_bytes(data: bytes) -> None:
    good, bad = count_utf8(data)
    assert good >= 0
    assert 0 <= bad <= len(data)
    assert isinstance(encodings_of(lines_to_weigh(data)), tuple)


def test_half_an_emoji_is_a_sequence_and_no_fault() -> None:
    assert count_utf8("a😀".encode()[:3] + b"b") == (0, 2)
    assert count_utf8(b"oh \xed\xa0\xbd no") == (1, 0)
