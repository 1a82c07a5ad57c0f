import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { instantText } from "../ui/time";
import type { Thread } from "./asked";
import { useRuleName } from "./rules";

type Entry = Thread["timeline"][number];

/** Everything that happened to the warning, the newest first. Nothing of it ever changes. */
export function Timeline({ thread }: { readonly thread: Thread }) {
  const { t } = useSpeech();
  const said = useSaid(thread);
  const entries = [...thread.timeline].reverse();
  return (
    <section className="card case-part" aria-labelledby="timeline-title">
      <h3 id="timeline-title">{t("warnings.timeline")}</h3>
      <ol className="warning-timeline">
        {entries.map((entry) => (
          <li key={entry.version} className={entry.by ? "by-person" : ""}>
            <span className="figures quiet small">{instantText(entry.at)}</span>
            <span>
              <strong>{entry.by ? entry.by_name : t("warnings.system")}</strong> {said(entry)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function useSaid(thread: Thread): (entry: Entry) => string {
  const { t, name } = useSpeech();
  const money = useMoney(thread.row);
  const called = useRuleName(thread.rule_words);
  return ({ kind, data }) => {
    const text = (key: string) => (typeof data[key] === "string" ? (data[key] as string) : "");
    const level = (key: string) => name("warning_level", text(key));
    const words = name("warning_kind", kind);
    const details: string[] = [];
    if (text("rule_code")) details.push(called(text("rule_code")));
    const grown = kind === "hit_grew" || kind === "hit_shrank";
    if (grown && data["before_fen"] === data["amount_fen"] && data["payments"]) details.push(t("warnings.payments_now", { count: Number(data["payments"]) }));
    else if (grown) details.push(`${money.short(String(data["before_fen"]))} → ${money.short(String(data["amount_fen"]))}`);
    else if (kind === "hit_added") details.push(money.short(String(data["amount_fen"])));
    if (text("before") && text("level")) details.push(`${level("before")} → ${level("level")}`);
    else if (kind === "opened" || kind === "reopened") details.push(level("level"));
    if (kind === "reopened" && text("before")) details.push(t("warnings.level_of_standing"));
    if (kind === "disposed") details.push(name("disposition", text("disposition")));
    if (kind === "disposed" && text("reason")) details.push(name("false_alarm", text("reason")));
    else if (text("reason")) details.push(text("reason"));
    if (text("measure")) details.push(name("warning_measure", text("measure")));
    if (text("until")) details.push(text("until"));
    if (text("on")) details.push(text("on"));
    if (text("text")) details.push(text("text"));
    if (text("note")) details.push(text("note"));
    if (kind === "assigned") details.push(text("to_name") || t("warnings.nobodys"));
    if (Array.isArray(data["roles"])) details.push((data["roles"] as string[]).map((role) => name("role", role)).join(t("warnings.comma")));
    return details.length > 0 ? t("warnings.said", { what: words, details: details.join(" · ") }) : words;
  };
}
