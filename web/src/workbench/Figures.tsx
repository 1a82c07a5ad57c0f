import { useMoney } from "../ui/Amount";
import { Figure } from "../ui/Figure";
import { useSpeech } from "../i18n";
import { dayText } from "../identity/days";
import { may, useMe } from "../identity/me";
import { instantText } from "../ui/time";
import { ppmText } from "./shares";
import type { Bench } from "./WorkbenchPage";

interface Shown {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly hint?: string;
  readonly danger?: boolean;
}

const MOST = 4;
const YUAN = { currency: "CNY", minor_digits: 2 } as const;

/** The few numbers that answer this person's first question of the day. */
export function Figures({ bench }: { readonly bench: Bench }) {
  const shown = useFigures(bench).slice(0, MOST);
  if (shown.length === 0) return null;
  return (
    <dl className={`card figures-row bench-figures bench-figures-${shown.length}`}>
      {shown.map(({ key, value, ...one }) => (
        <Figure key={key} {...one}>
          {value}
        </Figure>
      ))}
    </dl>
  );
}

function useFigures({ warnings, checks, approvals, payments, changes, portfolio, rules, data, record, people, data_date }: Bench): readonly Shown[] {
  const { t } = useSpeech();
  const me = useMe();
  const money = useMoney(YUAN);
  const figures: Shown[] = [];
  const add = (key: string, value: string | number, more: Omit<Shown, "key" | "label" | "value"> & { label: string }) =>
    figures.push({ key, value: String(value), ...more });
  const decides = may(me, ["check_warnings"]);
  const acts = may(me, ["act_on_warnings"]);
  if (record) {
    const whole = record.verified_whole;
    add("chain", t(whole === null ? "workbench.record_never" : whole ? "workbench.record_whole" : "workbench.record_broken"), {
      label: t("workbench.record_title"),
      ...(record.verified_at && { note: instantText(record.verified_at) }),
      danger: whole !== true,
    });
    const since = t("workbench.record_since", { day: dayText(record.since) });
    add("refused", record.refused_count, { label: t("workbench.record_refused"), note: since });
    add("identifiers", record.identifiers_count, { label: t("workbench.record_identifiers"), note: since });
    add("exports", record.export_count, { label: t("workbench.record_exports"), note: since });
  }
  if (warnings && decides) {
    add("review", warnings.review_count, { label: t("workbench.review"), note: t("workbench.review_note"), danger: warnings.review_count > 0 });
  }
  if (warnings && acts && !decides) {
    add("tasks", warnings.items_count, {
      label: t("workbench.tasks"),
      note: t("workbench.tasks_note", { mine: warnings.mine_count, late: warnings.overdue_count }),
      danger: warnings.overdue_count > 0,
    });
  }
  if (approvals && !warnings) {
    add("approvals", approvals.count, { label: t("workbench.approvals_title"), danger: approvals.count > 0 });
  }
  if (people) {
    if (!approvals) add("waiting", people.waiting_count, { label: t("workbench.people_waiting") });
    add("active", people.active_count, { label: t("workbench.people_active") });
    add("locked", people.locked_count, { label: t("workbench.people_locked"), danger: people.locked_count > 0 });
    add("keys", people.keys_ending_count, { label: t("workbench.people_keys_ending", { day: dayText(people.until) }) });
  }
  if (warnings && (decides || !acts)) {
    add("late", warnings.overdue_count, {
      label: t("workbench.late"),
      note: t("workbench.late_note", { open: warnings.open_count }),
      danger: warnings.overdue_count > 0,
    });
  }
  if (checks && !decides) {
    add("checks", checks.items_count, {
      label: t("workbench.checks"),
      ...(checks.overdue_count > 0 && { note: t("workbench.checks_late", { count: checks.overdue_count }), danger: true }),
    });
  }
  if (payments && acts && !decides) {
    add("payments", payments.count, {
      label: t("workbench.payments_week"),
      ...(payments.count > 0 && { note: money.short(payments.open_fen), hint: money.hover(payments.open_fen) }),
    });
  }
  if (changes?.books_since && acts && !decides) {
    add("missed", changes.missed_count, {
      label: t("workbench.missed"),
      ...(changes.missed_count > 0 && { note: t("workbench.missed_note", { amount: money.short(changes.missed_fen) }) }),
      danger: changes.missed_count > 0,
    });
  }
  if (portfolio) {
    const { total, bank } = portfolio;
    const whole = me.reach === "bank";
    const against = (ppm: number, other: string) => (whole ? other : t("workbench.bank_share", { share: ppmText(ppm, 1_000_000), more: other }));
    if (!acts || decides) {
      add("overdue", ppmText(Number(total.overdue_balance_fen), Number(total.balance_fen)), {
        label: t("workbench.overdue_share"),
        note: against(bank.overdue_ppm, t("workbench.loans_count", { count: total.overdue_count })),
        hint: money.hover(total.overdue_balance_fen),
      });
      add("suspected", ppmText(total.suspected_count, total.loan_count), {
        label: t("workbench.suspected_share"),
        note: against(bank.suspected_ppm, t("workbench.loans_count", { count: total.suspected_count })),
        hint: money.hover(total.suspected_fen),
      });
    }
    if (!warnings) {
      figures.unshift({
        key: "balance",
        label: t("workbench.balance"),
        value: money.short(total.balance_fen),
        note: t("workbench.loans_count", { count: total.loan_count }),
        hint: money.hover(total.balance_fen),
      });
      add("severe", total.severe_count, {
        label: t("workbench.severe"),
        note: t("workbench.severe_note", { open: total.warning_count, late: total.late_count }),
        danger: total.severe_count > 0,
      });
    }
  }
  if (data && !warnings) {
    add("data_date", data_date ?? "–", {
      label: t("app.data_date_label"),
      ...(data.complete_date ? { note: t("workbench.complete_note", { day: data.complete_date }) } : {}),
    });
    add("alarms", data.open_alarm_count, {
      label: t("workbench.alarms"),
      note: t("workbench.alarms_note", { count: data.critical_alarm_count }),
      danger: data.critical_alarm_count > 0,
    });
    add("refusals", data.open_refusal_count, { label: t("workbench.refusals"), danger: data.open_refusal_count > 0 });
    add("unsent", data.unsent_count, { label: t("workbench.unsent"), danger: data.unsent_count > 0 });
  }
  if (rules && !warnings && !portfolio && !data) {
    add("published", rules.published_count, { label: t("workbench.rules_published") });
    add("shadow", rules.shadow_count, { label: t("workbench.rules_shadow") });
    add("draft", rules.draft_count, { label: t("workbench.rules_draft") });
    add("proposed", rules.proposed_count, { label: t("workbench.rules_proposed") });
  }
  return figures;
}
