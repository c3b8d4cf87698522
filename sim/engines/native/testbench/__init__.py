"""Amaranth's testbenches on compiled designs."""
