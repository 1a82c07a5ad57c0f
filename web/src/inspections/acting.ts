import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, fetcher, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { problemText } from "../ui/wording";

type Wanted = Schemas[
  | "JudgeLine" | "JudgePlainLines" | "AssignCheck" | "AskForCheck" | "SubmitCheck" | "ReturnCheck" | "CloseCheck"
  | "ReopenCheck"
];
type WithoutKeys<One> = One extends unknown ? Omit<One, "version" | "request_key"> : never;
export type Act = WithoutKeys<Wanted>;
export type Paper = Schemas["Paper"];
export type Judgement = Schemas["LineJudgement"];

const READ_AGAIN = [
  "/api/v1/checks",
  "/api/v1/checks/{check_id}",
  "/api/v1/loans/{loan_id}/checks",
  "/api/v1/loans/{loan_id}/history",
  "/api/v1/loans/{loan_id}/documents",
] as const;

function useReadAgain() {
  const queries = useQueryClient();
  return useCallback(
    () => Promise.all(READ_AGAIN.map((path) => queries.invalidateQueries({ queryKey: ["get", path] }))),
    [queries],
  );
}

/** Who acts on a check: acts follow each other, each on the version that the one before made. */
export interface Acting {
  readonly send: (act: Act) => void;
  readonly busy: boolean;
  readonly error: unknown;
  readonly forget: () => void;
  /** What is on its way, by line: shown as if it were said. */
  readonly said: ReadonlyMap<string, Judgement>;
}

export function useCheckAct(row: { readonly check_id: string; readonly version: number }, done: (act: Act) => void): Acting {
  const again = useReadAgain();
  const versions = useRef(new Map<string, number>());
  const chain = useRef<Promise<unknown>>(Promise.resolve());
  const [waiting, setWaiting] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const [said, setSaid] = useState<ReadonlyMap<string, Judgement>>(new Map());
  const told = useRef(done);
  told.current = done;
  // What is drawn late may be older than an answer that came meanwhile: a version never goes back.
  const know = useCallback((check: string, version: number) => {
    versions.current.set(check, Math.max(version, versions.current.get(check) ?? version));
  }, []);
  useEffect(() => know(row.check_id, row.version), [know, row.check_id, row.version]);
  const { mutateAsync } = api.useMutation("post", "/api/v1/checks/{check_id}/acts");
  const send = (act: Act) => {
    know(row.check_id, row.version);
    setError(null);
    setWaiting((count) => count + 1);
    if (act.act === "judge") setSaid((before) => new Map([...before, [act.use, act.judgement]]));
    chain.current = chain.current.then(async () => {
      try {
        const answer = await mutateAsync({
          params: { path: { check_id: row.check_id } },
          body: { ...act, version: versions.current.get(row.check_id), request_key: crypto.randomUUID() } as Wanted,
        });
        know(row.check_id, answer.version);
        told.current(act);
      } catch (problem) {
        setError(problem);
      }
      await again();
      setWaiting((count) => count - 1);
      if (act.act === "judge") setSaid((before) => new Map([...before].filter(([use]) => use !== act.use)));
    });
  };
  return { send, busy: waiting > 0, error, forget: () => setError(null), said };
}

export interface Bringing {
  readonly bring: (files: readonly File[], paper: Paper, uses: readonly string[], payee?: string) => Promise<void>;
  readonly sending: string | null;
  readonly problems: readonly string[];
}

/** Brings files as vouchers, one after the other. */
export function useBringing(checkId: string, bytesMost: number): Bringing {
  const { t, language } = useSpeech();
  const again = useReadAgain();
  const [sending, setSending] = useState<string | null>(null);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const bring = async (files: readonly File[], paper: Paper, uses: readonly string[], payee = "") => {
    const found: string[] = [];
    setProblems(found);
    for (const file of files) {
      setSending(file.name);
      const { data, error } = await fetcher
        .POST("/api/v1/checks/{check_id}/vouchers", {
          params: {
            path: { check_id: checkId },
            query: {
              name: file.name.slice(-255) || "file",
              paper,
              use: [...uses],
              payee,
              request_key: crypto.randomUUID(),
            },
          },
          headers: { "Content-Type": "application/octet-stream" },
          // The server refuses what is too large; a file that is far too large is not sent at all.
          body: (file.size > 2 * bytesMost ? file.slice(0, bytesMost + 1) : file) as never,
          bodySerializer: (body: unknown) => body as Blob,
        })
        .catch((problem: unknown) => ({ data: undefined, error: problem }));
      if (data?.known) found.push(t("checks.upload_known", { name: file.name }));
      if (!data) {
        const problem = problemText(language, error) || t("checks.unreachable");
        found.push(t("checks.upload_failed", { name: file.name, problem }));
      }
      setProblems([...found]);
    }
    setSending(null);
    await again();
  };
  return { bring, sending, problems };
}

/** Ties a voucher to another line, or takes it back. */
export function useVoucherActs(checkId: string) {
  const again = useReadAgain();
  const linking = api.useMutation("post", "/api/v1/checks/{check_id}/vouchers/{voucher_id}/lines", { onSettled: again });
  const withdrawing = api.useMutation("post", "/api/v1/checks/{check_id}/vouchers/{voucher_id}/withdrawal", {
    onSettled: again,
  });
  const path = (voucherId: string) => ({ path: { check_id: checkId, voucher_id: voucherId } });
  return {
    link: (voucherId: string, use: string) =>
      linking.mutate({ params: path(voucherId), body: { use, request_key: crypto.randomUUID() } }),
    withdraw: (voucherId: string, reason: string) =>
      withdrawing.mutate({ params: path(voucherId), body: { reason, request_key: crypto.randomUUID() } }),
    error: linking.error ?? withdrawing.error,
    busy: linking.isPending || withdrawing.isPending,
  };
}
