"""A chat with pictures and reactions: its wall, its conversation, what was loved most."""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import expect

from tests.archives import VIDEO, picture, zip_bytes
from tests.selection import first_of

from .conftest import OpenPage, box_of
from .test_appearance import faults_of, left_in_english
from .website import Website

pytestmark = pytest.mark.browser

TITLE: Final = "부두 사진 동호회 🏮 pictures-of-the-quay-and-all-who-come-along"
SHAPES: Final = {1: (300, 1200), 2: (1600, 200), 3: (40, 30), 4: (640, 400)}
"""Of the pictures, by their numbers."""
WORDS: Final = {"ko": ("사진", "없음", "파일이 없어요.", "가장 사랑받은 메시지")}
ALL_SEEN: Final = """async () => {
  const seen = [...document.querySelectorAll("main img")];
  seen.forEach(image => { image.loading = "eager"; });
  await Promise.all(seen.map(image => image.decode()));
  return seen.every(image => image.naturalWidth > 0);
}"""
"""Whether every picture was loaded and can be shown."""
LOOKS: Final = [
    pytest.param(*look, id="-".join(map(str, look)))
    for look in product(("ko", "en"), (320, 1280), (True, False))
    if look[1] == 320 or look == ("en", 1280, True)
]
"""Languages, widths, and with or without JavaScript."""


def written(number: int, **fields: Any) -> dict[str, Any]:
    signs = ("❤", "😂", "مرحبا" * 12, *(f"s{place}" for place in range(9)))
    reactions = [
        {"type": "emoji", "emoji": sign, "count": 30 * (number == 5) + 12 - place}
        for place, sign in enumerate(signs)
    ]
    name = ("바다사진", "등대지기")[number % 2]
    about = {"id": number, "type": "message", "date": f"2026-05-03T10:{number:02}:00"}
    said = {
        "from": name,
        "from_id": f"user-{name}",
        "text": f"{number}번째 사진이에요, 물때가 좋네요.",
    }
    return about | said | ({"reactions": reactions} if number in {2, 5} else {}) | fields


def chat() -> bytes:
    """Return an export with pictures of any shape, a film, and a picture that is missing."""
    messages = [
        *(written(n, photo=f"photos/{n}.png", width=w, height=h) for n, (w, h) in SHAPES.items()),
        written(5, file="video_files/5.mp4", media_type="video_file"),
        written(6, photo="photos/gone.jpg", text=""),
        written(7, photo="photos/1.png", text=""),
        written(8),
    ]
    room = {"name": TITLE, "type": "private_group", "id": 5, "messages": messages}
    files = {f"e/photos/{n}.png": picture(n, *shape) for n, shape in SHAPES.items()}
    files["e/video_files/5.mp4"] = VIDEO
    return zip_bytes({"e/result.json": json.dumps(room).encode(), **files})


@pytest.fixture(scope="module")
def pictures(workshop: Website, tmp_path_factory: pytest.TempPathFactory) -> Website:
    file: Path = tmp_path_factory.mktemp("pictures") / "export.zip"
    file.write_bytes(chat())
    workshop.command("import", str(file), "--timezone", "Asia/Seoul", "--publish")
    return workshop


@pytest.mark.parametrize(("locale", "width", "javascript"), LOOKS)
async def test_a_chat_with_pictures_is_sound(
    pictures: Website, open_page: OpenPage, locale: str, width: int, javascript: bool
) -> None:
    page = await open_page(locale=locale, width=width, javascript=javascript)
    tab, missing, is_gone, loved = WORDS.get(
        locale, ("Pictures", "missing", "The file is not here.", "Most loved messages")
    )
    await page.goto(pictures.address("/rooms"))
    await page.get_by_role("link", name=TITLE).click()
    await page.locator(".tabs").get_by_role("link", name=tab).click()
    await expect(page).to_have_url(re.compile("has=media"))
    await expect(page.locator("#list > li:not(.month)")).to_have_count(7)
    await expect(page.locator("#list img")).to_have_count(5)
    await expect(page.locator("#list > li", has_text=missing)).to_have_count(1)
    addresses = [page.url]
    await page.wait_for_load_state()  # Before its scripts run, a picture opens its own page.
    await page.locator("#list > li a").nth(2).click()
    addresses += [page.url.partition("&picture")[0] + "&picture=2"]
    if javascript:
        viewer = page.get_by_role("dialog")
        await expect(viewer.locator("video")).to_be_visible()
        await page.keyboard.press("ArrowRight")
        await expect(viewer.locator("img")).to_be_visible()
        await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#viewer video")).to_be_visible()
    await page.locator(".viewer-ways a:not(.to-wall, .button)").click()
    await expect(page.locator(".message[aria-current] video")).to_be_in_viewport()
    await expect(page.locator(".message", has_text=is_gone)).to_have_count(1)
    await expect(page.locator(".message .reactions")).to_have_count(2)
    addresses += [page.url, page.url.partition("?")[0]]
    for address in addresses:
        await page.goto(address)
        if javascript:  # Without it, what is asked of the page may wait for a promise for ever.
            assert await page.evaluate(ALL_SEEN)
            faults = await faults_of(page, widths=[width])
            assert not faults, "\n".join([address, *faults])
        if locale == "ko":
            assert await left_in_english(page) == []
    await expect(page.get_by_role("heading", name=loved)).to_have_count(1)


async def test_a_finger_goes_from_picture_to_picture(
    pictures: Website, open_page: OpenPage
) -> None:
    page = await open_page(pictures.address("/rooms"), width=390)
    room = await page.get_by_role("link", name=TITLE).get_attribute("href")
    await page.goto(pictures.address(f"{room}?has=media"))
    await page.locator("#list > li:not(.month) a").nth(4).click()
    await expect(page.locator(".viewer-dialog figure")).to_be_visible()
    finger = await page.context.new_cdp_session(page)

    async def swipe(*places: tuple[int, int]) -> None:
        kinds = ["touchStart", *["touchMove"] * (len(places) - 2), "touchEnd"]
        for kind, (x, y) in zip(kinds, places, strict=True):
            points = [{"x": x, "y": y}] if kind != "touchEnd" else []
            await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    async def shows(number: int) -> None:
        await expect(page).to_have_url(re.compile(f"picture={number}$"))

    first = int(page.url.rpartition("=")[2])
    await swipe((300, 300), (180, 305), (60, 310), (60, 310))
    await shows(first - 1)
    await swipe((60, 300), (180, 290), (300, 280), (300, 280))
    await shows(first)
    await swipe((200, 500), (195, 350), (190, 200), (190, 200))  # Nobody goes on by scrolling.
    await swipe((300, 300), (180, 305), (60, 310), (60, 310))
    await shows(first - 1)


@pytest.mark.parametrize("locale", first_of(["en", "ko"], "ko"))
async def test_all_tabs_of_a_chat_are_in_sight_and_the_day_below_them(
    pictures: Website, open_page: OpenPage, locale: str
) -> None:
    page = await open_page(pictures.address("/rooms"), locale=locale)
    await page.get_by_role("link", name=TITLE).click()
    address = page.url.partition("?")[0]
    for width in (390, 320):
        await page.set_viewport_size({"width": width, "height": 400})
        for path in ("", "?q=8", "?view=first"):
            await page.goto(address + path)
            tabs = page.locator(".tabs")
            await expect(tabs.get_by_role("link")).to_have_count(4)
            for tab in await tabs.get_by_role("link").all():
                await expect(tab).to_be_in_viewport(ratio=1)
        await page.locator(".message").nth(5).scroll_into_view_if_needed()
        above, day = await box_of(tabs), await box_of(page.locator(".new-day").first)
        assert above["y"] == 0
        assert abs(day["y"] - above["height"]) < 3
