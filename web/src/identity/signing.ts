import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { fetcher, type Schemas } from "../api/client";
import type { ProblemLike } from "../ui/wording";
import type { Me } from "./me";
import { SIGN_IN, sessionBegan, sessionLeft } from "./session";

export type Asked = Schemas["WantedByPassword"] | Schemas["WantedByDemo"];

/** Why signing in failed: what the server says, and from when it may be tried again. */
export class SignInFailed extends Error {
  constructor(
    readonly problem: ProblemLike,
    readonly again: Date | null,
  ) {
    super(problem.detail ?? "");
  }
}

/** Signs in; rejects with SignInFailed where the server refuses. */
export async function signIn(asked: Asked): Promise<Me> {
  const { data, error, response } = await fetcher.POST("/api/v1/session", { body: asked });
  if (data) {
    sessionBegan();
    return data;
  }
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  throw new SignInFailed(error ?? {}, Number.isFinite(seconds) ? new Date(Date.now() + seconds * 1_000) : null);
}

/** Ends the session and opens the sign-in page anew: nothing of the person stays on the screen. */
export function useSignOut() {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const signOut = () => {
    setBusy(true);
    sessionLeft();
    void fetcher.DELETE("/api/v1/session", {}).finally(() => {
      queries.clear();
      window.location.assign(SIGN_IN);
    });
  };
  return { signOut, busy };
}
