import { AlertFilled, BellFilled, ExclamationCircleFilled, InfoCircleFilled } from "@ant-design/icons";
import type { ReactNode } from "react";
import { useSpeech } from "../i18n";
import type { Level } from "./asked";

const ICONS: Readonly<Record<Level, ReactNode>> = {
  red: <AlertFilled aria-hidden />,
  orange: <ExclamationCircleFilled aria-hidden />,
  yellow: <BellFilled aria-hidden />,
  blue: <InfoCircleFilled aria-hidden />,
};

/** A level as colour, sign and word: none of them alone. */
export function LevelTag({ level }: { readonly level: Level }) {
  const { name } = useSpeech();
  return (
    <span className={`level level-${level}`}>
      {ICONS[level]} {name("warning_level", level)}
    </span>
  );
}
