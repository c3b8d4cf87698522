"""Adapters from the memory port to the buses that others have."""
