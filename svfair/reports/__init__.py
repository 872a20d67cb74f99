"""Tables, JSON and HTML of evaluations."""
