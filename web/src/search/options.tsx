import type { ReactNode } from "react";
import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { exactText, shortText } from "../ui/money";
import { useUnitName } from "../ui/unit";
import type { Level } from "../warnings/asked";
import { LevelTag } from "../warnings/LevelTag";

/** One line that can be chosen: it leads somewhere, or searches again. */
export interface Option {
  readonly key: string;
  readonly title: string;
  readonly detail: string;
  readonly to: string | null;
  readonly mark?: ReactNode;
  /** A text to search for instead. */
  readonly again?: string;
  /** All of a kind, in their own list. */
  readonly all?: boolean;
}

export interface Group {
  readonly key: string;
  readonly label: string;
  readonly note: string;
  readonly options: readonly Option[];
}

/** What was found, as lines that can be chosen. */
export function useOptions(found: Schemas["SearchAnswer"] | undefined, text: string): readonly Group[] {
  const { t, name, language } = useSpeech();
  const unitName = useUnitName();
  return useMemo(() => {
    if (!found) return [];
    const amount = (hit: Schemas["FoundLoan"]) => {
      if (hit.currency !== "CNY") return `${exactText(BigInt(hit.balance_fen), hit.minor_digits)} ${hit.currency}`;
      const { unit, text: figure } = shortText(BigInt(hit.balance_fen), hit.minor_digits, language);
      return t(`unit.${unit}`, { amount: figure });
    };
    const joined = (...parts: readonly (string | null)[]) => parts.filter(Boolean).join(" · ");
    const all = (kind: string, total: number, shown: number, address: string): Option[] =>
      total > shown
        ? [
            {
              key: `all ${kind}`,
              title: t("search.more", { count: total.toLocaleString("en") }),
              detail: "",
              to: `${address}?search=${encodeURIComponent(text)}`,
              all: true,
            },
          ]
        : [];
    const groups: Group[] = [
      {
        key: "customers",
        label: t("search.customers"),
        note: found.customers.by_sound ? t("search.by_sound") : "",
        options: [
          ...found.customers.items.map((hit) => ({
            key: `customer ${hit.party_id}`,
            title: hit.name,
            detail: joined(
              name("party_kind", hit.kind),
              hit.is_customer ? unitName(hit.unit_id, hit.unit_name) : t("customers.not_customer"),
              hit.open_count > 0 ? t("search.open_count", { count: hit.open_count }) : null,
            ),
            to: `/customers/${encodeURIComponent(hit.party_id)}`,
          })),
          // The list of customers does not know what merely sounds alike.
          ...(found.customers.by_sound
            ? []
            : all("customers", found.customers.total_count, found.customers.items.length, "/customers")),
        ],
      },
      {
        key: "loans",
        label: t("search.loans"),
        note: "",
        options: [
          ...found.loans.items.map((hit) => ({
            key: `loan ${hit.loan_id}`,
            title: hit.loan_id,
            detail: joined(hit.borrower_name, name("product", hit.product), name("state", hit.state), hit.balance_fen === "0" ? null : amount(hit)),
            to: `/loans/${encodeURIComponent(hit.loan_id)}`,
          })),
          ...(found.customers.by_sound ? [] : all("loans", found.loans.total_count, found.loans.items.length, "/loans")),
        ],
      },
      {
        key: "accounts",
        label: t("search.accounts"),
        note: "",
        options: [
          ...found.accounts.items.map((hit) => ({
            key: `account ${hit.account}`,
            title: hit.account,
            detail: joined(hit.name, name("account_kind", hit.kind), t(hit.ours ? "customers.account.ours" : "customers.account.outside")),
            to: `/accounts/${encodeURIComponent(hit.account)}`,
          })),
          ...(found.customers.by_sound
            ? []
            : all("accounts", found.accounts.total_count, found.accounts.items.length, "/accounts")),
        ],
      },
      {
        key: "warnings",
        label: t("search.warnings"),
        note: "",
        options: found.warnings.items.map((hit) => ({
          key: `warning ${hit.thread_id}`,
          title: hit.borrower_name || hit.loan_id,
          mark: <LevelTag level={hit.level as Level} />,
          detail: joined(
            hit.loan_id,
            hit.rule_codes.map((code) => name("pattern", code)).join(language === "zh" ? "、" : ", "),
            name("warning_state", hit.state),
          ),
          to: `/warnings/${encodeURIComponent(hit.thread_id)}`,
        })),
      },
    ];
    return groups.filter((group) => group.options.length > 0);
  }, [found, text, t, name, language, unitName]);
}
