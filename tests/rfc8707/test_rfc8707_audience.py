"""For which API a token is meant, from the request to the check. RFC 8707."""

import pytest

from consentry.model.access import Reason, Refused
from consentry.oauth.errors import ErrorCode
from protocol_world import OPERATOR, ProtocolWorld, query_of, refused

BOOKS, PAYROLL = "https://api.books.test", "https://payroll.books.test/v1"


@pytest.fixture(autouse=True)
async def _two_apis(protocol: ProtocolWorld) -> None:
    for identifier in (BOOKS, PAYROLL):
        await protocol.deeds.resources.register(OPERATOR, "Product API", identifier)


@pytest.mark.shows("RFC 8707 §2 invalid-target", "RFC 8707 §2 absolute")
@pytest.mark.parametrize(
    "resource", ["https://evil.test", BOOKS + "/x", BOOKS + "#f", "books", "https://API.books.test"]
)
async def test_mc_01_an_unknown_or_malformed_resource_is_an_invalid_target(
    protocol: ProtocolWorld, resource: str
) -> None:
    query = query_of(protocol.web, resource=resource)
    to = await protocol.deeds.authorize.trust(query)

    with refused(ErrorCode.INVALID_TARGET):
        await protocol.deeds.authorize.read(query, to)


async def test_mc_01_without_a_resource_a_token_is_bound_to_none(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)

    for resource in (BOOKS, PAYROLL):
        assert not isinstance(await protocol.check(tokens.access_token, resource=resource), Refused)


@pytest.mark.shows("RFC 8707 §2 audience", "RFC 9700 §4.10 audience")
async def test_mc_02_a_token_for_one_api_is_refused_by_another(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web, resource=BOOKS)
    refreshed = await protocol.refresh(protocol.web, tokens.refresh_token)

    for text in (tokens.access_token, refreshed.access_token):
        for same in (BOOKS, BOOKS + "/"):
            assert not isinstance(await protocol.check(text, resource=same), Refused)
        for other in (PAYROLL, BOOKS + "/v1", "https://api.books.test.evil.test"):
            answer = await protocol.check(text, resource=other)
            assert isinstance(answer, Refused)
            assert answer.reason is Reason.WRONG_AUDIENCE


@pytest.mark.shows("RFC 8707 §2.2 token", "RFC 8707 §2.2 refresh")
@pytest.mark.shows("RFC 8707 §2.1 code", "RFC 8707 §2.2 no-more")
async def test_mc_03_the_resource_cannot_be_swapped_or_added_at_the_token_endpoint(protocol: ProtocolWorld) -> None:
    for asked, swapped in ((BOOKS, PAYROLL), (BOOKS, [BOOKS, PAYROLL]), (None, BOOKS)):
        code = await protocol.approve(protocol.web, resource=asked)

        with refused(ErrorCode.INVALID_TARGET):
            await protocol.exchange(protocol.web, code, resource=swapped)

        tokens = await protocol.exchange(protocol.web, code, resource=asked)
        with refused(ErrorCode.INVALID_TARGET):
            await protocol.refresh(protocol.web, tokens.refresh_token, resource=swapped)
        again = await protocol.refresh(protocol.web, tokens.refresh_token, resource=asked)
        assert (await protocol.access(again.access_token)).resource == asked


async def test_one_resource_at_a_time(protocol: ProtocolWorld) -> None:
    query = query_of(protocol.web)
    to = await protocol.deeds.authorize.trust(query)
    doubled = type(query)((*query.pairs, ("resource", BOOKS), ("resource", PAYROLL)))

    with refused(ErrorCode.INVALID_TARGET):
        await protocol.deeds.authorize.read(doubled, to)
