import { Button, Tag } from "antd";
import { useSpeech } from "../i18n";

export interface Chip {
  readonly field: string;
  readonly label: string;
  readonly text: string;
}

interface Props {
  readonly chips: readonly Chip[];
  readonly lift: (field: string) => void;
  readonly clear: () => void;
}

/** The conditions that hold, in words; each can be lifted. */
export function Chips({ chips, lift, clear }: Props) {
  const { t } = useSpeech();
  if (chips.length === 0) return null;
  return (
    <div className="chips" aria-label={t("table.chips")} role="group">
      {chips.map(({ field, label, text }) => (
        <Tag
          key={field}
          closable={{ "aria-label": t("table.chip.lift", { what: label }) }}
          onClose={(event) => {
            event.preventDefault();
            lift(field);
          }}
        >
          <span className="quiet">{label}</span> {text}
        </Tag>
      ))}
      <Button type="link" size="small" onClick={clear}>
        {t("table.clear_all")}
      </Button>
    </div>
  );
}
