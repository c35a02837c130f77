"""Callbacks as they came, and as a sloppy or hostile server would have sent them."""

from __future__ import annotations

import typing

import pytest

from mockserver import Callback

_GET = Callback("http://127.0.0.1/cb?tenant=a%20b&x=1+2&code=c%2B&state=s")
_POST = Callback("http://127.0.0.1/cb?tenant=a", "POST", {"code": "c+", "state": "s"})


@pytest.mark.parametrize(
    ("change", "query"),
    [
        ({"state": "other"}, "tenant=a%20b&x=1+2&code=c%2B&state=other"),
        ({"state": ["s", "s"]}, "tenant=a%20b&x=1+2&code=c%2B&state=s&state=s"),
        ({"state": "a b&c"}, "tenant=a%20b&x=1+2&code=c%2B&state=a%20b%26c"),
        ({"error": "access_denied"}, "tenant=a%20b&x=1+2&code=c%2B&state=s&error=access_denied"),
        ({"realmId": "1", "shop": "x.example"}, "tenant=a%20b&x=1+2&code=c%2B&state=s&realmId=1&shop=x.example"),
        ({"code": []}, "tenant=a%20b&x=1+2&state=s"),
        ({}, "tenant=a%20b&x=1+2&code=c%2B&state=s"),
    ],
)
def test_parameters_are_put_in(change: dict[str, typing.Any], query: str) -> None:
    """What is not touched stays as it was written, and the callback that there was too."""
    changed = _GET.with_params(**change)

    assert changed.url == f"http://127.0.0.1/cb?{query}"
    assert _GET.url == "http://127.0.0.1/cb?tenant=a%20b&x=1+2&code=c%2B&state=s"


def test_parameters_are_taken_out() -> None:
    """One, several, none, and what is not there."""
    assert _GET.without("state").url == "http://127.0.0.1/cb?tenant=a%20b&x=1+2&code=c%2B"
    assert _GET.without("state", "code", "tenant", "x").url == "http://127.0.0.1/cb"
    assert _GET.without() == _GET.without("error") == _GET
    assert Callback("http://127.0.0.1/cb").without("state").url == "http://127.0.0.1/cb"


def test_a_form_is_changed_where_it_is() -> None:
    """By POST the parameters are in the body."""
    assert _POST.with_params(state="x", error="e").form == {"code": "c+", "state": "x", "error": "e"}
    assert _POST.with_params(state="x").url == _POST.url
    twice = _POST.with_params(state=["s", "t"])
    assert twice.form == {"code": "c+", "state": ["s", "t"]}
    assert (twice.state, twice.params) == ("t", {"tenant": "a", "code": "c+", "state": "t"})
    assert _POST.without("state").form == {"code": "c+"}
    assert (_POST.method, _POST.with_params(state="x").method) == ("POST", "POST")


def test_names_are_the_rfcs() -> None:
    """And the provider's where it has others."""
    callback = Callback("http://127.0.0.1/cb?oauth_code=c&state=s", names={"code": "oauth_code"})

    assert callback.with_params(code="d").url == "http://127.0.0.1/cb?state=s&oauth_code=d"
    assert callback.with_params(code="d").code == "d"
    assert callback.without("code").code is None


def test_a_repeated_parameter_is_read_as_its_last() -> None:
    """`params` has room for one."""
    assert _GET.with_params(state=["a", "b"]).state == "b"
    assert _POST.with_params(state=[]).state is None
