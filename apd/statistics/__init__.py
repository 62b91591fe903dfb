"""Estimates with standard errors, paired differences, and accuracy under parallelism (AUP)."""
