"""Tasks on one process or many machines; nothing of what is done is known here."""
