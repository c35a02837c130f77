"""What can be made to go wrong at an endpoint: a verb for each fault."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..errors import ConfigurationError
from ..faults import FAULTS
from ..faults import Armed
from ..faults import Barrier
from ..faults import Flaw
from ..faults import Representation
from .arming import Aiming
from .arming import Identified

__all__ = ["FaultVerbs"]

Members = cabc.Mapping[str, typing.Any]
Headers = cabc.Mapping[str, str | cabc.Sequence[str]]
Names = cabc.Sequence[str]


class FaultVerbs:
    """
    Each verb arms a fault and takes, besides its own, which requests it strikes and how often.

    `client`, `grant`: only requests of that client, or for that grant; `nth`: from the so-manieth on; `times`: how
    many, one if left out; `every`: each so-manieth; `always`; `chance` and `seed`: some, the same in every run. Under
    pytest a fault that is never hit fails the test, unless `optional`. Raises `ConfigurationError` for a fault that
    could never strike, and for what the fault cannot be.
    """

    def _order(self, table: cabc.Mapping[str, typing.Any], call: str) -> Armed:
        raise NotImplementedError

    # -- in place of the endpoint --------------------------------------------------------------------------------------

    def fail(
        self,
        status: int,
        *,
        retry_after: int | str | None = None,
        retry_after_form: typing.Literal["seconds", "date"] = "seconds",
        error: str | None = None,
        description: str | None = None,
        headers: Headers | None = None,
        **aim: typing.Unpack[Aiming],
    ) -> Armed:
        """
        Answer with a status from 400 to 599, doing nothing else; the body is JSON with an `error`, one that fits.

        `retry_after` is seconds, of any sign and size, or text that goes out as it is.
        """
        return self._arm(
            "fail",
            aim,
            status=status,
            retry_after=retry_after,
            retry_after_form=retry_after_form,
            error=error,
            description=description,
            headers=headers,
        )

    def reply(
        self,
        status: int = 200,
        *,
        json: typing.Any = msgspec.UNSET,
        form: cabc.Mapping[str, str] | None = None,
        html: str | None = None,
        text: str | None = None,
        headers: Headers | None = None,
        **aim: typing.Unpack[Aiming],
    ) -> Armed:
        """Answer with this status and body (none of the four: no body), doing nothing else; `json=None` is null."""
        return self._arm("reply", aim, status=status, json=json, form=form, html=html, text=text, headers=headers)

    def redirect(self, status: int = 307, *, to: str | None = None, **aim: typing.Unpack[Aiming]) -> Armed:
        """Send the client to `to`, doing nothing else; left out, to the same URL: with `always`, a loop."""
        return self._arm("redirect", aim, status=status, to=to)

    def never_answer(self, **aim: typing.Unpack[Aiming]) -> Armed:
        """
        Take the request, do no work and never answer.

        The connection stays open until the client closes it; a reset and a stop end it, too.
        """
        return self._arm("never_answer", aim)

    def hold(self, n: int, *, timeout: float = 10, **aim: typing.Unpack[Aiming]) -> Barrier:
        """
        Let the next `n` requests wait for each other before any work is done; all go on when the last has come.

        `timeout` real seconds after the first came, those who wait go on without the others. What is returned knows how
        many came together, as `fault` of each exchange does; it can be opened before.
        """
        barrier = self._arm("hold", aim, n=n, timeout=timeout).barrier
        assert barrier is not None
        return barrier

    # -- of what the server knows --------------------------------------------------------------------------------------

    def expire_token(self, **aim: typing.Unpack[Aiming]) -> Armed:
        """Let the access token, refresh token or code that came expire before it is looked at."""
        return self._arm("expire_token", aim)

    def revoke_token(self, **aim: typing.Unpack[Aiming]) -> Armed:
        """Revoke the token that came before it is looked at, and nothing else of its family."""
        return self._arm("revoke_token", aim)

    def withdraw_consent(self, **aim: typing.Unpack[Aiming]) -> Armed:
        """Let the person withdraw consent before the request is looked at: everything of the authorization ends."""
        return self._arm("withdraw_consent", aim)

    def rotate_secret(self, *, overlap: float = 0, **aim: typing.Unpack[Aiming]) -> Armed:
        """Give the client that asks a new secret before it is authenticated; the old one lives `overlap` seconds."""
        return self._arm("rotate_secret", aim, overlap=overlap)

    def rotate_keys(self, *, overlap: bool = False, **aim: typing.Unpack[Aiming]) -> Armed:
        """Sign with new keys from this request on; with `overlap` the JWK Set keeps the old ones."""
        return self._arm("rotate_keys", aim, overlap=overlap)

    # -- of the tokens -------------------------------------------------------------------------------------------------

    def narrow(self, scope: str, **aim: typing.Unpack[Aiming]) -> Armed:
        """Grant no more than `scope`, and say so (RFC 6749 5.1)."""
        return self._arm("narrow", aim, scope=scope)

    def forge(
        self,
        flaw: Flaw = "wrong",
        *,
        token: typing.Literal["access_token", "id_token"] = "access_token",
        claims: Members | None = None,
        headers: Members | None = None,
        without: Names = (),
        **aim: typing.Unpack[Aiming],
    ) -> Armed:
        """
        Issue a JWT with a flaw; the API of this server does not take it either.

        `claims` and `headers` replace what it would have, `without` leaves claims out.
        """
        return self._arm("forge", aim, flaw=flaw, token=token, claims=claims, headers=headers, without=without)

    # -- of the answer -------------------------------------------------------------------------------------------------

    def alter(
        self,
        members: Members | None = None,
        *,
        without: Names = (),
        null: Names = (),
        rename: cabc.Mapping[str, str] | None = None,
        **aim: typing.Unpack[Aiming],
    ) -> Armed:
        """
        Do the work, but put these members into the JSON of the answer; None is null, `rename` may nest by dots.

        They are called as the answer calls them: `token_endpoint.alter({"access_token": None})`.
        """
        return self._arm("alter", aim, members=members, without=without, null=null, rename=rename)

    def send_as(
        self, representation: Representation, *, content_type: str | None = None, **aim: typing.Unpack[Aiming]
    ) -> Armed:
        """Do the work, but send the answer as `"form"`, `"gzip"`, `"html"`, `"array"`, ...: see the reference."""
        return self._arm("send_as", aim, representation=representation, content_type=content_type)

    def truncate(self, keep: int | None = None, **aim: typing.Unpack[Aiming]) -> Armed:
        """Do the work, but send only the first `keep` octets of the body, or half; Content-Length fits them."""
        return self._arm("truncate", aim, keep=keep)

    def send_with(
        self,
        *,
        status: int | None = None,
        headers: Headers | None = None,
        without: Names = (),
        **aim: typing.Unpack[Aiming],
    ) -> Armed:
        """Do the work, but send the answer with another status, other headers, or without some."""
        return self._arm("send_with", aim, status=status, headers=headers, without=without)

    # -- of its delivery -----------------------------------------------------------------------------------------------

    def delay(
        self, seconds: float, *, before: typing.Literal["head", "body"] = "head", **aim: typing.Unpack[Aiming]
    ) -> Armed:
        """Do the work, but hold the answer back for `seconds` of real time, before its head or before its body."""
        return self._arm("delay", aim, seconds=seconds, before=before)

    def drip(self, seconds: float, *, pieces: int = 10, **aim: typing.Unpack[Aiming]) -> Armed:
        """
        Do the work, but send the body in `pieces` over `seconds` of real time.

        The head goes at once, and there is a pause before each piece.
        """
        return self._arm("drip", aim, seconds=seconds, pieces=pieces)

    def lose_answer(self, **aim: typing.Unpack[Aiming]) -> Armed:
        """Do the work for good, then cut the connection without a byte of an answer."""
        return self._arm("lose_answer", aim)

    def cut(
        self,
        at: typing.Literal["before_head", "in_head", "after_head", "in_body", "after_body"] = "in_body",
        *,
        chunked: bool = False,
        reset: bool = False,
        **aim: typing.Unpack[Aiming],
    ) -> Armed:
        """Do the work, but end the connection in the midst of the answer, by a TCP reset if `reset`."""
        return self._arm("cut", aim, at=at, chunked=chunked, reset=reset)

    def garbage(self, size: int = 512, **aim: typing.Unpack[Aiming]) -> Armed:
        """Do the work, but send `size` octets that are no HTTP, the same ones for the same `seed`."""
        return self._arm("garbage", aim, size=size)

    def frame_as(
        self,
        framing: typing.Literal[
            "http_1_0", "chunked", "until_closed", "lower_case", "two_lengths", "two_different_lengths"
        ],
        **aim: typing.Unpack[Aiming],
    ) -> Armed:
        """Do the work and send the whole answer, framed as few servers do."""
        return self._arm("frame_as", aim, framing=framing)

    def _arm(self, kind: str, aim: cabc.Mapping[str, typing.Any], **parameters: typing.Any) -> Armed:
        defaults = {field.name: _default(field) for field in msgspec.structs.fields(FAULTS[kind])}
        left_out = {key for key, value in parameters.items() if value is None and key != "json"}
        given = {
            key: value
            for key, value in parameters.items()
            if key not in left_out and (value != defaults[key] or type(value) is not type(defaults[key]))
        }
        aimed: dict[str, typing.Any] = {**aim}
        client = aimed.get("client")
        if client is not None and not isinstance(client, str):
            aimed["client"] = _client_id(kind, client)
        shown = ", ".join(
            f"{value!r}" if key in parameters and not index else f"{key}={value!r}"
            for index, (key, value) in enumerate({**given, **aimed}.items())
        )
        return self._order({"fault": kind, **given, **aimed}, f"{kind}({shown})")


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _client_id(kind: str, client: Identified) -> str:
    try:
        return client.client_id
    except AttributeError:
        raise ConfigurationError(
            f"{kind}(client={client!r}): write a client_id, or what oauthmock.client() returned"
        ) from None
