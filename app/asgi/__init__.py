"""ASGI layers around the app, which act before routing or instead of it."""
