"""Engines: what runs the hart cycle by cycle, behind one narrow interface (`base.Engine`)."""
