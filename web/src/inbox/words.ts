import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { instantText } from "../ui/time";
import { useUnitName } from "../ui/unit";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const PLACE = /\.(\d+)(?=\.|$)/g;

/** The words of a proposal's fields and values, in the reader's language. */
export function useFieldWords() {
  const { t, name, language } = useSpeech();
  const unitName = useUnitName();
  const { data: roles } = api.useQuery("get", "/api/v1/roles", {}, { staleTime: Number.POSITIVE_INFINITY });
  const { data: units } = api.useQuery("get", "/api/v1/organisation", {}, { staleTime: 300_000 });
  const last = (path: string) => path.replace(PLACE, "").split(".").at(-1) ?? path;
  const single = (path: string, value: unknown): string => {
    if (value === null || value === undefined || value === "") return "–";
    if (typeof value === "boolean") return t(value ? "inbox.yes" : "inbox.no");
    if (typeof value === "number") return String(value);
    if (typeof value !== "string") return JSON.stringify(value);
    const field = last(path);
    if (field === "role") {
      const role = roles?.find((one) => one.role === value);
      return role ? role[language === "zh" ? "chinese" : "english"] : value;
    }
    if (field === "unit_id") {
      const unit = units?.find((one) => one.unit_id === value);
      return unit ? `${unitName(unit.unit_id, unit.name)}（${value}）` : value;
    }
    if (field === "destination_class") return name("use", value);
    if (field === "third_parties") return name("third_parties", value);
    if (field === "state") return name("person_state", value);
    if (field === "abilities") return name("ability", value);
    if (field === "kind") return name("change_kind", value);
    if (INSTANT.test(value)) return instantText(value);
    return value;
  };
  return {
    /** What a field is called; the place in a list stands behind it. */
    field: (path: string): string => {
      const places = [...path.matchAll(PLACE)].map((one) => one[1]).join(".");
      const called = name("approval_field", last(path));
      return places ? `${called} ${places}` : called;
    },
    value: (path: string, value: unknown): string =>
      Array.isArray(value) ? value.map((one) => single(path, one)).join(t("app.comma")) || "–" : single(path, value),
  };
}
