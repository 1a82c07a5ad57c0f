import { DownloadOutlined } from "@ant-design/icons";
import { Button, message } from "antd";
import { useState } from "react";
import { newKey } from "../accounts/Correction";
import { ReasonDialog } from "../accounts/ReasonDialog";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { problemCode, type ProblemLike } from "../ui/states";
import { saveFile } from "../ui/saving";
import { problemText } from "../ui/wording";

const ROWS_MAX = 100_000;

interface Props {
  /** Where the spreadsheet is made, such as `/api/v1/loans.xlsx`. */
  readonly address: string;
  /** Conditions, order and columns; the language is added. Without it: all of the table. */
  readonly query?: () => URLSearchParams;
  /** How many rows it will have; null where that is no matter. */
  readonly count: number | null;
  /** Whether who reads the page may have the file without being allowed to export: sums, the audit log, what tells of no customer. */
  readonly readers?: boolean;
  /** Among small buttons, or in a heading. */
  readonly small?: boolean;
}

/** All that was found, as a spreadsheet with the columns of the table; nothing for who may not export. */
export function ExportButton(props: Props) {
  const exports = may(useMe(), ["export"]);
  return exports || props.readers ? <Exporting {...props} asks={exports} /> : null;
}

function Exporting({ address, query, count, small, asks }: Props & { readonly asks: boolean }) {
  const { t, language } = useSpeech();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const [key, setKey] = useState(newKey);
  const [told, toldHere] = message.useMessage();
  const ask = api.useMutation("post", "/api/v1/export-requests", {
    onSuccess: () => {
      void told.info(t("table.export.asked"));
      setRefused(null);
    },
  });
  const complain = (text: string) => void told.error(text);
  const save = async () => {
    if (count !== null && count > ROWS_MAX) {
      complain(t("table.export.too_many", { count: count.toLocaleString("en"), most: ROWS_MAX.toLocaleString("en") }));
      return;
    }
    setBusy(true);
    try {
      const wanted = query?.() ?? new URLSearchParams();
      wanted.set("language", language);
      const answer = await fetch(`${address}?${wanted}`);
      if (!answer.ok) {
        const problem: unknown = await answer.json().catch(() => null);
        if (asks && problemCode(problem) === "export_to_approve") {
          wanted.delete("language");
          setRefused(String(wanted));
          setKey(newKey());
          ask.reset();
          return;
        }
        complain(problemText(language, problem as ProblemLike | null) || t("error.unreachable"));
        return;
      }
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "loantrail.xlsx";
      saveFile(await answer.blob(), name);
    } catch {
      complain(t("error.unreachable"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
    {toldHere}
    <Button
      className="export-button"
      size={small ? "small" : "middle"}
      icon={<DownloadOutlined aria-hidden />}
      loading={busy}
      disabled={count === 0}
      title={count === null ? t("table.export.hint_all") : t("table.export.hint", { count: count.toLocaleString("en") })}
      onClick={() => void save()}
    >
      {t("table.export")}
    </Button>
    <ReasonDialog
      open={refused !== null}
      title={t("table.export.approval_title")}
      hint={t("table.export.approval_hint")}
      submit={t("table.export.approval_ask")}
      busy={ask.isPending}
      error={ask.error}
      close={() => setRefused(null)}
      act={(reason) => ask.mutate({ body: { path: address, query: refused ?? "", reason, request_key: key } })}
    />
    </>
  );
}
