"""Exercises for people who learn how Sv39 translates, with their answers."""
