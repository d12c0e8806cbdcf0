"""Sentences with what people wrote in them: it stays as it is, and particles follow it."""

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.sentences import Sentence, filled, sentence

BOTH = "이(가) 은(는) 을(를) (으)로 {name} %(name)s"


@given(st.sampled_from(["{}", "{}형", "{}엄마"]), st.text('{}%()s<&"이가은는🚲 ', max_size=20))
def test_what_people_wrote_stays_as_it_is(name: str, text: str) -> None:
    value = name.replace("{}", BOTH) + text + "누나"
    assert sentence("{name}이(가) 써요").format(name=value) == f"{value}가 써요"
    shown = filled(sentence("<b>%(name)s</b>이(가) 써요"), {"name": value}, is_markup=True)
    assert shown == Markup("<b>{}</b>가 써요").format(value)
    assert isinstance(shown, Markup)


def test_tags_of_a_value_are_not_read() -> None:
    link = Markup('<a href="/형"><bdi>{}</bdi></a>').format("지호")
    shown = filled(sentence("%(name)s과(와) 비교"), {"name": link}, is_markup=True)
    assert shown == link + "와 비교"


def test_plain_text_is_not_escaped() -> None:
    text = sentence("%(name)s은(는)")
    assert filled(text, {"name": "<형>"}, is_markup=False) == "<형>은"
    # As the heading of an answer has it.
    assert text % {"name": "엄마"} == "엄마는"


def test_a_text_without_particles_is_the_text() -> None:
    assert not isinstance(sentence("{name}의 글"), Sentence)
