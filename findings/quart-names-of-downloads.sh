#!/usr/bin/env bash
# quart 0.22.0 beside flask 3.1.3: a download with a Korean name arrives under another name.
#
# Expected: `send_file` of Quart is that of Flask, with `attachment_filename` for `download_name`. Flask writes a name
# that is not Latin twice: its Latin part as `filename`, and all of it as `filename*=UTF-8''...`, as RFC 6266 asks.
# Seen: Quart writes the name once, in raw UTF-8. Clients that read headers as Latin-1, as Python's and Node's do, save
# "ëí 1.csv".
# Output:
#   Flask: attachment; filename=" 1.csv"; filename*=UTF-8''%EB%8C%80%ED%99%94%201.csv
#   Quart: b'attachment; filename="\xeb\x8c\x80\xed\x99\x94 1.csv"'
#   read as Latin-1: attachment; filename="ë\x8c\x80í\x99\x94 1.csv"
# Why: Flask encodes the name before it writes the header. Quart gives it to the headers as it is, which are sent in
# UTF-8.
# Who is hurt: people who move an app from Flask to Quart and whose files have Korean names. A test with an English name
# sees nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'quart==0.22.0' 'flask==3.1.3'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio
import io

import flask
import quart

NAME = "대화 1.csv"
old, new = flask.Flask("old"), quart.Quart("new")


@old.get("/")
def download():
    return flask.send_file(io.BytesIO(b"tea\n"), "text/csv", as_attachment=True, download_name=NAME)


@new.get("/")
async def download_later():
    return await quart.send_file(io.BytesIO(b"tea\n"), "text/csv", as_attachment=True, attachment_filename=NAME)


async def header_as_sent(app):
    sent, requests = [], [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return requests.pop() if requests else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    address = {"method": "GET", "scheme": "http", "path": "/", "raw_path": b"/", "query_string": b"", "root_path": ""}
    protocol = {"type": "http", "http_version": "1.1", "asgi": {}, "extensions": {}}
    await app(protocol | address | {"headers": [(b"host", b"localhost")]}, receive, send)
    return dict(sent[0]["headers"])[b"content-disposition"]


flasks = old.test_client().get("/").headers["Content-Disposition"]
quarts = asyncio.run(header_as_sent(new))
print("Flask:", flasks)
print("Quart:", quarts)
print("read as Latin-1:", repr(quarts.decode("latin-1")).strip("'"))
assert "filename*=UTF-8''%EB%8C%80%ED%99%94%201.csv" in flasks
assert quarts == f'attachment; filename="{NAME}"'.encode()
PYTHON
