"""The network as a test wants it: what stands at which https address, and who fetched it when."""

import json
from collections.abc import Mapping

from consentry.ports.outbound import FetchedDocument, OutboundError

CLIENT_ID = "https://assistant.test/oauth/client.json"


def a_document(**changes: object) -> dict[str, object]:
    """Return the document of a public client; a change of None leaves the member out."""
    members: dict[str, object] = {
        "client_id": CLIENT_ID,
        "client_name": "Assistant",
        "redirect_uris": ["https://client.test/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


class Documents:
    """Answers as told; an address at which nothing stands does not answer at all."""

    def __init__(self) -> None:
        self.answers: dict[str, FetchedDocument] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def put(
        self,
        document: Mapping[str, object] | bytes | None = None,
        *,
        url: str = CLIENT_ID,
        status: int = 200,
        media_type: str = "application/json",
        **headers: str,
    ) -> None:
        """Let this stand at the address from now on: a good document, unless told otherwise."""
        body = document if isinstance(document, bytes) else json.dumps(document or a_document()).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[url] = FetchedDocument(status, body, {"content-type": media_type, **named})

    def take_away(self, url: str = CLIENT_ID) -> None:
        """Let nothing stand at the address."""
        self.answers.pop(url, None)

    @property
    def times(self) -> int:
        """How often something was fetched."""
        return len(self.asked)

    async def fetch(
        self, url: str, *, accept: str, most_bytes: int, headers: Mapping[str, str] | None = None
    ) -> FetchedDocument:
        assert accept == "application/json"
        self.asked.append((url, headers or {}))
        answer = self.answers.get(url)
        if answer is None:
            raise OutboundError("Nothing answers there.")
        if len(answer.body) > most_bytes:
            raise OutboundError(f"The answer is longer than {most_bytes} bytes.")
        return answer

    async def post_form(self, url: str, form: Mapping[str, str]) -> int:
        raise AssertionError(f"nothing is posted here, and not {form} to {url}")
