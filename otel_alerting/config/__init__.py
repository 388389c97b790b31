"""What users write becomes typed values, and those become a pipeline."""
