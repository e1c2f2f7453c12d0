"""The pages under Settings, API & Connections: apps, API keys, connections, the audit."""
