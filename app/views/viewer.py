"""The pictures of one post of a wall, as large as the page, with the ways to the next ones.

A script shows the same page in a dialog (`app/static/viewer.js`).
"""

from app.services.posts.tweets import Neighbours, Post
from app.services.rooms.room_facts import RoomFacts
from app.views.page import WebPage


class ViewerPage(WebPage, frozen=True, kw_only=True):
    template = "posts/picture.html"

    post: Post
    neighbours: Neighbours
    zone: str | None
    """That of the chat, or None for a post."""
    room: RoomFacts | None = None
    tz: str = ""
    """As the address names it."""
    wall: str
    """Address of the wall, without its parameter `picture`."""
    place: str
    """Address at which the post is among others."""
