"""What the tests of the PostgreSQL gate share: a running gate, a client of bytes, marks, attacks, random queries."""
