// Write an entry and read what returns, with the generated types and openapi-fetch.
//
//   make clients
//   SERVER=http://127.0.0.1:8000 TOKEN=... npm --prefix clients/typescript run example
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Draft = components["schemas"]["JournalEntryDraft"];

async function main(server: string, token: string): Promise<void> {
  const client = createClient<paths>({ baseUrl: server, headers: { Authorization: `Bearer ${token}` } });

  const { data: me } = await client.GET("/v1/me");
  if (!me?.patient_id) throw new Error("this token is not a patient's");

  const draft: Draft = { text: "I still miss him every time the boats come in.", visibility: "care_team" };
  const { data: written, error } = await client.POST("/v1/journal-entries", { body: draft });
  if (error) throw new Error(`${error.title}: ${error.detail}`);
  console.log("written:", written.id, written.themes.map((mention) => mention.theme));

  const { data: found } = await client.GET("/v1/patients/{patient_id}/themes", {
    params: { path: { patient_id: me.patient_id } },
  });
  for (const theme of found?.items ?? []) {
    console.log("returns:", theme.label, theme.trajectory, theme.evidence.map((each) => each.quote));
  }
}

main(process.env.SERVER ?? "", process.env.TOKEN ?? "").catch((reason: Error) => {
  console.error(reason.message);
  process.exitCode = 1;
});
