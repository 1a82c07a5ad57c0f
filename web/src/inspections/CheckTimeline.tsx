import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { instantText } from "../ui/time";
import type { Schemas } from "../api/client";
import type { Check } from "./address";

/** What was done about the check, the newest first. */
export function CheckTimeline({ check }: { readonly check: Check }) {
  const { t, name } = useSpeech();
  const told = useTold(check);
  return (
    <section className="card check-part" aria-labelledby="check-timeline-title">
      <h3 id="check-timeline-title">{t("checks.timeline")}</h3>
      <ol className="check-timeline">
        {[...check.timeline].reverse().map((entry) => (
          <li key={entry.version}>
            <time className="figures quiet small" dateTime={entry.at}>
              {instantText(entry.at)}
            </time>
            <span>
              {entry.by ? entry.by_name : t("checks.by_system")} · <strong>{name("check_event", entry.kind)}</strong>
              {told(entry) && <span className="small"> · {told(entry)}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

type Entry = Pick<Schemas["CheckEntry"], "kind" | "data">;

/** What an entry says beside its kind. */
export function useTold(currency: Parameters<typeof useMoney>[0]): (entry: Entry) => string {
  const { t, name } = useSpeech();
  const money = useMoney(currency);
  const text = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
  return ({ kind, data }) => {
    switch (kind) {
      case "judged":
        return [
          `${name("use", text(data["use"]))} ${money.short(text(data["amount_fen"]))}`,
          name("judgement", text(data["judgement"])),
          text(data["reason"]),
        ]
          .filter(Boolean)
          .join(" · ");
      case "submitted":
        return [name("check_conclusion", text(data["conclusion"])), text(data["reason"])].filter(Boolean).join(" · ");
      case "assigned":
        return text(data["to_name"]) || text(data["to"]) || t("checks.nobodys");
      case "voucher_added":
        return `${name("paper", text(data["paper"]))} ${text(data["name"])}`;
      case "voucher_linked":
        return name("use", text(data["use"]));
      case "voucher_withdrawn":
        return [text(data["name"]), text(data["reason"])].join(" · ");
      case "figures_changed":
        return name("check_change", text(data["change"]));
      case "created":
        return t("checks.due_on", { date: text(data["due_on"]) });
      default:
        return text(data["reason"]) || text(data["note"]);
    }
  };
}
