"""What a run shows of itself: lines as it goes, tables, JSON and waveforms."""
