"""The live stream: each event is encoded once for all clients."""
