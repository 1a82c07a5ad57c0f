import { Select } from "antd";
import { useDeferredValue, useState } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { useClearing } from "./clearing";
import { useUnitName } from "./unit";

export interface Person {
  readonly staff_id: string;
  readonly name: string;
}

interface Props {
  readonly label: string;
  /** What stands in the empty field; the label where nothing else is said. */
  readonly hint?: string;
  readonly value: Person | null;
  readonly choose: (person: Person | null) => void;
  readonly variant?: "borderless" | "outlined";
  readonly disabled?: boolean;
}

/** Chooses one of the bank's staff by name, pinyin or number. */
export function PersonSelect({ label, hint = label, value, choose, variant = "outlined", disabled = false }: Props) {
  const { t, name } = useSpeech();
  const clearing = useClearing();
  const unitName = useUnitName();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const asked = useDeferredValue(text.trim());
  const { data, isFetching } = api.useQuery(
    "get",
    "/api/v1/people",
    { params: { query: { search: asked, limit: 50 } } },
    { enabled: open },
  );
  const items = data?.items ?? [];
  const known = value && !items.some((one) => one.staff_id === value.staff_id) ? [{ ...value, role: "", unit_id: "", unit_name: "" }] : [];
  return (
    <Select
      className="person-select"
      aria-label={label}
      variant={variant}
      disabled={disabled}
      allowClear={clearing}
      showSearch={{ filterOption: false, onSearch: setText }}
      placeholder={hint} // the hint in the field while nobody is chosen
      value={value?.staff_id ?? null}
      loading={open && isFetching}
      notFoundContent={isFetching ? null : t("app.who_none")}
      popupMatchSelectWidth={320}
      optionLabelProp="name"
      onOpenChange={(shown) => {
        setOpen(shown);
        if (!shown) setText("");
      }}
      onChange={(staffId: string | null | undefined) =>
        choose([...known, ...items].find((one) => one.staff_id === staffId) ?? null)
      }
      options={[...known, ...items].map((one) => ({
        value: one.staff_id,
        name: one.name,
        label: (
          <span className="person-option">
            <span>{one.name}</span>
            <span className="quiet small">
              {[one.staff_id, one.role && name("role", one.role), unitName(one.unit_id, one.unit_name)].filter(Boolean).join(" · ")}
            </span>
          </span>
        ),
      }))}
    />
  );
}
