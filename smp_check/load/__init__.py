"""Load generators behind one port: plan -> rounds."""
