"""Nothing secret reaches a log line, an exception's text or the audit, whatever goes right or wrong."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from consentry.model.acting import member
from consentry.model.api_key import KeyDraft
from protocol_world import OPERATOR, VERIFIER, ProtocolWorld
from small_world import FixedClock


async def seen(*attempts: Awaitable[object]) -> str:
    """Everything that can be read of what the attempts answered or raised."""
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    texts = [repr(answer) for answer in answers]
    texts += ["".join(traceback.format_exception(answer)) for answer in answers if isinstance(answer, BaseException)]
    return "\n".join(texts)


async def test_op_02_a_full_run_with_failures_leaves_no_secret_in_logs_errors_or_audit(
    protocol: ProtocolWorld, clock: FixedClock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    wrong_verifier = "w" * 60
    code = await protocol.approve(protocol.tool)
    tokens = await protocol.exchange(protocol.tool, code)
    second = await protocol.refresh(protocol.tool, tokens.refresh_token)
    secret = await protocol.deeds.app_secrets.add(OPERATOR, protocol.web.app.client_id)
    acting = member(protocol.bo, protocol.acme, frozenset({"api_key.create", "invoice.read"}))
    key = await protocol.deeds.api_keys.create(acting, KeyDraft("Key", ("invoice.read",), None))
    clock.pass_time(timedelta(minutes=1))

    text = await seen(
        protocol.exchange(protocol.tool, code, code_verifier=wrong_verifier),
        protocol.exchange(protocol.tool, code),
        protocol.exchange(protocol.web, code),
        protocol.exchange(protocol.tool, code[:-1] + "!"),
        protocol.refresh(protocol.tool, tokens.refresh_token),
        protocol.refresh(protocol.web, second.refresh_token, scope="x y"),
        protocol.token(protocol.web, grant_type=code, code=code),
        protocol.authenticate({"client_id": code, "client_secret": tokens.access_token}),
        protocol.authenticate({"client_id": protocol.tool.app.client_id, "client_secret": key.text.reveal()}),
        protocol.authenticate({}, f"Basic {protocol.web.secret}"),
        protocol.authenticate({}, f"Bearer {protocol.web.secret}"),
        protocol.check(tokens.access_token),
        protocol.check(tokens.access_token + "x"),
        protocol.check(key.text.reveal()),
        protocol.revoke(protocol.web, second.refresh_token),
        # What the database itself refuses: a value of the wrong type, and a row that is there already.
        protocol.run("INSERT INTO access_tokens (id, digest) VALUES ($1, $2)", code, tokens.access_token),
        protocol.run("INSERT INTO users SELECT * FROM users WHERE email <> $1", second.refresh_token),
    )
    await protocol.deeds.usage.flush()

    printed = "".join(capfd.readouterr())
    audit = repr(await protocol.rows("SELECT * FROM events"))
    throttles = repr(await protocol.rows("SELECT * FROM throttles"))
    kept = [code, VERIFIER, wrong_verifier, tokens.access_token, tokens.refresh_token, second.access_token]
    kept += [second.refresh_token, protocol.web.secret, secret.client_secret.reveal(), key.text.reveal()]
    everything = {"answers": text, "log": caplog.text, "printed": printed, "audit": audit, "throttles": throttles}
    assert "Error" in text
    # The middle of each is random: a part of it is as telling as the whole.
    telling = [one[len(one) // 2 - 8 : len(one) // 2 + 8] for one in kept if one is not None]
    for place, content in everything.items():
        assert [part for part in telling if part in content] == [], place
