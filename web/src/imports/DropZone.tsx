import { InboxOutlined } from "@ant-design/icons";
import { Alert, Button, Progress } from "antd";
import { useRef, useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { sizeText } from "./size";
import type { Sending } from "./sending";

interface Props {
  readonly overview: Schemas["ImportOverview"];
  readonly send: (files: readonly File[]) => Promise<void>;
  readonly sending: Sending | null;
  readonly problems: readonly string[];
  /** A line instead of a field, where files are added to others. */
  readonly small?: boolean;
}

/** Where files are dropped or chosen. */
export function DropZone({ overview, send, sending, problems, small = false }: Props) {
  const { t, name } = useSpeech();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const choose = (
    <Button type={small ? "default" : "primary"} disabled={sending !== null} onClick={() => input.current?.click()}>
      {small ? t("imports.add") : t("imports.choose")}
    </Button>
  );
  const busy = sending && (
    <div className="sending" role="status">
      <span>{t("imports.uploading", { name: sending.name })}</span>
      <Progress
        percent={sending.total > 0 ? Math.floor((sending.done / sending.total) * 100) : 0}
        size="small"
        aria-label={t("imports.uploading", { name: sending.name })}
      />
    </div>
  );
  return (
    <>
      <div
        className={small ? "drop drop-small" : over ? "card drop drop-over" : "card drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          if (!sending) void send([...event.dataTransfer.files]);
        }}
      >
        <input
          ref={input}
          type="file"
          multiple
          hidden
          data-testid="files"
          onChange={(event) => {
            void send([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        {small ? (
          (busy ?? choose)
        ) : (
          <>
            <InboxOutlined className="drop-mark" aria-hidden />
            <div className="drop-text">
              <p className="drop-title">{t("imports.drop")}</p>
              <p className="quiet">
                {t("imports.drop_hint", { size: sizeText(overview.file_bytes_max), count: overview.files_max })}
              </p>
              <p className="quiet">
                {t("imports.drop_formats", {
                  formats: overview.formats.map((one) => name("format", one.name)).join(t("imports.comma")),
                })}
              </p>
            </div>
            {busy ?? choose}
          </>
        )}
      </div>
      {problems.map((problem) => (
        <Alert key={problem} type="error" showIcon title={problem} className="alert" />
      ))}
    </>
  );
}
