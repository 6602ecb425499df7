"""The gates: thin rims that bring payloads to a crossing and carry its effects out."""
