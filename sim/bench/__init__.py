"""`make bench`: how fast the hart is in cycles, and how fast the engines simulate it."""
