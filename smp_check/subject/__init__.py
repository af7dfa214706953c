"""The system under test: started, waited for and stopped; a base checked out beside the head."""
