"""Sweeps: many runs that differ in their parameters, and the table of what came of them."""
