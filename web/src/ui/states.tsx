import { Button, Skeleton } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { useSpeech } from "../i18n";
import { asProblem, said } from "./wording";

export type { ProblemLike } from "./wording";

export function problemCode(error: unknown): string | undefined {
  return asProblem(error).code;
}

export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const { t, language } = useSpeech();
  const problem = asProblem(error);
  const remedy = said(language, problem.remedy, problem.remedy_chinese);
  return (
    <Notice
      tone="failure"
      title={t("error.title")}
      action={
        retry && (
          <Button type="primary" onClick={retry}>
            {t("error.retry")}
          </Button>
        )
      }
    >
      <p>{said(language, problem.detail, problem.detail_chinese) || t("error.unreachable")}</p>
      {problem.code === "request_refused" &&
        problem.fields?.map((one) => (
          <p key={one.field}>
            <code>{one.field}</code> {said(language, one.problem, one.problem_chinese)}
          </p>
        ))}
      {remedy && <p>{remedy}</p>}
      {problem.code && <p className="quiet">{t("error.code", { code: problem.code })}</p>}
    </Notice>
  );
}

interface NoticeProps {
  readonly tone: "empty" | "failure";
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

export function Notice({ tone, title, children, action }: NoticeProps) {
  return (
    <section className={`notice notice-${tone}`} role={tone === "failure" ? "alert" : "status"}>
      <Mark failed={tone === "failure"} />
      <h2>{title}</h2>
      <div className="notice-text">{children}</div>
      {action}
    </section>
  );
}

function Mark({ failed }: { readonly failed: boolean }) {
  return (
    <svg viewBox="0 0 72 40" width="72" height="40" aria-hidden="true" className="notice-mark">
      <path d={failed ? "M4 30h18M50 10h18" : "M4 30h24c10 0 8-20 18-20h22"} />
      <circle cx="4" cy="30" r="3" />
      <circle cx="68" cy="10" r="3" />
      {failed && <path className="cut" d="M31 13l10 14M41 13L31 27" />}
    </svg>
  );
}

const SLOW_MS = 8000;

export function Loading({ rows = 8 }: { readonly rows?: number }) {
  const { t } = useSpeech();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const waiting = window.setTimeout(() => setSlow(true), SLOW_MS);
    return () => window.clearTimeout(waiting);
  }, []);
  return (
    <div className="loading" role="status" aria-label={t("app.loading")}>
      {slow && <p className="quiet">{t("app.slow")}</p>}
      <Skeleton active title={false} paragraph={{ rows, width: "100%" }} />
    </div>
  );
}
