"""The course's way: Flask and Flask-SQLAlchemy, on gunicorn."""

from typing import Any

from flask import Flask, abort, jsonify, request
from flask_sqlalchemy import SQLAlchemy

from benchmarks.peers import queries, sqlite

db = SQLAlchemy()


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{sqlite.database()}"
    app.json.sort_keys = False  # type: ignore[attr-defined]
    db.init_app(app)
    with app.app_context():
        sqlite.set_up(db.engine)

    @app.get("/api/v1/users/<username>")
    def show_user(username: str) -> Any:
        user = db.session.scalar(queries.select_user(username)) or abort(404)
        first, newest = db.session.execute(queries.select_times(user.id)).one()
        return jsonify(queries.user_json(user, first, newest))

    @app.get("/api/v1/users/<username>/tweets")
    def list_tweets(username: str) -> Any:
        user = db.session.scalar(queries.select_user(username)) or abort(404)
        tweets = db.session.scalars(queries.select_tweets(user.id)).all()
        return jsonify(queries.page_json(tweets, user.username))

    @app.post("/api/v1/users/<username>/tweets")
    def create_tweet(username: str) -> Any:
        text = request.get_json()["text"]
        session = db.session
        session.connection(execution_options=sqlite.IMMEDIATE)
        if session.scalar(queries.select_token(request.headers.get("Authorization"))) is None:
            abort(401)
        user = session.scalar(queries.select_user(username)) or abort(404)
        event, tweet = queries.new_tweet(user, text)
        session.add(event)
        session.flush()
        tweet.event_id = event.id
        session.add(tweet)
        session.flush()
        event.tweet_id = tweet.id
        session.execute(queries.count_tweet(user.id))
        answer = queries.tweet_json(tweet, user.username)
        session.commit()
        return jsonify(answer), 201, {"Location": f"/api/v1/tweets/{answer['id']}"}

    return app
