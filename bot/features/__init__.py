"""One folder for each feature: its rules (pure), its service, its text."""
