"""Live sources: accounts of Bluesky and Mastodon, and feeds, visited for new posts."""
