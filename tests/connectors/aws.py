"""The authentication type AWS Signature: the fields of the form, and botocore that signs by them."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses

from botocore.auth import S3SigV4Auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from connectors.challenges import Challenge
from connectors.errors import FormError
from connectors.schemes import Call

__all__ = ["AWS_KEY", "AWS_SECRET", "SERVICES", "AwsSettings", "AwsSignature"]

# The pair of AWS's own examples
AWS_KEY = "AKIDEXAMPLE"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

SERVICES = {
    "API Gateway": "execute-api",
    "CodePipeline": "codepipeline",
    "Glacier": "glacier",
    "Mobile Analytics": "mobileanalytics",
    "S3": "s3",
}
"""What the list calls a service, and what a signature calls it."""

_CUSTOM = "Custom"


@dataclasses.dataclass(frozen=True, kw_only=True)
class AwsSettings:
    """
    The tab of the form. A custom service or region replaces what the list says.

    The list has no field for a session token; the process puts it into a header.
    """

    access_key: str = AWS_KEY
    secret_key: str = dataclasses.field(default="", repr=False)
    aws_service: str = "API Gateway"
    custom_aws_service: str = ""
    aws_region: str = "eu-west-1"
    custom_aws_region: str = ""

    def __post_init__(self) -> None:
        if not self.access_key or not self.secret_key:
            raise FormError("Access Key and Secret Key must be filled in")
        if not self.service or not self.region:
            raise FormError("where Custom is chosen, Custom AWS Service and Custom AWS Region must be filled in")

    @property
    def service(self) -> str:
        listed = "" if self.aws_service == _CUSTOM else SERVICES[self.aws_service]
        return self.custom_aws_service or listed

    @property
    def region(self) -> str:
        return self.custom_aws_region or ("" if self.aws_region == _CUSTOM else self.aws_region)


class AwsSignature:
    """Signature Version 4 over every request; there is no challenge for it."""

    def __init__(self, settings: AwsSettings) -> None:
        self._has = settings

    def unasked(self, call: Call) -> cabc.Mapping[str, str]:
        before = {name.lower() for name, _ in call.headers}
        token = next((value for name, value in call.headers if name.lower() == "x-amz-security-token"), None)
        request = AWSRequest(method=call.method, url=call.url, data=call.content, headers=dict(call.headers))
        signer = S3SigV4Auth if self._has.service == "s3" else SigV4Auth
        credentials = Credentials(self._has.access_key, self._has.secret_key, token)
        signer(credentials, self._has.service, self._has.region).add_auth(request)
        return {name: value for name, value in request.headers.items() if name.lower() not in before}

    def asked(self, call: Call, challenge: Challenge, times: int) -> str | None:
        return None
