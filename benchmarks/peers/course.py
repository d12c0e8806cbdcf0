"""The course's way to compare two authors: a logistic regression fitted for each request.

It loads the tweets of both as objects with their pickled embeddings, as the course does; with
`PEER_LEAN` it reads only the two columns that it needs, the embeddings as plain bytes. The
course's embeddings come from spaCy's `en_core_web_sm`, which costs milliseconds a text; here a
stand-in of the same 96 dimensions costs next to nothing.
"""

import os
import random
import sqlite3
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from flask import Flask, abort, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sqlalchemy import ForeignKey, PickleType, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from benchmarks.peers import sqlite

DIMENSIONS: Final = 96

Known = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Vectors (n, 96) and whose they are, 0 or 1."""


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    tweets: Mapped[list["Tweet"]] = relationship(back_populates="user")


class Tweet(Base):
    __tablename__ = "tweet"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    embedding: Mapped[Any] = mapped_column(PickleType)
    vector: Mapped[bytes]
    """The embedding again, for the lean query."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    user: Mapped[User] = relationship(back_populates="tweets")


db = SQLAlchemy(model_class=Base)


def embed(text: str) -> NDArray[np.float32]:
    """Return the sum of random vectors, one for each word."""
    total = np.zeros(DIMENSIONS, np.float32)
    for word in text.split():
        seed = zlib.crc32(word.encode())
        total += np.frombuffer(random.Random(seed).randbytes(DIMENSIONS), np.int8)
    return total / np.float32(100)


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{sqlite.database()}"
    db.init_app(app)
    with app.app_context():
        sqlite.set_up(db.engine)

    def find(username: str) -> User:
        return db.session.scalar(select(User).where(User.username == username)) or abort(404)

    read = _read_lean if "PEER_LEAN" in os.environ else _read_objects

    @app.get("/api/v1/compare")
    def compare() -> Any:
        names = request.args.getlist("username")
        users = [find(name) for name in names]
        x, labels = read(users)
        model = LogisticRegression(max_iter=1000).fit(x, labels)
        text = embed(request.args["text"]).reshape(1, -1)
        return jsonify(username=users[int(model.predict(text)[0])].username)

    return app


def _read_objects(users: list[User]) -> Known:
    vectors = [np.vstack([tweet.embedding for tweet in user.tweets]) for user in users]
    return np.vstack(vectors), np.repeat([0, 1], [len(each) for each in vectors])


def _read_lean(users: list[User]) -> Known:
    query = select(Tweet.user_id, Tweet.vector).where(Tweet.user_id.in_([u.id for u in users]))
    ids, blobs = zip(*db.session.execute(query), strict=True)
    vectors = np.frombuffer(b"".join(blobs), np.float32).reshape(-1, DIMENSIONS)
    return vectors, (np.array(ids) == users[1].id).astype(np.int64)


def make_database(path: Path, source: Path, authors: int) -> None:
    """Write the first authors of one of this program's databases, with all their tweets."""
    with sqlite3.connect(source) as connection:
        names = connection.execute(
            'SELECT id, username FROM "Users" WHERE id <= ?', (authors,)
        ).fetchall()
        tweets = connection.execute(
            'SELECT text, user_id FROM "Tweet" WHERE user_id <= ?', (authors,)
        ).fetchall()
    connection.close()
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{path}"
    database = SQLAlchemy(model_class=Base)
    database.init_app(app)
    with app.app_context():
        Base.metadata.create_all(database.engine)
        database.session.execute(
            insert(User), [{"id": key, "username": name} for key, name in names]
        )
        rows = [
            {"text": text, "user_id": key, "embedding": vector, "vector": vector.tobytes()}
            for text, key in tweets
            for vector in [embed(text)]
        ]
        database.session.execute(insert(Tweet), rows)
        database.session.commit()
        database.engine.dispose()
