"""How often verdicts are wrong: simulated and real noise, beside the rules of other tools."""
