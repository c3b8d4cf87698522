"""Processes: what one is, its trap frame, how it waits."""
