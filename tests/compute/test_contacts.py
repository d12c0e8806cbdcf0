"""A text that tells how somebody is reached is known by numbers and addresses of many forms."""

import pytest

from app.compute.names import tells_contact

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
