"""Other people's load generators: for each, the command of a round and how to read what it wrote."""
