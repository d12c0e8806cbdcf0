"""Texts of others carry their language, so that a screen reader does not read English as Korean."""

import re

from tests.conftest import Client


async def test_a_text_is_never_of_the_language_of_a_page_by_chance(writer: Client) -> None:
    await writer.post("/api/v1/users", json={"username": "mina"})
    for text in ("the ferry waits at the pier again", "나루터에서 배가 또 기다려요"):
        await writer.post("/api/v1/users/mina/tweets", json={"text": text}, status=201)
    # Whose language nobody told is unknown; on an English page most such texts are English.
    for locale, languages in (("ko", [' lang="ko"', ' lang=""']), ("en", [' lang="ko"', ""])):
        for path in ("/user/mina", "/posts"):
            page = await writer.page(path, headers={"Accept-Language": locale})
            shown = re.findall(r'<p class="post-text[^"]*" dir="auto"([^>]*)>', page)
            assert shown == languages, path
