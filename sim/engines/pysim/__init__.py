"""The engine on Amaranth's own simulator."""
