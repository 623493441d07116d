"""The commands that need no crawler. Each module has ``register(app)``."""
