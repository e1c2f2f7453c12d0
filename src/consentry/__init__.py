"""Connected apps for any SaaS product: an OAuth 2.1 authorization server and a guard that is always live."""

__version__ = "0.1.0"
