"""Written down once: addresses, limits, calls, costs, records. It imports no other room."""
