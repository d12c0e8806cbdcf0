"""What the operator comes for, done in a real browser."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from app.db.lock import file_lock
from app.services.imports.jobs import IMPORTING
from tests.chats import kakaotalk, said

from .conftest import WITH_AND_WITHOUT, OpenPage
from .website import Website, json_lines

pytestmark = pytest.mark.browser

IMPORT_TIMEOUT_MS = 40_000


def posts_of(username: str, count: int) -> Iterator[dict[str, Any]]:
    for place in range(count):
        text = f"{place}번째 아침, {username} 문을 엽니다. 오늘의 차는 {place % 7}번이에요."
        yield {"author": username, "text": text, "id": f"{username}-{place}"}


def posts_file(folder: Path, username: str, count: int) -> Path:
    path = folder / f"{username}.jsonl"
    path.write_text(json_lines(posts_of(username, count)))
    return path


async def upload(page: Page, site: Website, path: Path, *, javascript: bool = True) -> None:
    await page.goto(site.address("/imports"))
    await page.get_by_label("파일을 고르세요. 여기에 놓아도 돼요").set_input_files(path)
    if not javascript:
        await page.get_by_role("button", name="업로드", exact=True).click()
    await expect(page.get_by_role("heading", name="파일 내용")).to_be_visible()
    await page.wait_for_load_state()  # Before its scripts run, a choice changes nothing.


async def start_and_wait(page: Page, *, javascript: bool = True) -> None:
    """Start the import that is looked at, and stay until it is done."""
    await page.get_by_role("button", name="가져오기 시작").click()
    done = page.locator("#import .badge.done")
    for _ in range(0 if javascript else 50):
        if await done.count():
            break
        await page.wait_for_timeout(200)
        await page.get_by_role("link", name="진행 상황 새로고침").or_(done).click()
    await expect(done).to_be_visible(timeout=IMPORT_TIMEOUT_MS)


@contextlib.contextmanager
def imports_wait(site: Website) -> Iterator[None]:
    """Let no import of the site begin until the block ends, however late the browser is."""
    with file_lock(site.log.with_name("data") / f"testing.db.{IMPORTING}.lock"):
        yield


async def add_author(page: Page, site: Website, username: str, count: int) -> None:
    site.add_posts(username, *(post["text"] for post in posts_of(username, count)))
    await page.goto(site.address(f"/user/{username}"))


DROP = """([name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  const events = ["dragover", "drop"].map((type) =>
    new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
  return events.map((event) => !document.querySelector("main").dispatchEvent(event));
}"""


async def drop(page: Page, text: str) -> None:
    """Drop a file in the middle of a page, where the browser would open it without a script."""
    assert await page.evaluate(DROP, ["posts.jsonl", text]) == [True, True]


async def test_a_dropped_file_goes_on_with_the_first_account(
    nobody: Website, open_page: OpenPage
) -> None:
    posts = json_lines(posts_of("두리", 30))
    page = await open_page(nobody.address("/search"))
    await drop(page, posts)
    await expect(page.get_by_role("alert")).to_contain_text("운영자만 가져올 수 있어요")

    link = nobody.address(nobody.setup_path())
    await page.goto(link)
    await page.goto(nobody.address("/search"))
    await drop(page, posts)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("이름").fill(" ")
    await dialog.get_by_label("비밀번호").fill("a sentence is better than a word")
    await dialog.get_by_role("button", name="계정 만들기").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("1~100자")
    await dialog.get_by_label("이름").fill("두리")
    await dialog.get_by_role("button", name="계정 만들기").click()
    await expect(page.get_by_role("heading", name="파일 내용")).to_be_visible()
    await expect(page.get_by_role("banner")).to_contain_text("가져오기")

    answer = await page.goto(link)
    assert answer is not None
    assert answer.status == 403
    await expect(page.get_by_role("main")).to_contain_text("이미 썼거나 기한이 지난 설정 링크예요")


@pytest.mark.full
async def test_a_token_is_shown_once_copied_and_revoked(
    workshop: Website, open_page: OpenPage
) -> None:
    page = await open_page(operator_of=workshop)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(workshop.address("/settings"))
    parts = [page.locator(f"#{name}") for name in ("people", "data", "technical")]
    for anchor in ("", "#own", "#readers-heading", "#data", "#technical"):
        await page.goto(workshop.address(f"/settings{anchor}"))
        shown = {"": 0, "#own": 1, "#readers-heading": 0, "#data": 1, "#technical": 2}[anchor]
        for place, each in enumerate(parts):
            await expect(each).to_be_visible(visible=place == shown)
        current = page.get_by_role("navigation", name="설정").get_by_role("link").nth(shown)
        await expect(current).to_have_css("font-weight", "700")
    await page.get_by_label("이 토큰을 어디에 쓰나요?").fill("아침 보고서")
    await page.get_by_label("권한", exact=True).select_option("write")
    await page.get_by_role("button", name="토큰 만들기").click()
    secret = await page.locator("#new_token").inner_text()
    headers = {"Authorization": f"Bearer {secret}"}
    used = await page.request.get(workshop.address("/api/v1/users"), headers=headers)
    assert used.status == 200
    await page.get_by_role("button", name="토큰 복사").click()
    await expect(page.get_by_role("button", name="복사했어요")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == secret

    await page.get_by_role("link", name="English", exact=True).first.click()
    await page.goto(workshop.address("/settings#technical"))
    await expect(page.locator("h1")).to_have_text("Settings")
    assert secret not in await page.content()
    await expect(page.get_by_role("listitem").filter(has_text="아침 보고서")).to_be_visible()
    await page.get_by_text("Revoke (아침 보고서)").click()
    await page.get_by_role("button", name="Yes, revoke the token").click()
    await expect(page.get_by_text("아침 보고서")).to_have_count(0)
    used = await page.request.get(workshop.address("/api/v1/users"), headers=headers)
    assert used.status == 401


@WITH_AND_WITHOUT
async def test_somebody_is_invited_reads_and_is_removed(
    workshop: Website, open_page: OpenPage, javascript: bool
) -> None:
    name = "동생" if javascript else "사촌"
    page = await open_page(operator_of=workshop, javascript=javascript)
    await page.goto(workshop.address("/settings"))
    await page.get_by_label("누구를 초대하나요?").fill(f"{name}에게")
    await page.get_by_role("button", name="초대 만들기").click()
    link = await page.locator("#new_link").inner_text()
    await expect(page.get_by_role("button", name="링크 복사")).to_have_count(int(javascript))

    guest = await open_page(link, javascript=javascript)
    await guest.get_by_label("이름").fill(name)
    await guest.get_by_label("비밀번호").fill("a sentence is better than a word")
    await guest.get_by_role("button", name="계정 만들기").click()
    # At the chat or the chats that other tests have brought here, if any.
    await expect(guest).to_have_url(re.compile(re.escape(workshop.address("/")) + r"(room.*)?$"))
    await expect(guest.get_by_role("banner")).not_to_contain_text("가져오기")
    await guest.get_by_role("link", name="설정").click()
    await expect(guest.get_by_role("main")).to_contain_text("읽기 전용 계정이에요")

    await page.goto(workshop.address("/settings"))
    row = page.get_by_role("listitem").filter(has_text=name)
    await row.get_by_text(f"계정 삭제 ({name})").click()
    await row.get_by_role("button", name="네, 계정을 삭제할게요").click()
    await expect(row).to_have_count(0)
    await guest.reload()
    await expect(guest.locator("h1")).to_have_text("로그인")


@WITH_AND_WITHOUT
async def test_importing_a_file(
    workshop: Website, open_page: OpenPage, tmp_path: Path, javascript: bool
) -> None:
    username = "찻집" if javascript else "서점"
    page = await open_page(operator_of=workshop, javascript=javascript)
    path = posts_file(tmp_path, username, 30)
    path.write_text(path.read_text() + "{broken\n")
    await upload(page, workshop, path, javascript=javascript)
    await expect(page.locator(".facts")).to_contain_text(f"{username} (30)")
    await expect(page.locator(".faults").first).to_contain_text("31번째 줄")
    await start_and_wait(page, javascript=javascript)
    await expect(page.get_by_role("main")).to_contain_text("새 글 30개 · 거부한 항목 1개")

    await page.goto(workshop.address("/imports"))
    row = page.get_by_role("listitem").filter(has_text=f"{username}.jsonl")
    await expect(row).to_contain_text("완료")
    await page.goto(workshop.address(f"/user/{username}"))
    await expect(page.locator("#sight")).to_contain_text("글 30개")


@pytest.mark.full
@WITH_AND_WITHOUT
async def test_the_preview_follows_the_choice_of_columns(
    workshop: Website, open_page: OpenPage, tmp_path: Path, javascript: bool
) -> None:
    page = await open_page(operator_of=workshop, javascript=javascript)
    path = tmp_path / "table.csv"
    path.write_text("작성자,한마디\n" + "미나,안녕하세요\n" * 5)
    await page.set_viewport_size({"width": 360, "height": 700})
    await upload(page, workshop, path, javascript=javascript)
    await expect(page.locator(".post-text")).to_have_count(0)
    column = page.get_by_label("한마디")
    await column.focus()
    await column.select_option("text")
    again = page.get_by_role("button", name="이 열로 미리 보기")
    if javascript:
        await expect(again).to_have_count(0)
    else:
        await again.click()
    await expect(page.locator(".post-text").first).to_have_text("안녕하세요")
    await expect(column).to_have_value("text")
    if javascript:
        await expect(column).to_be_focused()
        await expect(column).to_be_in_viewport()
    await start_and_wait(page, javascript=javascript)


@pytest.mark.full
async def test_columns_that_are_chosen_at_once_all_count(
    workshop: Website, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page(operator_of=workshop)
    path = tmp_path / "essays.csv"
    rows = [f"2026-10-0{day},두리,산책 이야기 {day}\n" for day in range(1, 6)]
    path.write_text("".join(["Handed in,Student name,Your essay\n", *rows]))
    await upload(page, workshop, path)
    fields = ("created_at", "username", "text")
    selects = page.get_by_role("group", name="열").get_by_role("combobox")
    await expect(selects).to_have_count(len(fields))
    for place, field in enumerate(fields):
        await selects.nth(place).select_option(field)
    await expect(page.locator(".post-text").first).to_have_text("산책 이야기 1")
    for place, field in enumerate(fields):
        await expect(selects.nth(place)).to_have_value(field)
    await expect(page.locator(".facts")).to_contain_text("두리 (5)")


@pytest.mark.full
async def test_the_end_of_an_import_replaces_the_button_that_had_the_focus(
    workshop: Website, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page(operator_of=workshop)
    await upload(page, workshop, posts_file(tmp_path, "우체국", 3000))
    with imports_wait(workshop):
        await page.get_by_role("button", name="가져오기 시작").click()
        cancel = page.get_by_role("button", name="취소")
        await cancel.focus()
        assert await cancel.evaluate("button => button.form.action") == f"{page.url}/cancel"
    await expect(page.locator("#ended")).to_be_focused(timeout=IMPORT_TIMEOUT_MS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.wait_for_timeout(1200)
    assert asked == []


@pytest.mark.full
async def test_a_chat_that_is_watched_has_its_name_and_ends_with_its_finding(
    workshop: Website, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page(operator_of=workshop)
    path = tmp_path / "export.txt"
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 6) for day in range(1, 29)]
    messages = [one for day in days for one in said(("두리", "가온"), times=30, day=day)]
    path.write_bytes(kakaotalk("부두 모임", *messages))
    await upload(page, workshop, path)
    await page.locator("input[name=publish][value=on]").check()
    with imports_wait(workshop):
        await page.get_by_role("button", name="가져오기 시작").click()
        await expect(page.locator("h1")).to_have_text("가져오기: 부두 모임")
        await expect(page.locator(".lead")).to_have_text("export.txt")
    await expect(page.locator("#ended")).to_be_visible(timeout=IMPORT_TIMEOUT_MS)
    await expect(page.locator("h1")).to_have_text("가져오기: 부두 모임")
    found = await page.locator("#finding").inner_text()
    await expect(page.locator("#import .stacked")).to_be_in_viewport(ratio=1)
    await expect(page.locator("#import .button.primary")).to_be_in_viewport(ratio=1)
    await page.locator("#import .button.primary").click()
    await expect(page.locator("#finding")).to_have_text(found)


@pytest.mark.full
async def test_an_upload_is_watched_and_cancelled(workshop: Website, open_page: OpenPage) -> None:
    page = await open_page(workshop.address("/imports"), operator_of=workshop, is_new=True)
    file = FilePayload(name="a.jsonl", mimeType="text/plain", buffer=b"x" * 5_000_000)
    session = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 3e5}
    await session.send("Network.emulateNetworkConditions", slow)
    await page.locator("#file").set_input_files(file)
    await expect(page.locator(".upload-figures")).to_have_text(re.compile(r"\d+%"))
    await page.get_by_role("button", name="업로드 취소").click()
    await expect(page.get_by_role("button", name="업로드", exact=True)).to_be_focused()
    await page.locator("#upload").evaluate("form => { form.dataset.limitMb = 1; }")
    await page.get_by_role("button", name="업로드", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("파일이 너무 커요.")


@WITH_AND_WITHOUT
async def test_deleting_a_post_is_asked_first(
    workshop: Website, open_page: OpenPage, javascript: bool
) -> None:
    username = "등대" if javascript else "나루터"
    page = await open_page(operator_of=workshop, javascript=javascript)
    await add_author(page, workshop, username, 25)
    address = page.url
    await page.locator("#list .when").first.click()
    await expect(page.get_by_role("button", name="네, 글을 완전히 삭제할게요")).to_be_hidden()
    text = await page.locator(".single-post .post-text").inner_text()
    await page.get_by_text("이 글 삭제").click()
    await page.get_by_role("button", name="네, 글을 완전히 삭제할게요").click()
    await expect(page).to_have_url(re.compile(re.escape(address) + r"\?deleted=post$"))
    await expect(page.locator("#sight")).to_contain_text("글 24개")
    await expect(page.get_by_text(text, exact=True)).to_have_count(0)
