"""What is done for every corpus."""
