"""Guests: what runs on the machine, how it gets there, and which faults it has had."""
