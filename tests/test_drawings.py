"""Drawings of a page as paths."""

import re

from app.drawing.drawings import Clock, path_along

BOX = re.compile(r"M[\d.]+ [\d.]+h[\d.]+v([\d.]+)h-[\d.]+z")


def test_nought_has_no_sign() -> None:
    assert path_along([(-0.0, -1e-9), (0.0, 0.5)]) == "M0 0 0 .5"


def test_hours_are_as_high_as_they_have_posts() -> None:
    heights = [100.0 if hour == 7 else 50 if hour > 12 else 0 for hour in range(24)]
    drawing = Clock("author-3", "", heights, [])
    assert BOX.findall(drawing.path) == ["100", *["50"] * 11]
    assert drawing.outline_path == ""
    assert Clock("author-3", "", [], [50, 0]).outline_path == "M0 100 0 50 1 50 1 100 2 100 2 100"
