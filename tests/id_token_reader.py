"""Checks ID tokens as a client does: with the published keys, by the JOSE library."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256, sha512
from typing import Any

import httpx
from joserfc import jws
from joserfc.jwk import KeySet

from consentry.flows.jws_registry import ExactAlgorithms
from live_server import Site

ALGORITHMS = ("ES256", "RS256", "EdDSA")


def read_id_token(site: Site, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token that one of the published keys signed."""
    keys = KeySet.import_key_set(httpx.get(f"{site.issuer}/oauth/jwks").json())
    signed = jws.deserialize_compact(text, keys, registry=ExactAlgorithms(ALGORITHMS))
    claims: dict[str, Any] = json.loads(signed.payload)
    return dict(signed.headers()), claims


def at_hash(access_token: str, algorithm: str) -> str:
    """Return what `at_hash` must be. OpenID Connect Core §3.1.3.6."""
    digest = (sha512 if algorithm == "EdDSA" else sha256)(access_token.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
