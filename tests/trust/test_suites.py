"""The suites of other projects are not here; what reads gunicorn's requests is tried with two."""

from pathlib import Path

import pytest

from tests.trust.suites import fixtures


def test_requests_of_gunicorn_are_read_from_their_letters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in {
        "valid/whole": "POST / HTTP/1.1\\r\\n\nContent-Length: 3\\r\\n\n\\r\\n\na\\x0Ab",
        "valid/broken": "GET / HTTP/1.1\\r\\n\nHost : a\\r\\n\n\\r\\n",
        "invalid/too short": "POST / HTTP/1.1\\r\\n\nContent-Length: 4\\r\\n\n\\r\\n\na\\x0Ab",
        "invalid/sound": "GET / HTTP/1.1\\r\\n\nX: a\\tb\\r\\n\n\\r\\n",
    }.items():
        file = tmp_path / "tests" / "requests" / f"{name}.http"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    assert fixtures(tmp_path) == 0
    assert capsys.readouterr().out == "2 of 4 as gunicorn; otherwise: invalid/sound, valid/broken\n"
