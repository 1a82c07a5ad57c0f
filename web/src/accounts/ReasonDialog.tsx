import { Alert, Input, Modal } from "antd";
import { type ReactNode, useEffect, useId, useState } from "react";
import { useSpeech } from "../i18n";
import type { ProblemLike } from "../ui/states";
import { problemText } from "../ui/wording";

interface Props {
  readonly open: boolean;
  readonly title: ReactNode;
  readonly hint?: string;
  readonly submit: string;
  readonly busy: boolean;
  readonly error: unknown;
  readonly ready?: boolean;
  /** What the server refused, in the reader's words; null leaves it to the server's own. */
  readonly told?: (problem: ProblemLike) => string | null;
  readonly close: () => void;
  readonly act: (reason: string) => void;
  readonly children?: ReactNode;
}

/** Asks for what an act needs, and always for its reason. */
export function ReasonDialog({ open, title, hint, submit, busy, error, ready = true, told, close, act, children }: Props) {
  const { t, language } = useSpeech();
  const [reason, setReason] = useState("");
  const [asked, setAsked] = useState(false);
  const field = useId();
  useEffect(() => {
    if (open) {
      setReason("");
      setAsked(false);
    }
  }, [open]);
  const missing = reason.trim() === "";
  const problem = error as ProblemLike | null;
  return (
    <Modal
      open={open}
      title={title}
      okText={submit}
      cancelText={t("accounts.act_cancel")}
      okButtonProps={{ disabled: !ready }}
      confirmLoading={busy}
      onCancel={close}
      onOk={() => {
        setAsked(true);
        if (!missing) act(reason.trim());
      }}
      width={560}
      destroyOnHidden
    >
      <div className="dialog">
        {hint && <p className="quiet">{hint}</p>}
        {children}
        <label className="field" htmlFor={field}>
          <span>{t("accounts.act_reason")}</span>
          <Input.TextArea
            id={field}
            value={reason}
            rows={3}
            maxLength={1000}
            required
            aria-required
            aria-invalid={asked && missing}
            status={asked && missing ? "error" : ""}
            placeholder={t("accounts.act_reason_hint")}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {asked && missing && (
          <p className="danger small" role="alert">
            {t("accounts.act_reason_missing")}
          </p>
        )}
        {problem && (
          <Alert
            type="error"
            showIcon
            title={t("accounts.act_failed")}
            description={
              told?.(problem) ?? (problemText(language, problem) || t("error.unreachable"))
            }
          />
        )}
      </div>
    </Modal>
  );
}
