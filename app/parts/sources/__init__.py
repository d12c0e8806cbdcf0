"""Live sources: accounts of Bluesky and Mastodon, and feeds."""
