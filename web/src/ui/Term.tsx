import { Popover } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { type TermName, wording } from "../glossary/terms";
import { useSpeech } from "../i18n";

export type { TermName } from "../glossary/terms";

interface Props {
  readonly name: TermName;
  /** What stands on the screen; without it the term itself. */
  readonly children?: ReactNode;
}

/**
 * A word that the glossary explains: resting on it, or reaching it by keyboard, shows both languages' terms and the
 * explanation; following it opens its entry. It is a link, so it cannot stand inside another link or button.
 */
export function Term({ name, children }: Props) {
  const { t, language } = useSpeech();
  const { chinese, english } = wording(name);
  const [first, second] = language === "zh" ? [chinese, english] : [english, chinese];
  const entry = `/glossary#${name}`;
  return (
    <Popover
      trigger={["hover", "focus"]}
      mouseEnterDelay={0.25}
      arrow={{ pointAtCenter: true }}
      classNames={{ root: "term-popover" }}
      title={
        <>
          {first} <span className="term-other">{second}</span>
        </>
      }
      content={
        <>
          <p>{t(`term_text.${name}`)}</p>
          <Link to={entry} tabIndex={-1}>
            {t("glossary.open")}
          </Link>
        </>
      }
    >
      <Link to={entry} className="term" onClick={(event) => event.stopPropagation()}>
        {children ?? t(`term.${name}`)}
      </Link>
    </Popover>
  );
}
