"""What the stages compute with: units that know nothing of a pipeline."""
