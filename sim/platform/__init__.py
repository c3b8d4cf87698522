"""What surrounds a hart: RAM, the bus, the devices on it, and the events that they raise."""
