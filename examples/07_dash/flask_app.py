"""A dashboard of Dash in a Flask app: one figure, drawn when an author is chosen."""

import os
from typing import Any, Final

import plotly.graph_objects as go
from dash import Dash, Input, Output, dcc, html
from flask import Flask

DAYS: Final = ["월", "화", "수", "목", "금", "토", "일"]
POSTS: Final = {"jack": [3, 1, 4, 1, 5, 9, 2], "김철수": [2, 7, 1, 8, 2, 8, 1]}

app = Flask(__name__)
dashboard = Dash(__name__, server=app, url_base_pathname="/dashboard/", use_pages=False)
dashboard.layout = html.Main(
    [
        dcc.Dropdown(list(POSTS), "jack", id="author"),
        # The bar above a figure has a button that would send it to plotly.com.
        dcc.Graph(id="posts", config={"displayModeBar": False}),
    ]
)


@dashboard.callback(Output("posts", "figure"), Input("author", "value"))
def draw(author: str) -> Any:
    return go.Figure(go.Bar(x=DAYS, y=POSTS.get(author, [])), {"title": {"text": author}})


@app.route("/")
def index() -> str:
    return '<a href="/dashboard/">대시보드</a>'


if __name__ == "__main__":
    app.run(debug=True, port=int(os.environ.get("PORT", "5000")))  # noqa: S201
