// What a relying party does with oauth4webapi, request by request: the library that openid-client is made of.
import * as crypto from "node:crypto";
import * as oauth from "oauth4webapi";

const asked = JSON.parse(process.argv[3]);
const http = { [oauth.allowInsecureRequests]: true };
const redirectUri = "http://localhost:3000/callback";
const client = { client_id: asked.client_id };

async function signingKey() {
  const der = crypto.createPrivateKey(asked.private_key).export({ type: "pkcs8", format: "der" });
  const kind = { name: "ECDSA", namedCurve: "P-256" };
  return { key: await crypto.subtle.importKey("pkcs8", der, kind, false, ["sign"]), kid: asked.key_id };
}

async function server() {
  const issuer = new URL(asked.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
}

async function challenge() {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = new URLSearchParams({
    client_id: client.client_id, response_type: "code", redirect_uri: redirectUri, scope: asked.scope, state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  });
  return { verifier, state, nonce, parameters };
}

async function followed(url) {
  const answer = await fetch(url, { redirect: "manual" });
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`${answer.status}: ${await answer.text()}`);
  return new URL(location);
}

// The same request once more where the server wants its nonce in the proof (RFC 9449 8, 9).
async function withNonce(send, read) {
  const once = async () => read(await send());
  try {
    return [await once(), false];
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return [await once(), true];
  }
}

const scenarios = {
  // RFC 9449 and RFC 7523: a proof with every request, the client by a signed assertion
  async dpop() {
    const as = await server();
    const authentication = oauth.PrivateKeyJwt(await signingKey());
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const { verifier, state, nonce, parameters } = await challenge();
    const callback = await followed(`${as.authorization_endpoint}?${parameters}`);
    const checked = oauth.validateAuthResponse(as, client, callback, state);
    const [tokens, again] = await withNonce(
      () => oauth.authorizationCodeGrantRequest(as, client, authentication, checked, redirectUri, verifier, { DPoP, ...http }),
      (answer) => oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true }),
    );
    const [status] = await withNonce(
      () => oauth.protectedResourceRequest(tokens.access_token, "GET", new URL(asked.api_url), undefined, undefined, { DPoP, ...http }),
      (answer) => answer.status,
    );
    return { token_type: tokens.token_type, status, again };
  },
  // RFC 9126 and RFC 9101: what is asked for is signed, and pushed before the browser goes
  async pushed_and_signed() {
    const as = await server();
    const key = await signingKey();
    const authentication = oauth.PrivateKeyJwt(key);
    const { verifier, state, nonce, parameters } = await challenge();
    const request = await oauth.issueRequestObject(as, client, parameters, key);
    const pushed = await oauth.processPushedAuthorizationResponse(as, client,
      await oauth.pushedAuthorizationRequest(as, client, authentication, { request }, http));
    const query = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
    const callback = await followed(`${as.authorization_endpoint}?${query}`);
    const checked = oauth.validateAuthResponse(as, client, callback, state);
    const answer = await oauth.authorizationCodeGrantRequest(as, client, authentication, checked, redirectUri, verifier, http);
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
    await oauth.validateApplicationLevelSignature(as, answer, http);
    return { sub: oauth.getValidatedIdTokenClaims(tokens).sub };
  },
  // RFC 9068 4: the other side, an API that takes the token
  async resource_server() {
    const as = await server();
    const authentication = oauth.ClientSecretBasic(asked.client_secret);
    const answer = await oauth.clientCredentialsGrantRequest(as, client, authentication, { scope: asked.scope }, http);
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, answer);
    const request = new Request(asked.api_url, { headers: { authorization: `Bearer ${token}` } });
    const claims = await oauth.validateJwtAccessToken(as, request, asked.api_url, http);
    return { sub: claims.sub, scope: claims.scope };
  },
  // RFC 9728 3: from the API to who gives out tokens for it
  async resource_metadata() {
    const resource = new URL(asked.api_url);
    const found = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource, http));
    return { authorization_servers: found.authorization_servers };
  },
};

scenarios[process.argv[2]]().then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error.code ?? "", error.error ?? "", error.message, error.cause ?? "");
    process.exitCode = 1;
  },
);
