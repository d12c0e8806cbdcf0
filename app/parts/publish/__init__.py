"""An archive as a website: files that need no server."""
