"""Silicon: the hart, its MMU and buses, in Amaranth. Imports nothing, so `hdl.arch` is free."""
