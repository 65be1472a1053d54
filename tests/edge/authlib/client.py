"""Introspects a token with Authlib, revokes it, and introspects it once more; prints what each came to, as JSON.

On standard input, as JSON: `edge`, `audience`, `id`, `secret`, `kid`, `method`, `token`.
"""

import json
import sys

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc.jwk import ECKey

asked = json.load(sys.stdin)
method, secret, token = asked["method"], asked["secret"], asked["token"]
if method == "private_key_jwt":
    secret = ECKey.import_key(secret)

session = OAuth2Session(
    asked["id"],
    secret,
    token_endpoint_auth_method=method,
    revocation_endpoint_auth_method=method,
)
if method == "private_key_jwt":
    session.register_client_auth_method(PrivateKeyJWT(asked["audience"], headers={"kid": asked["kid"]}, alg="ES256"))
if method == "client_secret_jwt":
    session.register_client_auth_method(ClientSecretJWT(asked["audience"]))


def introspect():
    return session.introspect_token(asked["edge"] + "/auth/introspect", token=token).json()


before = introspect()
revoked = session.revoke_token(asked["edge"] + "/auth/revoke", token=token)
json.dump({"before": before, "revoked": revoked.status_code, "after": introspect()}, sys.stdout)
