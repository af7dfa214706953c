"""Other tools' results as run documents: what a source cannot tell is absent, never zero."""
