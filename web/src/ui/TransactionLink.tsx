import { LockOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { isMasked } from "./masked_account";

interface Props {
  readonly id: string;
  /** The accounts on its sides, as far as they are known. */
  readonly sides: readonly (string | null | undefined)[];
  readonly className?: string;
  readonly title?: string;
  readonly children: ReactNode;
}

/** Leads to a transaction's page; where a third party that is kept secret stands on a side, it leads nowhere and says why. */
export function TransactionLink({ id, sides, className, title, children }: Props) {
  const { t } = useSpeech();
  if (!sides.some((side) => side && isMasked(side))) {
    return (
      <Link className={className} title={title} to={`/transactions/${encodeURIComponent(id)}`}>
        {children}
      </Link>
    );
  }
  return (
    <Tooltip title={t("unmasking.why")}>
      <span className={className ? `${className} quiet` : "quiet"} tabIndex={0}>
        <LockOutlined aria-label={t("unmasking.masked")} /> {children}
      </span>
    </Tooltip>
  );
}
