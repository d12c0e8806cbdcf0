"""Names and contacts are found in texts, in the forms that people use."""

import pytest
from hypothesis import given, strategies as st

from saywho.people.names import (
    HIDDEN,
    HiddenText,
    ManyNames,
    find_name_words,
    find_names,
    tells_contact,
)
from saywho.text import joined_gaps


def hidden(text: str, names: list[str]) -> str:
    """Return the text with its names hidden."""
    return HiddenText(text, joined_gaps(find_names(text, names))).masked


@pytest.mark.parametrize(
    ("text", "names", "masked"),
    [
        ("The Night Ferry sails at 8", ["the_night_ferry", "the night ferry"], "* sails at 8"),
        ("ask @Night_Ferry, or #night_ferry", ["night_ferry"], "ask *, or #*"),
        ("골목빵집입니다. 골목 빵집은 쉬어요", ["골목빵집"], "*입니다. 골목 빵집은 쉬어요"),
        ("see https://example.org/mina.k/1", ["mina.k"], "see https://example.org/*/1"),
        ("mina writes, mina@host.example too", ["mina@host.example"], "* writes, * too"),
        ("Al was here, also Al's cat", ["al"], "* was here, also *'s cat"),
        ("미나 is me", ["two", "미나"], "* is me"),
        ("nothing of that", ["night", ""], "nothing of that"),
        ("a+b (c) is quoted", ["a+b", "(c)"], "* * is quoted"),
    ],
)
def test_names_are_hidden(text: str, names: list[str], masked: str) -> None:
    assert hidden(text, names) == masked.replace("*", HIDDEN)


@given(st.text(), st.text(st.characters(categories=["Lo", "Ll", "Nd"]), min_size=4), st.text())
def test_no_name_is_left(before: str, name: str, after: str) -> None:
    assert name not in hidden(f"{before} {name} {after}", [name])


@pytest.mark.parametrize(
    ("text", "display_name", "masked"),
    [
        ("Left the pump at Tesco. Joe", "Grandad Joe 🚲", "Left the pump at Tesco. *"),
        ("ask GRANDAD, it is joe's", "Grandad Joe 🚲", "ask *, it is *'s"),
        ("the joey is from Joel", "Grandad Joe", "the joey is from Joel"),
        ("Joe가 그랬어", "Joe", "*가 그랬어"),
        ("지호야 밥 먹었니", "김지호", "* 밥 먹었니"),
        ("지호는 자고 김지호가 왔다", "김지호", "*는 자고 *가 왔다"),
        ("수빈아 수빈이는 수빈누나랑 왔어", "수빈누나", "* *이는 *랑 왔어"),
        ("하늘이 하늘색이야", "하늘 🌿", "*이 하늘색이야"),
        ("경민아 황보경민 선수", "황보경민", "* * 선수"),
        ("회사 앞에서 민준이랑", "민준 (회사)", "회사 앞에서 *이랑"),
        ("우리 오늘 하나도 몰라", "우리 이하나", "우리 오늘 하나도 몰라"),
        ("하나야 밥 먹었니 ㅋㅋ 하나야 자?", "이하나", "* 밥 먹었니 ㅋㅋ * 자?"),
        ("둘이 아니라 하나야", "이하나", "둘이 아니라 하나야"),
        ("하나가 남고 하나는 없어. 하나 더", "이하나", "하나가 남고 하나는 없어. 하나 더"),
        ("하나한테 물어봐. 하나 언니는 알아", "이하나", "*한테 물어봐. * 언니는 알아"),
        ("수정아 이거 수정해", "김수정", "* 이거 수정해"),
        ("수정이가 수정이 필요하대", "김수정", "*이가 수정이 필요하대"),
        ("수정 씨는 수정 중, 수정 씨앗", "김수정", "* 씨는 수정 중, 수정 씨앗"),
        ("이게 사랑이야 사랑이란 말", "박사랑", "이게 사랑이야 사랑이란 말"),
        ("어느 나라야? 우리나라 나라가 커", "김나라", "어느 나라야? 우리나라 나라가 커"),
        ("will you ask Will, in the house", "Will of the House", "will you ask *, in the house"),
        ("he is at the gym", "Al Gym", "he is at the *"),
        ("ça va, Aoife!", "Aoife Ó B", "ça va, *!"),
        ("आज प्रिया आई", "प्रिया शर्मा", "आज * आई"),
        ("قالت ليلى إن", "ليلى حسن", "قالت * إن"),
    ],
)
def test_words_of_a_display_name_are_hidden_where_they_name_somebody(
    text: str, display_name: str, masked: str
) -> None:
    gaps = joined_gaps(find_name_words(text, [display_name]))
    assert HiddenText(text, gaps).masked == masked.replace("*", HIDDEN)


@given(st.text(), st.text())
def test_what_is_hidden_lies_in_the_text(text: str, display_name: str) -> None:
    for start, end in find_name_words(text, [display_name]):
        assert 0 <= start < end <= len(text)


def test_a_name_of_one_letter_is_no_part_of_words() -> None:
    assert hidden("나 나무 나는 나", ["나"]) == f"{HIDDEN} 나무 나는 {HIDDEN}"


NAMES = ("mina", "Mina", "김지호", "지호", "Anna Kim", "anna@host", "@joe", "수정", "İrem", "K")
LIKE = (*NAMES, "MINA", "지호야", "anna", "IREM", "ırem", "\u212a", "수정아", "말", "see", "Kim")


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.none() | st.sampled_from(NAMES))),
    st.lists(st.sampled_from(LIKE)).map(" ".join) | st.lists(st.sampled_from(LIKE)).map("".join),
)
def test_many_names_are_found_as_few_are(people: list[tuple[str, str | None]], text: str) -> None:
    shown = [display_name for _, display_name in people if display_name]
    places = find_names(text, [username for username, _ in people] + shown)
    expected = joined_gaps([*places, *find_name_words(text, shown)])
    found = joined_gaps(ManyNames(people).find(text))
    covered = {place for start, end in found for place in range(start, end)}
    assert covered >= {place for start, end in expected for place in range(start, end)}


def test_names_of_some_people_are_left_out() -> None:
    names = ManyNames([("mina", "Mina Park"), ("jun", None)])
    assert names.find("mina and jun", without={"mina"}) == [(9, 12)]


TELLING = (
    *("민지야 지호한테 전화해 010-1234-5678", "01012345678 로 연락줘", "010.1234.5678이야"),
    *("０１０－１２３４－５６７８ 이 내 번호", "+82 10-1234-5678", "82-10-1234-5678 이야"),
    *("(02) 123-4567", "02-123-4567", "031-123-4567 로", "1588-1234 로 문의", "공일공 하나둘셋"),
    *("call me at 555-1234 tonight", "+1 (415) 555-2671", "415.555.2671", "0049 30 901820"),
    *("+44 20 7946 0958", "030/901820 anrufen", "\u2068+82 10\u20111234\u20115678\u2069 please"),
    *("0️⃣1️⃣0️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣", "110-123-456789 국민은행", "٠١٢٣٤٥٦٧٨٩ hello"),
    *("write to anna.kim@example.org please", "ＡＮＮＡ＠example.org", "abc123@네이버"),
    *("anna (at) example.org", "anna골뱅이naver", "mailto:anna@example.org"),
    *("서울시 강남구 테헤란로 152 로 와", "테헤란로4길 12 앞이야", "역삼동 123-45 야"),
    *("역삼동 737번지", "우리집 101동 1203호 야", "〒100-0001"),
    *("come to 221b Baker Street at nine", "1600 Pennsylvania Avenue NW", "P.O. Box 12"),
    *("Hauptstraße 12, Berlin", "Goethestr. 5", "12 rue de la Paix"),
)
SILENT = (
    *(
        "오늘 저녁 7시에 만나자 진짜",
        "버스로 10분 걸려 거기",
        "앞으로 3 일만 더",
        "바로 2층으로 와",
    ),
    *("우리 3명이 별로 2시간", "3호선으로 30분", "1234567원 냈어", "12월 24일 18:30"),
    *("2024-05-12 에 만났지", "2024. 5. 12. 생일", "from 2019-2024 we lived there"),
    *("lunch @ noon with everybody", "@anna look at this", "@anna@example.org hello there"),
    *("https://x.com/a/status/1234567890123456789 look", "1,000,000 won for a coffee"),
    *("3 years on the road again", "7 people in the street", "20: rye bread and white rolls 20"),
)


@pytest.mark.parametrize("text", TELLING)
def test_a_text_tells_how_somebody_is_reached(text: str) -> None:
    assert tells_contact(text)
    assert tells_contact(f"네 그럼 이따가 봐요, {text}")


@pytest.mark.parametrize("text", SILENT)
def test_other_numbers_and_names_tell_nothing(text: str) -> None:
    assert not tells_contact(text)
