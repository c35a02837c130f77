// What a relying party does with openid-client: one function for each thing that a test wants to see done.
import * as crypto from "node:crypto";
import * as client from "openid-client";

const asked = JSON.parse(process.argv[3]);
const insecure = { execute: [client.allowInsecureRequests] };
const redirectUri = "http://localhost:3000/callback";

async function signingKey() {
  const der = crypto.createPrivateKey(asked.private_key).export({ type: "pkcs8", format: "der" });
  const kind = { name: "ECDSA", namedCurve: "P-256" };
  return { key: await crypto.subtle.importKey("pkcs8", der, kind, false, ["sign"]), kid: asked.key_id };
}

async function authentication() {
  const methods = {
    client_secret_basic: () => client.ClientSecretBasic(asked.client_secret),
    client_secret_post: () => client.ClientSecretPost(asked.client_secret),
    client_secret_jwt: () => client.ClientSecretJwt(asked.client_secret),
    private_key_jwt: async () => client.PrivateKeyJwt(await signingKey()),
    none: () => client.None(),
  };
  return methods[asked.client_auth]();
}

const discovered = async (metadata = {}) =>
  client.discovery(new URL(asked.issuer), asked.client_id, metadata, await authentication(), insecure);

// The person approves at once; where the browser is sent is all that there is to see.
async function followed(url) {
  const answer = await fetch(url, { redirect: "manual" });
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`${answer.status}: ${await answer.text()}`);
  return new URL(location);
}

async function challenge() {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const parameters = {
    redirect_uri: redirectUri, scope: asked.scope, state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  };
  return { parameters, checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true } };
}

async function login(config, { build = client.buildAuthorizationUrl, options } = {}) {
  const { parameters, checks } = await challenge();
  const callback = await followed(await build(config, parameters));
  return client.authorizationCodeGrant(config, callback, checks, undefined, options);
}

const scenarios = {
  async code() {
    const config = await discovered();
    const tokens = await login(config);
    const { sub } = tokens.claims();
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
    return { sub, userinfo, renewed: refreshed.access_token !== tokens.access_token };
  },
  async client_credentials() {
    const tokens = await client.clientCredentialsGrant(await discovered(), { scope: asked.scope });
    return { token_type: tokens.token_type, scope: tokens.scope };
  },
  async introspection_and_revocation() {
    const config = await discovered();
    const { access_token: token } = await client.clientCredentialsGrant(config, { scope: asked.scope });
    const before = await client.tokenIntrospection(config, token);
    await client.tokenRevocation(config, token);
    return { before: before.active, scope: before.scope, after: (await client.tokenIntrospection(config, token)).active };
  },
  async registration() {
    const metadata = { redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"] };
    const config = await client.dynamicClientRegistration(new URL(asked.issuer), metadata, undefined, insecure);
    return { client_id: config.clientMetadata().client_id };
  },
  async device() {
    const config = await discovered();
    const answer = await client.initiateDeviceAuthorization(config, { scope: asked.scope });
    const form = { method: "POST", body: new URLSearchParams({ user_code: answer.user_code, user: "alice", scope: asked.scope }) };
    const page = await fetch(answer.verification_uri, form);
    if (!page.ok) throw new Error(`${page.status}: ${await page.text()}`);
    const tokens = await client.pollDeviceAuthorizationGrant(config, answer);
    return { scope: tokens.scope };
  },
  async pushed() {
    const tokens = await login(await discovered(), { build: client.buildAuthorizationUrlWithPAR });
    return { sub: tokens.claims().sub };
  },
  async signed_request() {
    const config = await discovered();
    const key = await signingKey();
    const build = (config, parameters) => client.buildAuthorizationUrlWithJAR(config, parameters, key);
    return { sub: (await login(config, { build })).claims().sub };
  },
  async dpop() {
    const config = await discovered();
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const tokens = await login(config, { options: { DPoP } });
    const api = new URL(asked.api_url);
    const answer = await client.fetchProtectedResource(config, tokens.access_token, api, "GET", undefined, undefined, { DPoP });
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    return { token_type: tokens.token_type, status: answer.status, refreshed: refreshed.token_type };
  },
  async hybrid() {
    const config = await discovered();
    client.useCodeIdTokenResponseType(config);
    const { parameters, checks } = await challenge();
    const callback = await followed(client.buildAuthorizationUrl(config, { ...parameters, response_mode: "fragment" }));
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    return { sub: tokens.claims().sub };
  },
  async implicit() {
    const config = await discovered();
    client.useIdTokenResponseType(config);
    const { parameters, checks } = await challenge();
    const { code_challenge, code_challenge_method, ...kept } = parameters;
    const callback = await followed(client.buildAuthorizationUrl(config, kept));
    const claims = await client.implicitAuthentication(config, callback, checks.expectedNonce, {
      expectedState: checks.expectedState,
    });
    return { sub: claims.sub };
  },
  async jwt_response() {
    const config = await discovered();
    client.useJwtResponseMode(config);
    return { sub: (await login(config)).claims().sub };
  },
  async logout() {
    const config = await discovered();
    const tokens = await login(config);
    const url = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token, post_logout_redirect_uri: "http://localhost:3000/bye", state: "s-1",
    });
    const callback = await followed(url);
    return { callback: callback.href };
  },
};

scenarios[process.argv[2]]().then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error.code ?? "", error.error ?? "", error.message, error.cause ?? "");
    process.exitCode = 1;
  },
);
