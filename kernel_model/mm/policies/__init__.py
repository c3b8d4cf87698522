"""What may be decided otherwise than lazy allocation does: a file a policy."""
