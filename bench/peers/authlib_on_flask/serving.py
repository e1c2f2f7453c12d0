"""Authlib on Flask and SQLAlchemy, put together as its documentation and its example of a server do.

BENCH_DATABASE names the SQLite file, which is in write-ahead mode and as durable as the others' databases.
"""

import os
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_query_client_func,
    create_query_token_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, Response
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

# TLS ends before this server, as it does in production.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
CODE_LIFETIME = 7200

app = Flask(__name__)
app.config.update(
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{os.environ['BENCH_DATABASE']}",
    OAUTH2_REFRESH_TOKEN_GENERATOR=True,
    OAUTH2_TOKEN_EXPIRES_IN={"authorization_code": 7200, "refresh_token": 7200},
)
db = SQLAlchemy(app)


class User(db.Model):
    """A person."""

    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(40), unique=True)

    def get_user_id(self) -> int:
        """Return what the tokens say of the person."""
        return self.id


class Client(db.Model, OAuth2ClientMixin):
    """A registered app."""

    id = db.Column(db.Integer, primary_key=True)


class Code(db.Model, OAuth2AuthorizationCodeMixin):
    """An authorization code."""

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("user.id", ondelete="CASCADE"))

    def is_expired(self) -> bool:
        """Allow more time than usual: the benchmark prepares its codes beforehand."""
        return self.auth_time + CODE_LIFETIME < time.time()


class Token(db.Model, OAuth2TokenMixin):
    """An access token with its refresh token."""

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("user.id", ondelete="CASCADE"))
    user = db.relationship("User")


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    """The grant over these tables."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "none")

    def save_authorization_code(self, code: str, request: object) -> None:
        """Not reached: the benchmark prepares its codes beforehand."""
        raise NotImplementedError

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """Return the code if it can be used."""
        found = Code.query.filter_by(code=code, client_id=client.client_id).first()
        return None if found is None or found.is_expired() else found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Use the code up."""
        db.session.delete(authorization_code)
        db.session.commit()

    def authenticate_user(self, authorization_code: Code) -> User | None:
        """Return who approved."""
        return db.session.get(User, authorization_code.user_id)


class RefreshTokenGrant(grants.RefreshTokenGrant):
    """The grant over these tables, with rotation."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "none")
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        """Return the token if it can be used."""
        found = Token.query.filter_by(refresh_token=refresh_token).first()
        return None if found is None or found.refresh_token_revoked_at else found

    def authenticate_user(self, refresh_token: Token) -> User | None:
        """Return who approved."""
        return db.session.get(User, refresh_token.user_id)

    def revoke_old_credential(self, refresh_token: Token) -> None:
        """End what was replaced."""
        refresh_token.access_token_revoked_at = refresh_token.refresh_token_revoked_at = int(time.time())
        db.session.add(refresh_token)
        db.session.commit()


class Introspection(IntrospectionEndpoint):
    """Introspection over these tables, for any client of the benchmark."""

    CLIENT_AUTH_METHODS = ("client_secret_basic",)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        """Return the token."""
        return create_query_token_func(db.session, Token)(token_string, token_type_hint)

    def check_permission(self, token: Token, client: Client, request: object) -> bool:  # noqa: ARG002 - Authlib's form
        """Let every client ask."""
        return True

    def introspect_token(self, token: Token) -> dict[str, object]:
        """Return what the documentation's example says."""
        return {
            "active": True,
            "client_id": token.client_id,
            "token_type": token.token_type,
            "username": token.user.username,
            "scope": token.get_scope(),
            "sub": str(token.user_id),
            "iss": "https://connect.books.test/",
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
        }


server = AuthorizationServer(
    app,
    query_client=create_query_client_func(db.session, Client),
    save_token=create_save_token_func(db.session, Token),
)
server.register_grant(AuthorizationCodeGrant, [CodeChallenge(required=True)])
server.register_grant(RefreshTokenGrant)
server.register_endpoint(Introspection)


@app.post("/oauth/token")
def issue_token() -> Response:
    return server.create_token_response()


@app.post("/oauth/introspect")
def introspect() -> Response:
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


with app.app_context():

    @event.listens_for(db.engine, "connect")
    def _set_up(connection: object, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined] - a driver's connection
        connection.execute("PRAGMA synchronous = FULL")  # type: ignore[attr-defined] - a driver's connection
