"""The front page, the API's page, health, and the course's addresses."""
