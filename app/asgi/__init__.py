"""The ASGI layers around the app: what is done before routing, or instead of it."""
