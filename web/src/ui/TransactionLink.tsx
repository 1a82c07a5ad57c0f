import { LockOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { isMasked } from "./masked_account";
import { useOpens } from "./opening";

interface Props {
  readonly id: string;
  /** The accounts on its sides, as far as they are known. */
  readonly sides: readonly (string | null | undefined)[];
  readonly className?: string;
  readonly title?: string;
  readonly children: ReactNode;
}

/** Leads to a transaction's page; where a third party that is kept secret stands on a side, or it is out of reach, it leads nowhere
 * and says why. */
export function TransactionLink({ id, sides, className, title, children }: Props) {
  const { t } = useSpeech();
  const masked = sides.some((side) => side && isMasked(side));
  const opens = useOpens("transfer_id", masked ? null : id.replaceAll("-", ""));
  if (!masked && opens) {
    return (
      <Link className={className} title={title} to={`/transactions/${encodeURIComponent(id)}`}>
        {children}
      </Link>
    );
  }
  return (
    <Tooltip title={t(masked ? "unmasking.why" : "unmasking.out_of_reach")}>
      <span className={className ? `${className} quiet` : "quiet"} tabIndex={0}>
        <LockOutlined aria-label={t(masked ? "unmasking.masked" : "unmasking.out_of_reach")} /> {children}
      </span>
    </Tooltip>
  );
}
