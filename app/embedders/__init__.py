"""Embedders: texts in, unit vectors out, in batches and off the event loop."""

from app.config import Config
from app.embedders.base import Embedder, EmbedderError, RefusedError
from app.embedders.builtin import Builtin
from app.embedders.remote import Remote
from app.embedders.sentence import SentenceModel

__all__ = ["Embedder", "EmbedderError", "RefusedError", "open_embedder"]


def open_embedder(config: Config) -> Embedder:
    """Return the embedder that the settings name; it loads and connects when it is first asked.

    Raises StartError if it can never work here.
    """
    kind, _, where = config.embedder.partition(":")
    if kind == "sentence-transformers":
        return SentenceModel(where)
    if kind == "http":
        return Remote(where, key=config.embedder_key)
    return Builtin()
