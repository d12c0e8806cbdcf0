#!/usr/bin/env bash
# aiohttp 3.14.5: a cookie that a site of Express has deleted is still sent.
#
# Expected: a cookie whose "Expires" has passed is deleted (RFC 6265, 5.3). To delete one, `clearCookie` of Express
# 5.3.0 sends it without a value, with the first second of 1970.
# Seen: after signing out, the client of aiohttp goes on sending "member", now with the value "". So a site that asks if
# the cookie is there still sees a member. The clients requests and httpx send it no more. Deleted with the next second
# of 1970, it is gone in aiohttp, too.
# Why: the first second of 1970 is the number 0, and the client asks if there is a number. Without one, a cookie stays
# as long as the program runs.
# Who is hurt: whoever collects posts with it from sites where one signs in and out. The answers are those of a state
# that no browser is in.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'aiohttp==3.14.5' 'requests==2.34.2' 'httpx==0.28.1'
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts express@5.3.0)
cd "$folder"
cat >site.js <<'JS'
const app = require("express")();
app.get("/in", (request, response) => response.cookie("member", "mina").cookie("guest", "mina").end());
app.get("/out", (request, response) => {
  response.clearCookie("member");
  response.append("Set-Cookie", "guest=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT").end();
});
app.get("/seen", (request, response) => response.send(request.headers.cookie ?? "nothing"));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
JS
cat >ask.py <<'PYTHON'
import asyncio
import subprocess

import aiohttp
import httpx
import requests


async def ask_aiohttp(site):
    jar = aiohttp.CookieJar(unsafe=True)  # so that cookies of 127.0.0.1 are kept
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        for path in ("/in", "/seen", "/out", "/seen"):
            async with session.get(site + path) as response:
                yield await response.text()


async def main(site):
    async def read(answers):
        _, before, _, after = [text async for text in answers]
        return before, after

    seen = {"aiohttp": await read(ask_aiohttp(site))}
    for name, session in (("requests", requests.Session()), ("httpx", httpx.Client())):
        _, before, _, after = [session.get(site + path).text for path in ("/in", "/seen", "/out", "/seen")]
        seen[name] = before, after
    for name, (before, after) in seen.items():
        print(f"{name}: {before}, then {after}")
    assert {frozenset(before.split("; ")) for before, _ in seen.values()} == {frozenset({"member=mina", "guest=mina"})}
    assert seen["aiohttp"][1] == 'member=""'
    assert seen["requests"][1] == seen["httpx"][1] == "nothing"


with subprocess.Popen(["node", "site.js"], stdout=subprocess.PIPE, text=True) as server:
    try:
        asyncio.run(main(f"http://127.0.0.1:{server.stdout.readline().strip()}"))
    finally:
        server.terminate()
PYTHON
timeout 60 "$folder/venv/bin/python" -W ignore ask.py
