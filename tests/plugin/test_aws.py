"""The AWS fixtures in a user's suite: environment, markers, what a failing test says."""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    from .conftest import Suite


def test_the_server_is_found_by_the_environment_and_leaves_it(suite: Suite) -> None:
    """The default session of an earlier test is not met again; the machine's own account is put back."""
    suite.tests(
        """
        import os
        import boto3
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_server(oauthmock_aws_server, number):
            boto3.client("s3").create_bucket(Bucket="bucket")
            assert os.environ["AWS_ENDPOINT_URL"] == oauthmock_aws_server.endpoint_url
            assert "AWS_PROFILE" not in os.environ

        def test_identity(oauthmock_aws_server, oauthmock_aws_web_identity, oauthmock):
            identity = oauthmock_aws_web_identity(sub="job")
            boto3.client("s3").list_buckets()
            assert oauthmock.journal.last.caller.startswith("ASIA")
            assert identity.token_file.read_text() == identity.token

        def test_after():
            mine = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
            assert mine == {"AWS_PROFILE": "prod", "AWS_ACCESS_KEY_ID": "real"}
        """
    )
    suite.environment.setenv("AWS_PROFILE", "prod")
    suite.environment.setenv("AWS_ACCESS_KEY_ID", "real")

    suite.run_apart().assert_outcomes(passed=4)


def test_a_refusal_is_in_the_report(suite: Suite) -> None:
    suite.tests(
        """
        import boto3

        def test_wrong(oauthmock_aws):
            boto3.client("s3", aws_secret_access_key="wrong", aws_access_key_id="AKIA").list_buckets()
        """
    )

    result = suite.run_apart()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["#1  GET / *403 InvalidAccessKeyId*", "    why: there is no access key 'AKIA'"])


def test_a_wrong_marker_is_blamed_on_its_line(suite: Suite) -> None:
    """By its place, and with the nearest right word."""
    suite.tests(
        """
        import pytest

        @pytest.mark.oauthmock_aws(verfy=False)
        def test_unknown(oauthmock_aws): pass

        @pytest.mark.oauthmock_aws(verify="no")
        def test_type(oauthmock_aws): pass

        @pytest.mark.oauthmock_aws(keys=["AKIA"])
        def test_list(oauthmock_aws_server): pass

        @pytest.mark.oauthmock_aws({"AKIA": "secret"})
        def test_positional(oauthmock_aws_server): pass
        """
    )

    result = suite.run_apart()

    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(
        [
            f"*test_own.py:* {test}: @pytest.mark.oauthmock_aws{told}"
            for test, told in (
                ("test_unknown", ": unknown argument 'verfy'; did you mean 'verify'?"),
                ("test_type", ": verify='no' must be a bool"),
                ("test_list", ": keys=[[]'AKIA'] must be a Mapping"),
                ("test_positional", " takes keywords only, not ({'AKIA': 'secret'},)"),
            )
        ]
    )
