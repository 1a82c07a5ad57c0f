import { Select } from "antd";
import { useDeferredValue, useId, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useClearing } from "../ui/clearing";
import { Field } from "../ui/Field";

type Name = Schemas["PersonName"];

interface Props {
  readonly label: string;
  readonly value: Name | null;
  readonly choose: (one: Name | null) => void;
}

/** Chooses somebody who works here, by name or number. */
export function ColleagueSelect({ label, value, choose }: Props) {
  const clearing = useClearing();
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const field = useId();
  const asked = useDeferredValue(text.trim());
  const { data, isFetching } = api.useQuery(
    "get",
    "/api/v1/me/colleagues",
    { params: { query: { search: asked, limit: 20 } } },
    { enabled: open },
  );
  const found = data ?? [];
  const shown = value && !found.some((one) => one.person_id === value.person_id) ? [value, ...found] : found;
  return (
    <Field id={field} label={label}>
      <Select
        id={field}
        allowClear={clearing}
        showSearch={{ filterOption: false, onSearch: setText }}
        value={value?.person_id ?? null}
        loading={open && isFetching}
        notFoundContent={isFetching ? null : t("app.who_none")}
        onOpenChange={setOpen}
        onChange={(id: string | null | undefined) => choose(shown.find((one) => one.person_id === id) ?? null)}
        options={shown.map((one) => ({ value: one.person_id, label: `${one.name}（${one.person_id}）` }))}
      />
    </Field>
  );
}
