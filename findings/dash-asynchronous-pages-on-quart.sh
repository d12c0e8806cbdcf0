#!/usr/bin/env bash
# dash 4.4.1 on quart 0.22.0: an asynchronous callback works, and an asynchronous page is an error without asgiref.
#
# Expected: with Quart as its server, Dash awaits callbacks and layouts of pages that are `async def`. Nothing more is
# to be installed: the extra `dash[async]` is for Flask, which is not asynchronous by itself.
# Seen: the callback is awaited. The page is a 500, "which is not JSON serializable". Once asgiref is installed, which
# neither Dash's core nor Quart needs, the same program shows the page.
# Output:
#   without asgiref: callback 200, page 500
#   with asgiref: callback 200, page 200
# Why: whether pages are awaited is decided when the app is made, by whether asgiref can be imported, for all servers.
# Callbacks are awaited by the part for Quart, which looks at what they return.
# Who is hurt: people who put a dashboard into a Quart app, and read their database in a page's layout. On a machine
# where some other package has brought asgiref, the same code works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'dash==4.4.1' 'quart==0.22.0'
cat >"$folder/ask.py" <<'PYTHON'
import asyncio
import logging
import sys

import dash
from dash import Dash, Input, Output, dcc, html
from quart import Quart

logging.disable()
server = Quart("site")
app = Dash("site", server=server, use_pages=True, pages_folder="")
app.layout = html.Div([dash.page_container, dcc.Input(id="name"), html.Div(id="said")])


async def layout(name=None):
    await asyncio.sleep(0)
    return html.Div(f"posts of {name}")


dash.register_page("posts", path_template="/posts/<name>", layout=layout)


@app.callback(Output("said", "children"), Input("name", "value"))
async def say(name):
    await asyncio.sleep(0)
    return f"hello {name}"


def asked(outputs, inputs):
    named = [dict(zip(("id", "property"), each.split("."))) for each in outputs]
    whole = f"..{'...'.join(outputs)}.." if len(outputs) > 1 else outputs[0]
    values = [dict(zip(("id", "property"), each.split("."))) | {"value": value} for each, value in inputs.items()]
    return {"output": whole, "outputs": named if len(named) > 1 else named[0], "inputs": values} | {
        "changedPropIds": [*inputs]
    }


async def main():
    async with server.test_app():
        client = server.test_client()
        await client.get("/")
        callback = asked(["said.children"], {"name.value": "Mina"})
        address = {"_pages_location.pathname": "/posts/mina", "_pages_location.search": ""}
        page = asked(["_pages_content.children", "_pages_store.data"], address)
        seen = [(await client.post("/_dash-update-component", json=each)).status_code for each in (callback, page)]
    print(f"{sys.argv[1]}: callback {seen[0]}, page {seen[1]}")
    assert seen == [200, int(sys.argv[2])]


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" -W ignore "$folder/ask.py" 'without asgiref' 500 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'asgiref==3.10.0'
"$folder/venv/bin/python" -W ignore "$folder/ask.py" 'with asgiref' 200
