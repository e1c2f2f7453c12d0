"""Registers the sample product's APIs, so that a token can be meant for one of them."""

from consentry.demo.folder import PRODUCT_NAME
from consentry.demo.load_people import BY_DEMO
from consentry.model.faults import ConflictError
from consentry.wiring import Deeds

MCP_URL = "http://localhost:8410/mcp"
"""Where the sample MCP server answers, once somebody starts it beside the demo."""


async def register_apis(deeds: Deeds, api_url: str) -> None:
    """Register the API at `api_url` and the MCP server, unless an earlier start did."""
    for name, identifier in ((f"{PRODUCT_NAME} API", api_url), (f"{PRODUCT_NAME} for assistants", MCP_URL)):
        try:
            await deeds.resources.register(BY_DEMO, name, identifier)
        except ConflictError:
            continue
