"""What somebody says more often: words that keep together are one phrase."""

from app.compute.phrases import Phrase, phrases_of

OTHERS = ["the kettle sings again today"] * 80


def phrases_beside(own: list[str], *names: str) -> list[Phrase]:
    return phrases_of(own, OTHERS, language=None, names=names)


def test_words_of_the_same_messages_are_one_phrase() -> None:
    own = ["As I said, last week was fine"] * 30 + ["the lantern sings"] * 20
    phrases = phrases_beside(own)
    assert [(phrase.text, phrase.messages) for phrase in phrases] == [
        ("said, last week was fine", 30),
        ("lantern", 20),
    ]
    assert phrases[0].words == ["fine", "last", "said", "week"]
    assert phrases[0].messages_elsewhere == 0


def test_names_laughs_and_parts_of_common_words_are_no_phrases() -> None:
    own = ["hana isn't here haha"] * 20 + ["harbour, 하나야 lol"] * 20 + ["hanabi"] * 20
    names = ("Hana_Kim", "하나🌸")
    assert {phrase.text for phrase in phrases_beside(own, *names)} == {"harbour", "hanabi"}


def test_what_is_in_fewer_of_the_messages_is_no_phrase() -> None:
    own = ["kettle"] * 10 + ["tea"] * 90
    assert [phrase.text for phrase in phrases_beside(own)] == ["tea"]


def test_a_long_passage_is_told_by_its_words() -> None:
    own = ["harbour " + "and " * 20 + "lighthouse"] * 30
    (phrase,) = phrases_beside(own)
    assert phrase.text == "harbour · lighthouse"


def test_what_short_messages_have_by_chance_is_no_phrase() -> None:
    topics = [f"{word} again" for word in ("kettle", "harbour", "lantern", "umbrella")]
    own = topics * 50 + ["kettle again"] * 8
    others = [f"well, as far as anybody here can tell me, {topic}" for topic in topics * 100]
    assert phrases_of(own, others, language=None) == []
