import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { type Bond, type RelationEdge, type RelationNode, weight } from "./relation_layout";

const PPM_DIGITS = 4;

/** 600000 millionths are 60%; never rounded up to the whole. */
export function ppmText(ppm: number): string {
  const percent = ppm / 10 ** PPM_DIGITS;
  if (ppm > 0 && percent < 0.01) return "<0.01%";
  return `${(Math.floor(percent * 100) / 100).toString()}%`;
}

/** Everything that the graph and its tables say. */
export function useRelationWords() {
  const { t, name, language } = useSpeech();
  const yuan = useMoney({ currency: "CNY", minor_digits: 2 });
  const comma = language === "zh" ? "、" : ", ";
  const amount = (sum: Schemas["CurrencySum"]) => (sum.currency === "CNY" ? yuan.short(sum.amount_fen) : `${sum.amount_fen} ${sum.currency}`);
  const amounts = (sums: readonly Schemas["CurrencySum"][]) => sums.map(amount).join(comma);
  const named = (node: Pick<RelationNode, "name"> | undefined) => node?.name ?? t("customers.hidden_party");
  const edge = (one: RelationEdge): string => {
    const text = name("relation_of", one.kind);
    if (one.kind === "shareholder") return one.share_ppm === null ? text : `${text} ${ppmText(one.share_ppm)}`;
    if (one.kind === "guarantees" && one.guaranteed.length > 0) return `${text} ${amounts(one.guaranteed)}`;
    return text;
  };
  // On a line the colour says that it is a guarantee.
  const brief = (one: RelationEdge): string =>
    one.kind === "guarantees" && one.guaranteed.length > 0 ? t("customers.line_guarantee", { amount: amounts(one.guaranteed) }) : edge(one);
  const bond = (one: Bond): string => {
    // What runs against the line says so.
    const texts = [...one.edges].sort((a, b) => weight(a) - weight(b)).map((each) => {
      const against = one.mutual && each.source !== one.source && !["spouse", "family"].includes(each.kind);
      return against ? t("customers.against", { relation: brief(each) }) : brief(each);
    });
    return [...new Set(texts)].join(" · ");
  };
  const detail = (node: RelationNode): string => {
    if (node.party_id === null) return t("customers.hidden_hint");
    const owes = node.balances.filter((sum) => sum.amount_fen !== "0");
    if (owes.length > 0) {
      const standing = node.worst_class && node.worst_class !== "normal" ? ` · ${name("five_class", node.worst_class)}` : "";
      return `${t("customers.owes", { amount: amounts(owes) })}${standing}`;
    }
    return node.is_customer ? t("customers.owes_nothing") : t("customers.not_customer");
  };
  const letter = (node: RelationNode): string => (node.kind === null ? "?" : t(`customers.letter.${node.kind}` as never) || "?");
  const sentence = (node: RelationNode): string =>
    t(node.distance === 0 ? "customers.node_middle" : "customers.node_told", {
      name: named(node),
      detail: detail(node),
      distance: node.distance,
    });
  return { edge, bond, detail, letter, named, amounts, sentence, ppm: ppmText };
}

export type RelationWords = ReturnType<typeof useRelationWords>;
