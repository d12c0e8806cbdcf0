"""Whether Korean sentences are polite or plain, by their ends."""

import pytest

import saywho
from saywho.people.politeness import level_of, levels_in

POLITE = (
    *(
        "갑니다",
        "기도해야겠습니다",
        "그럴까요",
        "네네 ㅋㅋ",
        "넵!",
        "늦어요ㅠㅠ",
        "가나요?",
        "하죠~",
    ),
    *(
        "해보렵니다",
        "갑시다",
        "힘내십쇼",
        "저도했슴다",
        "될까여",
        "추가하셨나용",
        "했어염",
        "그래욤",
    ),
    *(
        "알겠어욬ㅋㅋ",
        "연락주세용^.^",
        "잘 다녀오세요(눈물)(눈물)",
        "좋아요 lol",
        "아니요",
        "꼭이요 🙏",
    ),
    *("가겠슴이다", "감사함당", "들었다구여", "한 건가여"),
    *("보고싶어요 2", "그럼요", "왔다구요...", "바랍니당", "어디래요?"),
)
PLAIN = (
    *("나눴어 ㅋㅋㅋ", "형은 곶이야", "같이 가자", "왜 불렀어", "받앗는데ㅋㅋ", "데이터 몇이냐"),
    *("볼께ㅎㅎ", "응", "아니", "선생님께서 오셨어", "이따 봐", "하지 마", "뭐 하니?", "몰라ㅠㅠ"),
    *(
        "빨리 가셨다",
        "넣어야지 ㅋㅋ",
        "거긴가",
        "귀엽놐ㅋㅋ",
        "안 하나 봐",
        "춥네",
        "많노",
        "안 갔군",
    ),
    *("놀아줭", "해야될껄", "그랬더라구", "머야", "싫어하자나", "생겻노", "먹었나", "좋대", "갔군"),
    *("좋네", "그렇지", "먹을래", "갈까?", "있잖아", "했거든", "간다", "고맙다", "크겠다", "있나"),
)
SAYS_NOTHING = (
    *(
        "이거 필요?",
        "그게 중요",
        "사실 내용",
        "조용",
        "회의 참여",
        "추우니까",
        "우리 동네",
        "그 여자",
    ),
    *(
        *("둘다", "원가", "누군가", "하든가", "대기중이니", "부엌"),
        "편지",
        "영어",
        "올해",
        "노래",
        "어머니",
        "언니",
        "강아지",
        "했음",
        "공부함",
        "밥 먹고",
        "그래서",
    ),
    *(
        "ㅇㅇ",
        "ㅋㅋㅋ",
        "hello",
        "감사합니다",
        "안녕하세요~",
        "죄송합니다!",
        "수고하셨습니다 ㅎㅎ",
        "",
        "🙂",
    ),
)


@pytest.mark.parametrize(
    ("sentences", "level"), [(POLITE, "polite"), (PLAIN, "plain"), (SAYS_NOTHING, None)]
)
def test_a_sentence_is_judged_by_its_end(sentences: tuple[str, ...], level: str | None) -> None:
    assert [sentence for sentence in sentences if level_of(sentence) != level] == []


@pytest.mark.parametrize(
    "behind", ["", "!", " ㅋㅋㅋ", "~~", "ㅠㅠ", " 😀😀", "^^", " (하하)", " lol 3"]
)
def test_what_stands_behind_a_sentence_changes_nothing(behind: str) -> None:
    for sentence, level in (("먹었어요", "polite"), ("먹었어", "plain"), ("먹었음", None)):
        assert level_of(sentence + behind) == level


def test_each_sentence_of_a_text_counts_but_what_is_quoted() -> None:
    text = "갔어요? 응 갔어~ “못 가요” @mina.kim 그래\n오늘 날씨 https://example.org/가요"
    assert [*levels_in(text)] == ["polite", "plain", "plain", None]


def test_written_sentences_in_da_are_plain_in_chats_alone() -> None:
    assert [*levels_in("집에 간다. 좋아요.")] == ["plain", "polite"]
    assert [*levels_in("집에 간다. 좋아요.", is_chat=False)] == [None, "polite"]


def test_a_long_end_takes_no_longer_than_a_short_one() -> None:
    assert [*levels_in("가" * 25_000 + "요")] == ["polite"]
    assert [*levels_in("“" * 25_000 + "가요")] == ["polite"]
    assert [*levels_in("가요" + "x" * 25_000)] == [None]


def test_a_chat_tells_how_polite_its_people_are(tmp_path) -> None:  # type: ignore[no-untyped-def]
    lines = ["mina,어디예요?,2025-01-05 10:00", "jun,집이야,2025-01-05 10:01"]
    lines += ["mina,같이 가요 ㅎㅎ,2025-02-01 10:00", "mina,오늘,2025-02-01 10:01"]
    file = tmp_path / "chat.csv"
    file.write_text("author,text,created_at\n" + "\n".join(lines), encoding="utf-8")
    chat = saywho.read(file, tz="Asia/Seoul")
    assert [tuple(row) for row in chat.politeness()] == [
        ("mina", None, 2, 0, 1, 3),
        ("jun", None, 0, 1, 0, 1),
    ]
    assert [(row.author, row.month, row.polite) for row in chat.politeness(by_month=True)] == [
        ("mina", "2025-01", 1),
        ("mina", "2025-02", 1),
        ("jun", "2025-01", 0),
    ]
