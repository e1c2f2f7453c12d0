"""DOOR: pages, protocol endpoints and the management API, over HTTP."""
