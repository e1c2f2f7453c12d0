"""What a check needs, nearer to where it looks: a token's connection, and a member's roles in the member's own row.

A token's connection never changes, so that the copy stays true. Roles do: triggers write the copy in the statement that
changes a member's roles or what the organisation means by one, whoever runs it. So processes of the versions before
keep it true as well. Those who held roles before get theirs in the next migration.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
oldest_served = "0001"

# The text of `model/membership.py`: `name;name=permission permission`.
_HELD = "SELECT mr.role || coalesce('=' || r.permissions, '') AS held, mr.role"
_FROM = "FROM member_roles mr LEFT JOIN roles r ON r.organisation_id = mr.organisation_id AND r.name = mr.role"
_OF_MEMBER = "WHERE mr.organisation_id = members.organisation_id AND mr.user_id = members.user_id"
COPY = {
    "sqlite": f"""
        UPDATE members SET roles = coalesce((
            SELECT group_concat(held, ';') FROM ({_HELD} {_FROM} {_OF_MEMBER} ORDER BY mr.role)
        ), '')
    """,  # noqa: S608 - constants
    "postgresql": f"""
        UPDATE members SET roles = coalesce((
            SELECT string_agg(held, ';' ORDER BY role) FROM ({_HELD} {_FROM} {_OF_MEMBER}) one
        ), '')
    """,  # noqa: S608 - constants
}
"""Write the copy anew, for each engine; the members whose it is are to be named after it."""

_MEMBER = "WHERE organisation_id = {row}.organisation_id AND user_id = {row}.user_id"
_HOLDERS = """
WHERE organisation_id = {row}.organisation_id AND user_id IN (
    SELECT user_id FROM member_roles WHERE organisation_id = {row}.organisation_id AND role = {row}.name
)
"""
_WATCHED = {"member_roles": _MEMBER, "roles": _HOLDERS}
_EVENTS = {"INSERT": ("new",), "DELETE": ("old",), "UPDATE": ("old", "new")}


def _sqlite_triggers() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_after_{event.lower()} AFTER {event} ON {table} BEGIN "
        + " ".join(f"{COPY['sqlite']} {whose.format(row=row)};" for row in rows)
        + " END"
        for table, whose in _WATCHED.items()
        for event, rows in _EVENTS.items()
    ]


def _postgres_triggers() -> list[str]:
    # Who changes roles takes the organisation, as the stores do too: what a statement after that reads is all that was
    # committed before, so that of two changes at one moment the second copies what the first one did.
    made = []
    for table, whose in _WATCHED.items():
        steps = " ".join(
            f"IF TG_OP <> '{unless}' THEN "
            f"PERFORM 1 FROM organisations WHERE id = {row}.organisation_id FOR NO KEY UPDATE; "
            f"{COPY['postgresql']} {whose.format(row=row)}; END IF;"
            for row, unless in (("OLD", "INSERT"), ("NEW", "DELETE"))
        )
        head = f"CREATE FUNCTION {table}_changed() RETURNS trigger LANGUAGE plpgsql AS"
        made.append(f"{head} $$ BEGIN {steps} RETURN NULL; END $$")
        when = f"CREATE TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE ON {table}"
        made.append(f"{when} FOR EACH ROW EXECUTE FUNCTION {table}_changed()")
    return made


def upgrade() -> None:
    """Add the columns, and the triggers that keep the roles true."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute("ALTER TABLE access_tokens ADD COLUMN connection_id TEXT" + ("" if sqlite else ' COLLATE "C"'))
    op.execute("ALTER TABLE members ADD COLUMN roles TEXT")
    for statement in _sqlite_triggers() if sqlite else _postgres_triggers():
        op.execute(statement)
