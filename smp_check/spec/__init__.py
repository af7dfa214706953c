"""The SMP format: schemas, reading with positions, conformance, legacy shapes, writing."""
