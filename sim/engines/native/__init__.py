"""The native engine: Amaranth designs as C++, at millions of cycles a second."""
