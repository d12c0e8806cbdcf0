"""What a text is indexed by, and what may have been meant by a query."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from app.services.search.word_search import letters_of, syllables_of, words_at_one_slip
from saywho import words
from saywho.queries import quote_words


@pytest.mark.parametrize(
    ("text", "joined_terms"),
    [
        ("The lamp's LIGHT", "the lamp s light"),
        ("학교에 밥 BTS는", "학교 교에 에 밥 bts 는"),
        ("ferry🚢 👍🏽 ❤️", "ferry 🚢 👍 ❤"),
        ("Café Straße naïve ﬁn", "cafe strasse naive fin"),
        ("हिन्दी שָׁלוֹם", "हिन्दी שלום"),
        ("漢字 ラーメン", "漢字 字 ラー ーメ メン ン"),
        ("path_x 3.14 — … <3", "path x 3 14 3"),
        ("🇰🇷🇰🇷 👩‍👩‍👧‍👦", "🇰🇷 🇰🇷 👩‍👩‍👧‍👦"),
    ],
)
def test_terms_of_a_text(text: str, joined_terms: str) -> None:
    assert words.terms(text) == joined_terms.split(" ")


@given(st.text() | st.text("aB1 .,·가나힣"))
def test_segments_lie_in_the_text_and_give_its_terms(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    located = list(words.segments(text))
    place = 0
    for segment in located:
        assert place <= segment.start < segment.end <= len(text)
        place = segment.end
    assert [
        term for segment in located for term in words.segment_terms(segment.kind, segment.text)
    ] == words.terms(text)
    singles, runs = words.words_and_runs(text)
    assert singles == [segment.text for segment in located if segment.kind != "paired"]
    assert runs == [segment.text for segment in located if segment.kind == "paired"]
    # The index splits at blanks and ASCII signs, and at nothing else.
    assert all(
        term and all(c.isalnum() or not c.isascii() for c in term) for term in words.terms(text)
    )


def mistyped(letters: str) -> set[str]:
    places = range(len(letters))
    swapped = {letters[:i] + letters[i + 1 : i + 2] + letters[i] + letters[i + 2 :] for i in places}
    missing = {letters[:i] + letters[i + 1 :] for i in places}
    doubled = {letters[:i] + letters[i] + letters[i:] for i in places}
    return (swapped | missing | doubled) - {letters}


@pytest.mark.parametrize("word", ["lighthouse", "cat", "маяк", "φάρος".replace("ά", "α")])
def test_every_slip_is_undone(word: str) -> None:
    wrong = {word[:i] + word[0] + word[i + 1 :] for i in range(1, len(word))} - {word}
    for typed in mistyped(word) | wrong:
        assert word in words_at_one_slip(typed), typed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("핵교", "학교"),
        ("하교", "학교"),
        ("ㅎㄱ교", "학교"),
        ("학ㄱ교", "학교"),
        ("ㅎ가교", "학교"),
        ("업다", "없다"),
        ("안뇽하세요", "안녕하세요"),
        ("달갸ㄹ", "달걀"),
    ],
)
def test_a_slip_of_one_letter_in_hangul_is_undone(typed: str, meant: str) -> None:
    assert meant in words_at_one_slip(typed)


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=8))
def test_syllables_are_typed_by_their_letters(word: str) -> None:
    assert syllables_of(letters_of(word)) == word


@pytest.mark.parametrize("word", ["2019", "🚢", "", "中文", "ไทย", "a" * 1_000, "가" * 1_000])
def test_numbers_long_words_and_scripts_without_an_alphabet_have_no_neighbours(word: str) -> None:
    assert words_at_one_slip(word) == set()


@given(st.text(max_size=12))
def test_no_word_is_its_own_neighbour(word: str) -> None:
    assert word not in words_at_one_slip(word)


def test_a_query_is_repeated_with_words_in_quotes() -> None:
    typed = 'Lihgthouse, -lihgthouse "by lihgthouse" keeper'
    quoted = '"Lihgthouse," -lihgthouse "by lihgthouse" keeper'
    assert quote_words(typed, {"lihgthouse"}) == quoted


def test_endings_alone() -> None:
    assert all(map(words.is_ending, ["습니다", "에서는", "니다", "는", "하세요"]))
    assert not any(map(words.is_ending, ["별이", "학교", "먹습니다"]))


@pytest.mark.parametrize(
    ("laugh", "texts"),
    [
        ("jaja", ["Jajaja qué risa", "no... ajajaja!"]),
        ("kkk", ["kkkkk bom dia"]),
        ("rsrs", ["tá bom rsrsrs"]),
        ("mdr", ["mdrrr"]),
        ("хаха", ["ахаха вот это да", "Хахаха", "ахахах"]),
        ("haha", ["ahah sì", "ahahah", "bwahaha grabe", "muahahaha", "bahaha"]),
        ("hehe", ["hehe ok", "진짜hehehe"]),
        ("hihi", ["hihihi", "HİHİHİ"]),
        ("hoho", ["hohoho"]),
        ("höhö", ["höhö na klar"]),
        ("høhø", ["HØHØHØ"]),
        ("hhh", ["hhhhh 3andek l7e9", "笑死我了hhhh", "Hhh"]),
        ("sjsj", ["sjsjsj aynen", "JSJSJS"]),
        ("ksks", ["ksksks meu deus", "sksksk"]),
        ("jeje", ["jejejej", "eh jeje"]),
        ("lmao", ["lmaooo what", "LMFAO"]),
        ("rofl", ["rofl ok"]),
        ("xd", ["no puedo xD", "XDDD"]),
        ("wkwk", ["wkwkwk iya", "wkwk", "awokwok", "awkwkwk"]),
        ("χαχα", ["χαχαχα ναι", "Αχαχα", "χαχ καλό"]),
        ("χοχο", ["χοχοχο"]),
        ("хіхі", ["хіхіхі ну так"]),
        ("חחח", ["חחחח איזה קטע", "חח"]),
        ("ههه", ["هههههه والله"]),
        ("خخخ", ["خخخخ"]),
        ("ہاہا", ["ہاہاہا بہت خوب"]),
        ("हाहा", ["हाहाहा क्या बात है", "हा हा हा"]),
        ("হাহা", ["হাহাহা দারুণ", "হা হা হা"]),
        ("হিহি", ["হিহি কী"]),
        ("ஹாஹா", ["ஹாஹா ஆமா", "ஹா ஹா", "ஹஹஹ"]),
        ("హాహా", ["హాహాహా", "హ హ హహ"]),
        ("哈哈", ["哈哈哈哈"]),
        ("呵呵", ["好吧 呵呵"]),
        ("嘻嘻", ["嘻嘻嘻"]),
        ("233", ["笑死了23333", "好吧 2333", "23333", "2333 太棒了"]),
        ("笑", ["そうだね(笑)", "ありえない笑", "爆笑\nほんと"]),
        ("www", ["まじかwww", "草ｗ", "wwww", "www今日は行くよ"]),
        ("555", ["สวยมาก 555", "ใช่555555", "555 รถติดมาก", "5555", "55555+"]),
        ("ฮ่าฮ่า", ["ฮ่าฮ่าฮ่า ตลกมาก", "ฮ่าๆ", "จริงเหรอ ฮ่า ๆ"]),
    ],
)
def test_laughs_of_other_languages(laugh: str, texts: list[str]) -> None:
    assert [*map(words.laughs_in, texts)] == [{laugh}] * len(texts)
    assert laugh in {*map(words.plain_laugh, " ".join(texts).split())} or laugh in "555笑233"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "naja",
            "hehehorse",
            "the Ahahs",
            "roflcopter",
            "exdx",
            "חם מאוד",
            "Ninja jacket",
            "okk",
            "hours",
            "madre",
            "Бахах",
            "الله هه",
            "笑顔がいい",
            "爆笑した",
            "这个人太好笑",
            "别笑！",
            "ليهههه",
            "آخخخخ",
            "शहर में हाहाकार",
            "åhhhh",
            "chacha ji",
            "hohonu",
            "房间2333号",
            "2333 people",
        ),
        *(
            "www.example.com",
            "see www today",
            "https://www.a.example/",
            "www.日本.jp",
            "call 555-1234",
            "555",
            "ราคา 555 บาท",
            "555บาท",
            "5555 people",
        ),
    ],
)
def test_what_looks_like_a_laugh(text: str) -> None:
    assert words.laughs_in(text) == set()
