"""Start a server for the OpenID Foundation's conformance suite: https, two known clients, one known person.

    python examples/conformance/start.py [--issuer https://localhost:8443] [--clients FILE] [--person FILE]

Everything that it makes goes to one folder, which is made anew at each start: the certificate, the database, and the
suite's configuration files, which are ready to be used.
"""

import argparse
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, KeySet
from suite import fapi2_configuration, plan_configuration

HERE = Path(__file__).parent
ORGANISATION = "Conformance"
CALLBACK = re.compile(r"/test/a/([^/]+)/callback")


def main() -> None:
    options = _options()
    folder: Path = options.folder
    _empty(folder)
    clients = json.loads(options.clients.read_text("utf-8"))["clients"]
    person = json.loads(options.person.read_text("utf-8"))
    alias = _alias(clients)
    issuer, address = options.issuer.rstrip("/"), urlsplit(options.issuer)
    _write_certificate(folder / "tls.pem", address.hostname or "localhost")
    _write_settings(folder, issuer, options.port or address.port or 443, options.host)
    _consentry(folder, "org", "create", ORGANISATION)
    another = person | {"email": f"declines.{person['email']}"}
    for one in (person, another):
        _add_person(folder, one)
    for client in clients:
        _add_client(folder, client)
    keys = [ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig", "kid": f"fapi2-{one}"}) for one in (1, 2)]
    signing = [_signing(client, key, alias) for client, key in zip(clients[:2], keys, strict=True)]
    for client in signing:
        _add_client(folder, client)
    private = [{"keys": [key.as_dict(private=True)]} for key in keys]
    fapi2 = fapi2_configuration(issuer, f"{alias}-fapi2", signing, (person, another), private)
    _write(folder / "oidc.json", plan_configuration(issuer, alias, clients, person))
    _write(folder / "fapi2.json", fapi2)
    sys.stdout.write(f"The suite's configuration: {folder / 'oidc.json'} and {folder / 'fapi2.json'}\n")
    sys.stdout.flush()
    program = [sys.executable, str(HERE / "serve.py"), str(folder / "consentry.toml")]
    os.execv(sys.executable, program)  # noqa: S606 - this program becomes the server


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Start a server for the OpenID Foundation's conformance suite.")
    parser.add_argument("--issuer", default="https://localhost:8443", help="the address by which the suite reaches us")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, help="the port to listen on, where it is not that of the issuer")
    parser.add_argument("--clients", type=Path, default=HERE / "clients.json", help="IDs, secrets and redirect URIs")
    parser.add_argument("--person", type=Path, default=HERE / "person.json", help="who signs in, and their claims")
    parser.add_argument("--folder", type=Path, default=HERE / ".running", help="where to put what is made")
    return parser.parse_args()


def _alias(clients: list[dict[str, Any]]) -> str:
    """Return the alias of the test plan, which is part of the redirect URIs."""
    named = {found[1] for client in clients for uri in client["redirect_uris"] if (found := CALLBACK.search(uri))}
    if len(named) != 1:
        sys.exit("The redirect URIs of the clients must be those of one plan: https://SUITE/test/a/ALIAS/callback.")
    return str(named.pop())


def _empty(folder: Path) -> None:
    """Make the folder, anew if it is one of ours; nothing else is ever deleted."""
    mark = folder / ".conformance-server"
    if mark.exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        sys.exit(f"{folder} holds other things. Name an empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _write_certificate(path: Path, host: str) -> None:
    """Write a certificate of its own making, good for a week, with its key, as one PEM file."""
    # RSA: the suite's list of cipher suites has had none for other keys in some of its versions.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    names = [_general_name(one) for one in dict.fromkeys(("localhost", "127.0.0.1", host))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_settings(folder: Path, issuer: str, port: int, host: str) -> None:
    settings: dict[str, Any] = {
        "issuer": issuer,
        "host": host,
        "port": port,
        "ssl_certfile": "tls.pem",
        "catalog": str(HERE / "catalog.toml"),
        "product_name": "Consentry",
        # The suite often runs on the same machine, or in a container on it; its logout endpoint must be reached.
        "outbound_allowed_networks": ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (folder / "consentry.toml").write_text("".join(lines), encoding="utf-8")
    _consentry(folder, "migrate")


def _add_person(folder: Path, person: dict[str, Any]) -> None:
    email = person["email"]
    _write(folder / "claims.json", person["claims"])
    _consentry(folder, "user", "create", email, "--name", person["name"], "--password-stdin", said=person["password"])
    _consentry(folder, "user", "claims", email, "--file", str(folder / "claims.json"))
    _consentry(folder, "member", "set", ORGANISATION, email, "--role", "owner")


def _add_client(folder: Path, client: dict[str, Any]) -> None:
    """Register a client; what is not an option of its own goes in as metadata, in the words of RFC 7591."""
    known = {"client_id", "client_secret", "client_name", "redirect_uris", "scope", "require_pkce"}
    metadata = folder / f"{client['client_id']}.json"
    _write(metadata, {name: value for name, value in client.items() if name not in known})
    options = ["--name", client["client_name"], "--type", "confidential", "--client-id", client["client_id"]]
    for uri in client["redirect_uris"]:
        options += ["--redirect-uri", uri]
    for scope in client["scope"].split():
        options += ["--scope", scope]
    options += ["--metadata", str(metadata)]
    # The basic plan sends no code_challenge: PKCE is newer than it.
    options += ["--pkce" if client.get("require_pkce") else "--no-pkce"]
    secret = client.get("client_secret")
    options += [] if secret is None else ["--client-secret-stdin"]
    _consentry(folder, "app", "register", ORGANISATION, *options, said=secret)


def _signing(client: dict[str, Any], key: ECKey, alias: str) -> dict[str, Any]:
    """The same client as FAPI 2.0 wants it: it signs, pushes its requests, and binds its tokens to a key."""
    redirect_uris = [uri.replace(f"/a/{alias}/", f"/a/{alias}-fapi2/") for uri in client["redirect_uris"]]
    return {
        "client_id": f"{client['client_id']}-fapi2",
        "client_name": f"{client['client_name']}, FAPI 2.0",
        "redirect_uris": redirect_uris,
        "scope": client["scope"],
        "require_pkce": True,
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": "ES256",
        "jwks": KeySet([key]).as_dict(private=False),
        "require_pushed_authorization_requests": True,
        "dpop_bound_access_tokens": True,
    }


def _consentry(folder: Path, *arguments: str, said: str | None = None) -> None:
    """Run a command of Consentry, and end with its complaint where it fails."""
    program = [sys.executable, "-m", "consentry", *arguments, "--config", str(folder / "consentry.toml")]
    done = subprocess.run(program, input=said, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        sys.exit(f"consentry {' '.join(arguments[:2])}: {done.stderr or done.stdout}")


def _write(path: Path, value: object) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
