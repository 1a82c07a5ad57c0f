import { Button, Input, Select } from "antd";
import { useId, useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";

type Options = Schemas["ImportOptions"];

interface Props {
  readonly overview: Schemas["ImportOverview"];
  readonly options: Options;
  readonly submit: (options: Options) => void;
}

/** How files are read that do not tell all by themselves. */
export function ReadingOptions({ overview, options, submit }: Props) {
  const { t, name } = useSpeech();
  const [chosen, choose] = useState(options);
  const id = useId();
  const changed = JSON.stringify(chosen) !== JSON.stringify(options);
  const set = (part: Partial<Options>) => choose({ ...chosen, ...part });
  return (
    <details className="card box reading" open={Object.values(options).some(Boolean)}>
      <summary>
        {t("imports.options")} <span className="quiet">{t("imports.options_hint")}</span>
      </summary>
      <div className="reading-fields">
        <label htmlFor={`${id}-format`}>
          <span>{t("imports.option.format")}</span>
          <Select
            id={`${id}-format`}
            value={chosen.format}
            onChange={(format) => set({ format, mapping: "" })}
            options={[
              { value: "", label: t("imports.option.automatic") },
              ...overview.formats.map((one) => ({ value: one.name, label: name("format", one.name) })),
            ]}
          />
        </label>
        <label htmlFor={`${id}-mapping`}>
          <span>{t("imports.option.mapping")}</span>
          <Select
            id={`${id}-mapping`}
            value={chosen.mapping}
            onChange={(mapping) => set({ mapping, format: "" })}
            options={[
              { value: "", label: t("imports.option.none") },
              ...overview.mappings.map((one) => ({ value: one, label: one })),
            ]}
          />
        </label>
        <label htmlFor={`${id}-account`}>
          <span>{t("imports.option.account")}</span>
          <Input
            id={`${id}-account`}
            value={chosen.account}
            maxLength={64}
            onChange={(event) => set({ account: event.target.value })}
          />
        </label>
        <Button disabled={!changed} onClick={() => submit(chosen)}>
          {t("imports.check_again")}
        </Button>
      </div>
    </details>
  );
}
