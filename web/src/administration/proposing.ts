import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "../accounts/Correction";
import { api, type Schemas } from "../api/client";

type Wanted = Schemas["WantedPersonChange"];
export type Change = Wanted["change"];

/** Proposes a change of a person: it takes effect when a security administrator approves it. */
export function usePropose(done: (request: Schemas["ApprovalRequest"]) => void) {
  const queries = useQueryClient();
  const [key, setKey] = useState(newKey);
  const sending = api.useMutation("post", "/api/v1/person-changes", {
    onSuccess: (request) => {
      setKey(newKey());
      for (const path of ["/api/v1/approvals", "/api/v1/approvals/mine"]) void queries.invalidateQueries({ queryKey: ["get", path] });
      done(request);
    },
    onError: () => void queries.invalidateQueries({ queryKey: ["get", "/api/v1/persons/{person_id}"] }),
  });
  const propose = (change: Change, reason: string) => {
    if (!sending.isPending) sending.mutate({ body: { change, reason, request_key: key } });
  };
  return { propose, busy: sending.isPending, error: sending.error, forget: sending.reset };
}
