"""Deeds: one file per thing that a client, a member or an administrator can do."""
