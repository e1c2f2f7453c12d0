"""What the deeds need of the world: a clock, secrets, and stores that speak in whole operations."""
