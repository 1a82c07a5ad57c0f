import { DeleteOutlined, LinkOutlined, StarOutlined } from "@ant-design/icons";
import { Button, Input, Popover } from "antd";
import { useState } from "react";
import { type Key, useSpeech } from "../i18n";
import { useSavedFilters } from "./preferences";

/** What many ask for; the texts are those of the address. */
const SHIPPED: readonly (readonly [Key, string])[] = [
  ["loans.shipped.suspected", "suspected=true"],
  ["loans.shipped.market", "pattern=FLOW_SECURITIES&pattern=FLOW_REALESTATE"],
  ["loans.shipped.unseen", "seen_below=50&state=outstanding&state=overdue&sort=balance"],
  ["loans.shipped.trouble", "five_class=special_mention&five_class=substandard&five_class=doubtful&five_class=loss&sort=balance"],
  ["loans.shipped.overdue", "state=overdue&sort=balance"],
];
const NAME_MAX = 30;

interface Props {
  /** The present conditions, as text. */
  readonly text: string;
  readonly apply: (text: string) => void;
  readonly say: (text: string) => void;
}

/** Filters with names; kept in this browser, and sent to others as links. */
export function SavedFilters({ text, apply, say }: Props) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  const [saved, setSaved] = useSavedFilters();
  const [name, setName] = useState("");
  const choose = (chosen: string) => {
    apply(chosen);
    setOpen(false);
  };
  const save = () => {
    const called = name.trim();
    if (!called || !text) return;
    setSaved([...saved.filter((one) => one.name !== called), { name: called, text }]);
    setName("");
    say(t("loans.saved.done", { name: called }));
  };
  const copy = () => {
    const address = `${window.location.origin}/loans${text ? `?${text}` : ""}`;
    void navigator.clipboard.writeText(address).then(
      () => say(t("loans.saved.copied")),
      () => say(address),
    );
  };
  const content = (
    <div className="saved-filters">
      <h3>{t("loans.saved.mine")}</h3>
      {saved.length === 0 && <p className="quiet small">{t("loans.saved.none")}</p>}
      <ul>
        {saved.map((one) => (
          <li key={one.name}>
            <Button type="text" className="saved-name" aria-current={one.text === text} onClick={() => choose(one.text)}>
              {one.name}
            </Button>
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined aria-hidden />}
              aria-label={t("loans.saved.delete", { name: one.name })}
              onClick={() => setSaved(saved.filter((other) => other.name !== one.name))}
            />
          </li>
        ))}
      </ul>
      <h3>{t("loans.saved.shipped")}</h3>
      <ul>
        {SHIPPED.map(([key, shipped]) => (
          <li key={key}>
            <Button type="text" className="saved-name" aria-current={shipped === text} onClick={() => choose(shipped)}>
              {t(key)}
            </Button>
          </li>
        ))}
      </ul>
      <form
        className="saved-new"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Input
          size="small"
          maxLength={NAME_MAX}
          value={name}
          placeholder={t("loans.saved.name")}
          aria-label={t("loans.saved.name")}
          disabled={!text}
          onChange={(event) => setName(event.target.value)}
        />
        <Button size="small" type="primary" htmlType="submit" disabled={!text || !name.trim()}>
          {t("loans.saved.save")}
        </Button>
      </form>
      <Button size="small" icon={<LinkOutlined aria-hidden />} onClick={copy}>
        {t("loans.saved.copy")}
      </Button>
      <p className="quiet small">{t("loans.saved.where")}</p>
    </div>
  );
  return (
    <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} content={content}>
      <Button icon={<StarOutlined aria-hidden />}>{t("loans.saved")}</Button>
    </Popover>
  );
}
