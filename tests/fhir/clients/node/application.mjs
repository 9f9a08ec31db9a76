// A clinician's application: standalone launch with PKCE by openid-client; the test is the person at the browser.
import * as oauth from "openid-client";
import { end, hear, say } from "./lines.mjs";

const told = await hear();
const config = await oauth.discovery(new URL(told.issuer), told.client_id, undefined, oauth.None(), {
  algorithm: "oauth2",
  execute: [oauth.allowInsecureRequests],
});
const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
const expectedState = oauth.randomState();
const url = oauth.buildAuthorizationUrl(config, {
  redirect_uri: told.redirect_uri,
  scope: told.scope,
  state: expectedState,
  code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  aud: told.base,
});
say({ url: url.href });
const back = new URL(await hear());
const tokens = await oauth.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState });

const get = (address, token) => oauth.fetchProtectedResource(config, token, new URL(address), "GET");
const statusOf = (asked) => asked.then((answer) => answer.status, (error) => error.status ?? String(error));

const ids = [];
let pages = 0;
for (let next = `${told.base}/DocumentReference?_count=2`; next; ) {
  const page = await (await get(next, tokens.access_token)).json();
  pages += 1;
  ids.push(...(page.entry ?? []).map((each) => each.resource.id));
  next = page.link.find((each) => each.relation === "next")?.url;
}
const narrow = await statusOf(get(`${told.base}/Observation`, tokens.access_token));
const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token);
await oauth.tokenRevocation(config, fresh.refresh_token);
say({
  scope: tokens.scope,
  ids,
  pages,
  narrow,
  is_refreshed: fresh.refresh_token !== tokens.refresh_token,
  after: await statusOf(get(`${told.base}/Patient`, fresh.access_token)),
});
end();
