import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { exactText } from "../ui/money";
import { instantText } from "../ui/time";
import { useUnitName } from "../ui/unit";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const CNY_DIGITS = 2;
const PLACE = /\.(\d+)(?=\.|$)/g;

/** Texts that are compared word by word; conditions are code. */
const TEXTS = ["text", "hearing_note", "legal_basis", "doubt_chinese", "doubt_english", "chinese", "english"];
/** Lists that, empty, hold for everything. */
const ALL = ["products", "customer_kinds"];

export type Words = ReturnType<typeof useFieldWords>;

/** The words of a proposal's fields and values, in the reader's language. */
export function useFieldWords(kind: string, ruleName?: (code: string) => string) {
  const { t, name, language } = useSpeech();
  const unitName = useUnitName();
  const { data: roles } = api.useQuery("get", "/api/v1/roles", {}, { staleTime: Number.POSITIVE_INFINITY });
  const { data: units } = api.useQuery("get", "/api/v1/organisation", {}, { staleTime: 300_000 });
  const last = (path: string) => path.replace(PLACE, "").split(".").at(-1) ?? path;
  const ofRule = kind === "rule_version";
  const ofCalendar = kind === "calendar_change";
  // Fields whose values have words: of one kind of proposal, and of any.
  const own: Readonly<Record<string, Readonly<Record<string, (value: string) => string>>>> = {
    list_entry: { list: (value) => name("list_name", value), scope: (value) => name("list_scope", value) },
    rule_version: {
      products: (value) => name("product", value),
      customer_kinds: (value) => name("party_kind", value),
      occasion: (value) => name("occasion", value),
      owner_role: (value) => name("role", value),
      actions: (value) => name("warning_measure", value),
      pattern: (value) => name("pattern", value),
      state: (value) => name("rule_state", value),
    },
    rule_retirement: { state: (value) => name("rule_state", value) },
    class_correction: { scope: (value) => name("correction_scope", value) },
  };
  const common: Readonly<Record<string, (value: string) => string>> = {
    destination_class: (value) => name("use", value),
    third_parties: (value) => name("third_parties", value),
    state: (value) => name("person_state", value),
    abilities: (value) => name("ability", value),
    kind: (value) => name("change_kind", value),
    loan_money_fen: (value) => t("unit.yuan", { amount: exactText(BigInt(value), CNY_DIGITS) }),
  };
  const isCode = (path: string) => ofRule && ["condition", "amount_field"].includes(last(path));
  const single = (path: string, value: unknown): string => {
    if (value === null || value === undefined || value === "") return "–";
    if (typeof value === "boolean") return t(value ? "inbox.yes" : "inbox.no");
    if (typeof value === "number") return String(value);
    if (typeof value !== "string") return JSON.stringify(value);
    if (ofCalendar) return name("day_kind", value);
    const field = last(path);
    if (field === "role") {
      const role = roles?.find((one) => one.role === value);
      return role ? role[language === "zh" ? "chinese" : "english"] : value;
    }
    if (field === "unit_id") {
      const unit = units?.find((one) => one.unit_id === value);
      return unit ? `${unitName(unit.unit_id, unit.name)}（${value}）` : value;
    }
    if (field === "rule_code" && ruleName) return ruleName(value);
    const said = own[kind]?.[field] ?? common[field];
    if (said) return said(value);
    if (INSTANT.test(value)) return instantText(value);
    return value;
  };
  return {
    /** What a field is called; the place in a list stands behind it. */
    field: (path: string): string => {
      if (ofCalendar) return path;
      const places = [...path.matchAll(PLACE)].map((one) => one[1]).join(".");
      const field = last(path);
      const inLevels = ofRule && path.startsWith("levels.");
      const called = inLevels
        ? t(field === "level" ? "inbox.level" : "inbox.level_condition")
        : ofRule && !["version", "state"].includes(field)
          ? name("rule_field", field)
          : name("approval_field", field);
      return places ? `${called} ${places}` : called;
    },
    value: (path: string, value: unknown): string => {
      if (!Array.isArray(value)) return single(path, value);
      if (value.length === 0 && ofRule && ALL.includes(last(path))) return t("rules.all");
      return value.map((one) => single(path, one)).join(t("app.comma")) || "–";
    },
    /** A level of warnings, shown as colour, sign and word. */
    isLevel: (path: string): boolean => last(path) === "level",
    isCode,
    isText: (path: string): boolean => isCode(path) || TEXTS.includes(last(path)),
  };
}
