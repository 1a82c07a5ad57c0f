import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { AccountLink } from "../ui/AccountLink";

type Account = Schemas["Account"];

/** Name and number of an account; the number leads to its page. */
export function Party({ account }: { readonly account: Account }) {
  const { t } = useSpeech();
  return (
    <span className="party">
      <span className={account.name ? "party-name" : "party-name quiet"}>
        {account.name ?? t(account.account ? "disputes.unnamed" : "disputes.outside")}
      </span>
      {account.account && (
        <AccountLink className="party-account figures" account={account.account} />
      )}
    </span>
  );
}

/** A payment text over the number of its transaction, which leads to its page. */
export function Remark({ text, transferId }: { readonly text: string | null; readonly transferId: string }) {
  return (
    <span className="dispute-remark">
      {text && <span>{text}</span>}
      <Link to={`/transactions/${transferId}`} className="quiet small figures dispute-id">
        {transferId}
      </Link>
    </span>
  );
}

/** Why something is not known, in words. */
export function useReasons() {
  const { name } = useSpeech();
  return (reasons: readonly string[]) => reasons.map((one) => name("dispute_reason", one)).join("；");
}
