import { DownloadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useSpeech } from "../i18n";
import { problemText } from "../ui/wording";
import type { Column } from "./preferences";

const LOANS_MAX = 100_000;

interface Props {
  /** The present conditions and order, as text. */
  readonly text: string;
  readonly columns: readonly Column[];
  readonly count: number;
  readonly complain: (text: string) => void;
}

/** All that the filter found, as a spreadsheet with the columns of the table. */
export function ExportButton({ text, columns, count, complain }: Props) {
  const { t, language } = useSpeech();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    if (count > LOANS_MAX) {
      complain(t("loans.export.too_many", { count: count.toLocaleString("en"), most: LOANS_MAX.toLocaleString("en") }));
      return;
    }
    setBusy(true);
    try {
      const query = new URLSearchParams(text);
      for (const column of columns) query.append("columns", column);
      query.set("language", language);
      const answer = await fetch(`/api/v1/loans.xlsx?${query}`);
      if (!answer.ok) {
        complain(problemText(language, await answer.json().catch(() => null)) || t("error.unreachable"));
        return;
      }
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "loans.xlsx";
      saveAs(await answer.blob(), name);
    } catch {
      complain(t("error.unreachable"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      icon={<DownloadOutlined aria-hidden />}
      loading={busy}
      disabled={count === 0}
      title={t("loans.export.hint", { count: count.toLocaleString("en") })}
      onClick={() => void save()}
    >
      {t("loans.export")}
    </Button>
  );
}

function saveAs(content: Blob, name: string) {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
