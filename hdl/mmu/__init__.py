"""The memory-management unit: a component of its own, usable without the hart."""
