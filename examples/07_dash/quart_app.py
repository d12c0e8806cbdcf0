"""A dashboard of Dash in a Quart app: one figure, drawn when an author is chosen."""

import os
from typing import Any, Final

import plotly.graph_objects as go
from dash import Dash, Input, Output, dcc, html
from quart import Quart

DAYS: Final = ["월", "화", "수", "목", "금", "토", "일"]
POSTS: Final = {"jack": [3, 1, 4, 1, 5, 9, 2], "김철수": [2, 7, 1, 8, 2, 8, 1]}

app = Quart(__name__)
dashboard = Dash(
    __name__, server=False, backend="quart", url_base_pathname="/dashboard/", use_pages=False
)
# It would open a WebSocket too, which `before_request` does not guard.
dashboard.backend.websocket_capability = False
dashboard.init_app(app)
dashboard.layout = html.Main(
    [
        dcc.Dropdown(list(POSTS), "jack", id="author"),
        # The bar above a figure has a button that would send it to plotly.com.
        dcc.Graph(id="posts", config={"displayModeBar": False}),
    ]
)


# It may await: an asynchronous session, httpx. Drawing a large figure belongs into a thread.
@dashboard.callback(Output("posts", "figure"), Input("author", "value"))
async def draw(author: str) -> Any:
    return go.Figure(go.Bar(x=DAYS, y=POSTS.get(author, [])), {"title": {"text": author}})


@app.route("/")
async def index() -> str:
    return '<a href="/dashboard/">대시보드</a>'


if __name__ == "__main__":
    app.run(debug=True, port=int(os.environ.get("PORT", "5000")))
