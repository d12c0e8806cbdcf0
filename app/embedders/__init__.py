"""Embedders: texts in, unit vectors out, in batches and off the event loop."""

from app.config import Config
from app.embedders.base import Embedder, EmbedderError, RefusedError
from app.embedders.remote import Remote
from app.embedders.sentence import SentenceModel

__all__ = ["Embedder", "EmbedderError", "RefusedError", "open_embedder"]


def open_embedder(config: Config) -> Embedder | None:
    """Return the embedder of the settings, None for `builtin`, which needs no vectors.

    It loads its model or connects at its first use. Raises StartError if it can never work here.
    """
    kind, _, where = config.embedder.partition(":")
    if kind == "sentence-transformers":
        return SentenceModel(where)
    if kind == "http":
        return Remote(where, key=config.embedder_key)
    return None
