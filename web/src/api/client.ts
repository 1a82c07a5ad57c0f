import createFetchClient from "openapi-fetch";
import createClient from "openapi-react-query";
import { sessionEnded } from "../identity/session";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Fen = string;

export const fetcher = createFetchClient<paths>({ baseUrl: window.location.origin });

const HTTP_UNAUTHORIZED = 401;
const SESSION = "/api/v1/session";

fetcher.use({
  onResponse({ request, response }) {
    // Asking to be signed in is answered so too when the password is wrong.
    if (response.status === HTTP_UNAUTHORIZED && new URL(request.url).pathname !== SESSION) sessionEnded();
  },
});

export const api = createClient(fetcher);

const EVIDENCE_PAGE = 20;

/** One page of what a statement line rests on; rejects with the problem that the server answered. */
export async function fetchEvidence(loanId: string, use: string, offset: number): Promise<Schemas["Evidence"]> {
  const { data, error } = await fetcher.GET("/api/v1/loans/{loan_id}/statement/{use}/evidence", {
    params: { path: { loan_id: loanId, use }, query: { offset, limit: EVIDENCE_PAGE } },
  });
  if (!data) throw error;
  return data;
}

/** The bounds of a statement line, computed by the server where it has none yet. */
export async function fetchBounds(loanId: string, use: string): Promise<Schemas["LineBounds"]> {
  const { data, error } = await fetcher.GET("/api/v1/loans/{loan_id}/statement/{use}/bounds", {
    params: { path: { loan_id: loanId, use } },
  });
  if (!data) throw error;
  return data;
}

/** What may be written at a place of a rule's condition. */
export async function fetchCompletions(
  text: string,
  cursor: number,
  occasion: Schemas["WantedCompletion"]["occasion"],
): Promise<Schemas["ProposalRow"][]> {
  const { data, error } = await fetcher.POST("/api/v1/rule-language/completions", { body: { text, cursor, occasion } });
  if (!data) throw error;
  return data;
}
