"""A run as one page of HTML: its page faults with their stories, and what went on over time."""
