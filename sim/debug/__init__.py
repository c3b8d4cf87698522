"""A debugger of runs: it goes forth and back in them, and shows what is there."""
