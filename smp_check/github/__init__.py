"""GitHub: what the event asks for, the REST client, the sticky comment, summary, annotations, outputs."""
