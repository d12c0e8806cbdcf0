"""Processes of our own, and what they may take."""

import os

import pytest

from app.runtime.processes import be_nice


def test_where_a_lower_priority_is_denied_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", deny)
    be_nice()
