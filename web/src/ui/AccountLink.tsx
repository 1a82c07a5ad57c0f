import { LockOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { isMasked, shownAccount } from "./masked_account";
import { useOpens } from "./opening";

interface Props {
  readonly account: string;
  readonly className?: string;
  readonly title?: string;
  readonly children?: ReactNode;
}

/** An account's number, or a name that stands for it, leading to its page; one that is masked or out of reach leads nowhere and
 * says why. */
export function AccountLink({ account, className, title, children }: Props) {
  const { t } = useSpeech();
  const masked = isMasked(account);
  const opens = useOpens("account", masked ? null : account);
  if (!masked && !opens) {
    return (
      <Tooltip title={t("unmasking.out_of_reach")}>
        <span className={className} tabIndex={0}>
          {children ?? account}
        </span>
      </Tooltip>
    );
  }
  if (!masked) {
    return (
      <Link className={className} title={title} to={`/accounts/${encodeURIComponent(account)}`}>
        {children ?? account}
      </Link>
    );
  }
  return (
    <Tooltip title={t("unmasking.why")}>
      <span className={className} tabIndex={0}>
        <LockOutlined aria-label={t("unmasking.masked")} /> {children ?? shownAccount(account)}
      </span>
    </Tooltip>
  );
}
