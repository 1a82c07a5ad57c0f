import { Button } from "antd";
import { type ReactNode, useId } from "react";
import { useSpeech } from "../i18n";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";

interface Props {
  readonly title: string;
  readonly kind: string;
  readonly maker: string;
  readonly madeAt: string;
  readonly reason: string;
  /** Further facts, each with its word. */
  readonly facts?: readonly (readonly [string, ReactNode])[];
  readonly close: () => void;
  readonly children: ReactNode;
}

/** A proposal beside the list: what, by whom and why; below it what it changes and what can be done. */
export function Panel({ title, kind, maker, madeAt, reason, facts = [], close, children }: Props) {
  const { t } = useSpeech();
  const heading = useId();
  return (
    <section className="card proposal" aria-labelledby={heading}>
      <div className="proposal-head">
        <h2 id={heading}>{title}</h2>
        <Button size="small" onClick={close}>
          {t("inbox.close")}
        </Button>
      </div>
      <dl className="facts">
        <div>
          <dt>{t("inbox.kind")}</dt>
          <dd>{kind}</dd>
        </div>
        <div>
          <dt>
            <Term name="maker">{t("inbox.maker")}</Term>
          </dt>
          <dd>
            {maker} · <span className="figures">{instantText(madeAt)}</span>
          </dd>
        </div>
        {reason && (
          <div>
            <dt>{t("inbox.reason")}</dt>
            <dd>{reason}</dd>
          </div>
        )}
        {facts.map(([word, said]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{said}</dd>
          </div>
        ))}
      </dl>
      <h3>{t("inbox.difference")}</h3>
      {children}
    </section>
  );
}
