"""How often a stranger's text is given to one of some authors, as measured and shipped."""

from app.compute.strangers import LENGTHS, RATES, SUSPECTS, stranger_rate


def test_rates_are_those_of_the_nearest_number_of_authors() -> None:
    assert {number for language, number in RATES if language == "en"} == set(SUSPECTS)
    assert all(len(rates) == len(LENGTHS) for rates in RATES.values())
    assert stranger_rate(None, 3, 30) == stranger_rate("de", 3, 30) == RATES["en", 3][2]
    assert stranger_rate("en", 300, 30) == RATES["en", 20][2]
    assert stranger_rate("en", 3, 0) == stranger_rate("en", 3, 9) == RATES["en", 3][0]
    assert stranger_rate("en", 3, 10) == RATES["en", 3][1]
    assert stranger_rate("en", 3, 9_999) == RATES["en", 3][5]
    assert stranger_rate("en", 4, 30) == RATES["en", 5][2]
    assert stranger_rate("ko", 8, 30) == RATES["ko", 3][2]
