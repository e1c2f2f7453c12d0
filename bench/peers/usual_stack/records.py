"""The rows of the usual stack: what Consentry reads at an introspection, as an SQLAlchemy user would declare it."""

import os

from sqlalchemy import ForeignKey, ForeignKeyConstraint, event
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

DATABASE = os.environ["BENCH_DATABASE"]


class Record(DeclarativeBase):
    """A table."""


class Organisation(Record):
    __tablename__ = "organisations"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)


class User(Record):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)


class MemberRole(Record):
    __tablename__ = "member_roles"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "user_id"], ["members.organisation_id", "members.user_id"]),
    )
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    role_name: Mapped[str] = mapped_column(ForeignKey("roles.name"), primary_key=True)
    role: Mapped["Role"] = relationship()


class Role(Record):
    __tablename__ = "roles"
    name: Mapped[str] = mapped_column(primary_key=True)
    permissions: Mapped[str]


class Member(Record):
    __tablename__ = "members"
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    organisation: Mapped[Organisation] = relationship()
    user: Mapped[User] = relationship()
    roles: Mapped[list[MemberRole]] = relationship()


class App(Record):
    __tablename__ = "apps"
    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)


class Connection(Record):
    __tablename__ = "connections"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "user_id"], ["members.organisation_id", "members.user_id"]),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]
    user_id: Mapped[int]
    app_id: Mapped[int] = mapped_column(ForeignKey("apps.id"))
    scopes: Mapped[str]
    ended_at: Mapped[int | None]
    app: Mapped[App] = relationship()
    member: Mapped[Member] = relationship()


class AccessToken(Record):
    __tablename__ = "access_tokens"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connections.id"))
    scopes: Mapped[str]
    issued_at: Mapped[int]
    expires_at: Mapped[int]
    connection: Mapped[Connection] = relationship()


class ResourceServer(Record):
    __tablename__ = "resource_servers"
    client_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes]


def open_engine() -> AsyncEngine:
    """Return the engine: aiosqlite on a file, asyncpg on a URL."""
    if "://" in DATABASE:
        return create_async_engine(DATABASE.replace("postgresql:", "postgresql+asyncpg:"), pool_size=10)
    engine = create_async_engine(f"sqlite+aiosqlite:///{DATABASE}", pool_size=10)

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: object, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined] - a driver's connection

    return engine


engine = open_engine()
Session = async_sessionmaker(engine, expire_on_commit=False)
