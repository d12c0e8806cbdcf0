"""The front page, the page of the API, health, and what the course asks for."""
