"""The door to the database: whole operations, each atomic by itself."""
