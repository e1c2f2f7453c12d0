"""Words of the product: pure records and rules, without clock, randomness or I/O."""
