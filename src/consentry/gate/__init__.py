"""What is done around every check, wherever a call comes from: read it, judge it, word the refusal.

The guard's adapters use it in the product's process, and the server for gateways.
"""
