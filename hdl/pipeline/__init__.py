"""The five stages of the hart, and what they hand on to each other."""
