// A record system: openid-client gets its token by private_key_jwt, fhir-kit-client does the rest.
import { Client } from "fhir-kit-client";
import * as oauth from "openid-client";
import { end, hear, say } from "./lines.mjs";

const told = await hear();
const key = await crypto.subtle.importKey("jwk", told.jwk, { name: "ECDSA", namedCurve: "P-384" }, false, ["sign"]);
const config = await oauth.discovery(
  new URL(told.issuer),
  told.client_id,
  undefined,
  oauth.PrivateKeyJwt({ key, kid: told.jwk.kid }),
  { algorithm: "oauth2", execute: [oauth.allowInsecureRequests] },
);
const tokens = await oauth.clientCredentialsGrant(config, { scope: told.scope });
const { active, client_id, scope } = await oauth.tokenIntrospection(config, tokens.access_token);

const client = new Client({ baseUrl: told.base, bearerToken: tokens.access_token });
const statusOf = (found) => Client.httpFor(found).response.status;
const refusal = (asked) =>
  asked.then(
    () => ({ status: 200 }),
    (error) => ({ status: error.response?.status ?? String(error), resourceType: error.response?.data?.resourceType }),
  );

async function putIn(body) {
  const { system, value } = body.identifier[0];
  const headers = { "If-None-Exist": `identifier=${system}|${value}` };
  const made = await client.create({ resourceType: body.resourceType, body, options: { headers } });
  return { status: statusOf(made), id: made.id };
}

async function all(resourceType) {
  const ids = [];
  let pages = 0;
  let page = await client.search({ resourceType, searchParams: { patient: told.maya, _count: 2 } });
  while (page) {
    pages += 1;
    ids.push(...(page.entry ?? []).map((each) => each.resource.id));
    page = await client.nextPage({ bundle: page });
  }
  return { ids, pages };
}

async function begin(path) {
  const asked = await client.request(path, { options: { headers: { Prefer: "respond-async" } } });
  return Client.httpFor(asked).response.headers.get("Content-Location");
}

async function exported(there) {
  for (;;) {
    const manifest = await client.request(there);
    const { status, headers } = Client.httpFor(manifest).response;
    if (status === 200) {
      const asked = { headers: { Authorization: `Bearer ${tokens.access_token}` } };
      const files = manifest.output.map(async ({ url }) => (await fetch(url, asked)).text());
      const lines = (await Promise.all(files)).join("").trim().split("\n");
      return lines.map((line) => JSON.parse(line).id);
    }
    await new Promise((done) => setTimeout(done, 1000 * headers.get("Retry-After")));
  }
}

const smart = await client.smartAuthMetadata();
const capability = await client.capabilityStatement();
const patients = [await putIn(told.patient), await putIn(told.patient)];
const visit = { ...told.visit, subject: { reference: `Patient/${patients[0].id}` } };
const visits = [await putIn(visit), await putIn(visit)];

const kept = await client.read({ resourceType: "Patient", id: patients[0].id });
const options = { headers: { "If-Match": Client.httpFor(kept).response.headers.get("ETag") } };
const change = (birthDate) =>
  client.update({ resourceType: "Patient", id: kept.id, body: { ...kept, birthDate }, options });
const changed = await change("1984-05-18");
const maya = { resourceType: "Patient", id: told.maya };
say({
  token_url: smart.tokenUrl,
  fhir_version: capability.fhirVersion,
  introspected: { active, client_id, scope },
  patients,
  visits,
  changed: { status: statusOf(changed), version: changed.meta.versionId },
  stale: await refusal(change("1984-05-19")),
  not_yet: await refusal(client.read(maya)),
});

await hear();
const there = await begin("Patient/$export?_type=Encounter");
const found = { DocumentReference: await all("DocumentReference"), Observation: await all("Observation") };
const document = await client.read({ resourceType: "DocumentReference", id: found.DocumentReference.ids[0] });
const subject = await client.resolve({ reference: document.subject.reference });
const refused = await refusal(client.search({ resourceType: "Patient", searchParams: { colour: "red" } }));
const visitsExported = await exported(there);
await oauth.tokenRevocation(config, tokens.access_token);
const ended = {
  introspected: await oauth.tokenIntrospection(config, tokens.access_token),
  status: (await refusal(client.read(maya))).status,
};
say({ ...found, resolved: subject.id, refused, exported: visitsExported, ended });
end();
