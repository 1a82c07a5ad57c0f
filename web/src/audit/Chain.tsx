import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useRef, useState } from "react";
import { api, type Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { problemText } from "../ui/wording";
import type { Head, Verification } from "./entries";
import { saveFile } from "../ui/saving";
import { Term } from "../ui/Term";

const HEAD = "/api/v1/audit/head";
type Anchored = Schemas["AnchoredHead"];

/** Where the chain ends, when it was last verified and with what result; verifies it, saves its head. */
export function Chain({ open }: { readonly open: (entry: number) => void }) {
  const { t, language } = useSpeech();
  const queries = useQueryClient();
  const [unreadable, setUnreadable] = useState("");
  const chooser = useRef<HTMLInputElement>(null);
  const { data, error, refetch } = api.useQuery("get", HEAD, {}, { refetchOnMount: "always" });
  const verify = api.useMutation("post", "/api/v1/audit/verification", {
    onSettled: () => void queries.invalidateQueries({ predicate: (one) => String(one.queryKey[1]).startsWith("/api/v1/audit/") }),
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={2} />;
  const begin = (heads: Anchored[]) => {
    setUnreadable("");
    verify.mutate({ body: { heads } });
  };
  const compare = async (file: File | undefined) => {
    if (!file) return;
    try {
      begin(headsOf(await file.text()));
    } catch {
      setUnreadable(t("audit.no_heads", { file: file.name }));
    }
  };
  return (
    <section className="card audit-chain" aria-label={t("audit.chain")}>
      <div className="audit-state">
        {data.verified ? <Result told={data.verified} open={open} /> : <p>{t("audit.never_verified")}</p>}
        <p className="quiet small">
          {data.entry_no > 0 ? (
            <>
              <Term name="chain_head">
                {t("audit.ends", { number: data.entry_no.toLocaleString("en"), at: instantText(data.made_at ?? "") })}
              </Term>{" "}
              <code title={data.head}>
                {data.algorithm} {data.head.slice(0, 16)}…
              </code>
            </>
          ) : (
            t("audit.ends_nowhere")
          )}
        </p>
        <p className="quiet small">{t("audit.kept", { years: data.kept_years, basis: data.kept_basis })}</p>
      </div>
      <div className="audit-acts">
        <Button type="primary" loading={verify.isPending} onClick={() => begin([])}>
          {t("audit.verify")}
        </Button>
        <Button disabled={verify.isPending} title={t("audit.compare_hint")} onClick={() => chooser.current?.click()}>
          {t("audit.compare")}
        </Button>
        <input
          ref={chooser}
          className="audit-file"
          type="file"
          accept=".json,.jsonl,.txt"
          tabIndex={-1}
          aria-label={t("audit.compare")}
          onChange={(event) => {
            void compare(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
        <Button disabled={data.entry_no === 0} title={t("audit.save_head_hint")} onClick={() => saveHead(data)}>
          {t("audit.save_head")}
        </Button>
      </div>
      {(verify.error || unreadable) && (
        <Alert
          className="audit-told"
          type="error"
          showIcon
          title={t("audit.not_verified")}
          description={unreadable || problemText(language, verify.error) || t("error.unreachable")}
        />
      )}
    </section>
  );
}

/** What the last verification found. */
function Result({ told, open }: { readonly told: Verification; readonly open: (entry: number) => void }) {
  const { t } = useSpeech();
  const when = { at: instantText(told.at), person: told.person_name };
  const { broken } = told;
  if (!broken) {
    const values = { ...when, entries: told.entry_count.toLocaleString("en"), anchors: told.anchors };
    return (
      <p className="audit-whole">
        <strong>{t("audit.whole_log")}</strong>{" "}
        {t(told.anchors > 0 ? "audit.verified_with" : "audit.verified", values)}
      </p>
    );
  }
  const nothing = t("audit.nothing");
  return (
    <div className="audit-broken" role="alert">
      <p>
        <strong>{t("audit.broken_log", { number: broken.entry_no.toLocaleString("en") })}</strong>{" "}
        {t(`audit.fault.${broken.fault}` as Key, {
          batch: broken.batch_no,
          column: broken.column,
          since: broken.since.toLocaleString("en"),
          number: broken.entry_no.toLocaleString("en"),
        })}
      </p>
      <p className="small">
        {t("audit.expected")} <code>{broken.expected || nothing}</code> · {t("audit.found")}{" "}
        <code>{broken.found || nothing}</code>
      </p>
      <p className="quiet small">
        {t("audit.verified_broken", { ...when, entries: told.entry_count.toLocaleString("en") })}{" "}
        <Button size="small" type="link" onClick={() => open(broken.entry_no)}>
          {t("audit.open_broken")}
        </Button>
      </p>
    </div>
  );
}

/** The heads of a file that `loantrail audit head` or this page wrote, one line each; throws where there is none. */
function headsOf(text: string): Anchored[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0) throw new Error("no head");
  return lines.map((line) => {
    const read = JSON.parse(line) as Anchored & { kind?: string };
    if (read.kind !== "loantrail-audit-head") throw new Error("no head");
    return { batch_no: read.batch_no, entry_no: read.entry_no, algorithm: read.algorithm, head: read.head };
  });
}

function saveHead(head: Head): void {
  saveFile(new Blob([`${head.line}\n`], { type: "application/jsonl" }), `audit-head-${head.entry_no}.jsonl`);
}
