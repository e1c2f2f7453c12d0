"""The door for the product's API: the check on every request, and its adapters."""
