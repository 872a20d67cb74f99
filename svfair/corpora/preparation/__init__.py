"""What is done for every corpus: listed, headers read, checked, stored, resumed, written whole."""
