"""Physical memory: the port to it, who may use it, and what lies where."""
