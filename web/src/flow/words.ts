import { useMemo } from "react";
import { useSpeech } from "../i18n";
import { type Currency, useMoney } from "../ui/Amount";
import { type FlowEdge, type FlowNode, isSummary, isSuspected, toneOf } from "./tones";
import { shownAccount } from "../ui/masked_account";

/** What nodes and edges are called, in the reader's language. */
export function useFlowWords(facts: Currency) {
  const { t, name, language } = useSpeech();
  const money = useMoney(facts);
  return useMemo(() => {
    const comma = language === "zh" ? "、" : ", ";
    const title = (node: FlowNode): string => {
      if (node.kind === "loan") return t("flow.loan");
      if (node.kind === "folded") {
        return node.account_count === 1 ? t("flow.folded_one") : t("flow.folded", { count: node.account_count });
      }
      if (node.kind === "rest") {
        return node.member_count === 1 ? t("flow.rest_one") : t("flow.rest", { count: node.member_count });
      }
      if (node.kind === "outside") return name("use", node.use || "outside");
      return node.name ?? shownAccount(node.account ?? "");
    };
    /** What it is, in words: the use, the role, or that it is a summary. */
    const meaning = (node: FlowNode): string => {
      if (isSummary(node)) return t("flow.summary_of");
      if (node.kind === "loan" || node.role !== "") return name("flow_tone", toneOf(node));
      return node.use ? name("use", node.use) : name("flow_tone", toneOf(node));
    };
    const amount = (node: FlowNode) => (node.kind === "loan" ? node.out_fen : node.in_fen);
    return {
      title,
      meaning,
      letter: (node: FlowNode) => name("flow_letter", toneOf(node)),
      detail: (node: FlowNode) => money.short(amount(node)),
      flag: t("flow.suspected"),
      count: (count: number) => (count === 1 ? t("flow.transaction_one") : t("flow.transactions", { count })),
      uses: (edge: FlowEdge) =>
        edge.uses.map((share) => (share.use ? name("use", share.use) : t("flow.no_use"))).join(comma),
      patterns: (patterns: readonly string[]) => patterns.map((one) => name("pattern", one)).join(comma),
      /** A node in one sentence, for a screen reader. */
      sentence: (node: FlowNode): string =>
        [
          title(node),
          ...(isSummary(node) || node.kind === "loan" ? [] : [meaning(node)]),
          isSuspected(node) ? t("flow.suspected") : "",
          node.kind === "loan" ? "" : t("flow.said_in", { amount: money.full(node.in_fen) }),
          node.out_fen === "0" ? "" : t("flow.said_out", { amount: money.full(node.out_fen) }),
          node.resting_fen === "0" ? "" : t("flow.said_rests", { amount: money.full(node.resting_fen) }),
          node.kind === "account" && node.target_count > 0 ? t(node.open ? "flow.said_open" : "flow.said_closed") : "",
        ]
          .filter((part) => part !== "")
          .join(language === "zh" ? "，" : ", "),
      span: (edge: FlowEdge) =>
        edge.first_on === edge.last_on ? edge.first_on : t("flow.span", { first: edge.first_on, last: edge.last_on }),
    };
  }, [t, name, language, money]);
}

export type FlowWords = ReturnType<typeof useFlowWords>;
