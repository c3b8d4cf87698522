"""Devices: the console, and the kernel's own messages on it."""
