"""Live sources: Bluesky, Mastodon and feeds, asked again and again for new posts."""
