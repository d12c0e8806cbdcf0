"""The same game the course's way: Flask, threads, SQLite, and players who ask each second.

Only what `benchmarks.game` asks for: no saywho, no texts, nobody is removed.
"""

import os
import secrets
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, abort, g, jsonify, redirect, request

TABLES = """
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS game (id INTEGER PRIMARY KEY, code TEXT, state TEXT, question INT,
        questions INT, seconds INT, version INT, asked_ms INT, options TEXT);
    CREATE TABLE IF NOT EXISTS player (id INTEGER PRIMARY KEY, game INT, name TEXT, token TEXT);
    CREATE UNIQUE INDEX IF NOT EXISTS by_token ON player (token);
    CREATE TABLE IF NOT EXISTS answer (player INT, question INT, username TEXT, ms INT, points INT,
        PRIMARY KEY (player, question));
"""


routes = Blueprint("game", __name__)


@routes.before_request
def open_database() -> None:
    g.db = connection()


@routes.teardown_request
def close_database(_: BaseException | None) -> None:
    g.db.close()


@routes.get("/readyz")
def show_ready() -> str:
    return "ready"


@routes.post("/games")
def create_game() -> Any:
    form = request.form
    values = ("CODE", "waiting", 0, form["questions"], form["seconds"], 1, 0)
    options = ",".join(form.getlist("username"))
    query = "INSERT INTO game VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
    game_id = write(query, (*values, options)).lastrowid
    return redirect(f"/games/{game_id}", 303)


@routes.get("/api/v1/games/<int:game_id>")
def show_game(game_id: int) -> Any:
    game = told_if_over(game_id)
    return jsonify(**view_of(game), code=game["code"])


@routes.get("/api/v1/games/<int:game_id>/results.csv")
def show_results(game_id: int) -> Any:
    rows = g.db.execute(
        "SELECT rank() OVER (ORDER BY coalesce(sum(a.points), 0) DESC), p.name,"
        " coalesce(sum(a.points), 0) FROM player p"
        " LEFT JOIN answer a ON a.player = p.id WHERE p.game = ? GROUP BY p.id",
        (game_id,),
    )
    lines = ["place,name,points", *(",".join(map(str, row)) for row in rows)]
    return "\n".join(lines), {"Content-Type": "text/csv"}


@routes.post("/games/<int:game_id>/next")
def go_on(game_id: int) -> Any:
    game = told_if_over(game_id)
    if game["version"] != int(request.form["version"]):
        abort(409)
    is_asked = game["state"] == "asking"
    state = "told" if is_asked else "asking"
    number = game["question"] + (not is_asked)
    asked_ms = game["asked_ms"] if is_asked else now_ms()
    query = (
        "UPDATE game SET state = ?, question = ?, asked_ms = ?, version = version + 1 WHERE id = ?"
    )
    write(query, (state, number, asked_ms, game_id))
    return redirect(f"/games/{game_id}", 303)


@routes.post("/play")
def join() -> Any:
    form, token = request.form, secrets.token_urlsafe(32)
    game = g.db.execute("SELECT id FROM game WHERE code = ?", (form["code"],)).fetchone()
    query = "INSERT INTO player VALUES (NULL, ?, ?, ?)"
    write(query, (game["id"], form["name"], token))
    response = redirect(f"/play/{game['id']}", 303)
    response.set_cookie("player", token)
    return response


@routes.get("/api/v1/play/<int:game_id>")
def show_play(game_id: int) -> Any:
    player_id()
    return jsonify(view_of(told_if_over(game_id)))


@routes.post("/api/v1/play/<int:game_id>/answers")
def answer(game_id: int) -> Any:
    arrived_ms, form, player = now_ms(), request.get_json(), player_id()
    game = game_row(game_id)
    ms = arrived_ms - game["asked_ms"]
    is_present = game["state"] == "asking" and form["question"] == game["question"]
    if not is_present or ms > game["seconds"] * 1_000:
        abort(409)
    total_ms = game["seconds"] * 1_000
    is_right = form["username"] == truth_of(game)
    points = 500 + 500 * (total_ms - ms) // total_ms if is_right else 0
    values = (player, form["question"], form["username"], ms, points)
    try:
        write("INSERT INTO answer VALUES (?, ?, ?, ?, ?)", values)
    except sqlite3.IntegrityError:
        abort(409)
    return jsonify(question=form["question"], username=form["username"], ms=ms), 201


def create_app() -> Flask:
    app = Flask(__name__)
    with connection() as db:
        db.executescript(TABLES)
    app.register_blueprint(routes)
    return app


def connection() -> sqlite3.Connection:
    db = sqlite3.connect(os.environ["PEER_DATABASE"], timeout=30, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA synchronous = FULL")
    return db


def write(query: str, values: Sequence[Any]) -> sqlite3.Cursor:
    """Run one statement, which is a transaction of its own with its own sync to the disk."""
    cursor: sqlite3.Cursor = g.db.execute(query, values)
    return cursor


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def game_row(game_id: int) -> sqlite3.Row:
    row: sqlite3.Row = g.db.execute("SELECT * FROM game WHERE id = ?", (game_id,)).fetchone()
    return row


def told_if_over(game_id: int) -> sqlite3.Row:
    """Return the game, whose question ends with its time or once all have answered."""
    game = game_row(game_id)
    if game["state"] != "asking":
        return game
    counts = g.db.execute(
        "SELECT (SELECT count(*) FROM player WHERE game = ?),"
        " (SELECT count(*) FROM answer WHERE question = ?)",
        (game_id, game["question"]),
    ).fetchone()
    is_late = now_ms() > game["asked_ms"] + game["seconds"] * 1_000
    if is_late or counts[0] == counts[1]:
        query = "UPDATE game SET state = 'told', version = version + 1 WHERE id = ? AND version = ?"
        write(query, (game_id, game["version"]))
        return game_row(game_id)
    return game


def player_id() -> int:
    token = request.cookies.get("player", "")
    row = g.db.execute("SELECT id FROM player WHERE token = ?", (token,)).fetchone()
    return int(row["id"]) if row else abort(401)


def truth_of(game: sqlite3.Row) -> str:
    options = game["options"].split(",")
    return str(options[game["question"] % len(options)])


def view_of(game: sqlite3.Row) -> dict[str, Any]:
    is_asked = game["state"] == "asking"
    ends = datetime.fromtimestamp(game["asked_ms"] / 1_000 + game["seconds"], UTC)
    return {
        "state": game["state"],
        "question": game["question"],
        "version": game["version"],
        "ends_at": ends.isoformat() if is_asked else None,
        "truth": None if is_asked or not game["question"] else truth_of(game),
    }
