"""The pictures of a post, one a page (in a dialog by `app/static/viewer.js`)."""

from app.services.posts.tweets import Neighbours, Post
from app.services.rooms.room_facts import RoomFacts
from app.views.page import WebPage


class ViewerPage(WebPage, frozen=True, kw_only=True):
    template = "posts/picture.html"

    post: Post
    neighbours: Neighbours
    zone: str | None
    room: RoomFacts | None = None
    tz: str = ""
    wall: str
    place: str
