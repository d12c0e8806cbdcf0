"""Exports of posts: microblogs, blogs, journals, feeds and account downloads."""
