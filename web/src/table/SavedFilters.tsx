import { DeleteOutlined, LinkOutlined, StarOutlined } from "@ant-design/icons";
import { Button, Input, Popover } from "antd";
import { useState } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { queries } from "../queries";
import { problemText } from "../ui/wording";

const NAME_MAX = 60;

interface Props {
  /** The list: filters are kept for each by itself. */
  readonly place: string;
  /** Its address on this page, for links. */
  readonly page: string;
  /** The present conditions, as text. */
  readonly text: string;
  /** What many ask for: name and conditions. */
  readonly shipped: readonly (readonly [string, string])[];
  readonly apply: (text: string) => void;
  readonly say: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** Filters with names; kept for the person, and sent to others as links. */
export function SavedFilters({ place, page, text, shipped, apply, say, complain }: Props) {
  const { t, language } = useSpeech();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const asked = { params: { query: { place } } } as const;
  const { data } = api.useQuery("get", "/api/v1/saved-filters", asked, { enabled: open });
  const { queryKey } = api.queryOptions("get", "/api/v1/saved-filters", asked);
  const told = {
    // One change after the other: each answer is the whole list.
    scope: { id: `saved-filters ${place}` },
    onSuccess: async (kept: unknown) => {
      // What was asked for meanwhile may not know of the change, and its answer come last.
      await queries.cancelQueries({ queryKey });
      queries.setQueryData(queryKey, kept);
    },
    onError: (error: unknown) => {
      complain(problemText(language, error) || t("error.unreachable"));
      void queries.invalidateQueries({ queryKey });
    },
  };
  const keeping = api.useMutation("put", "/api/v1/saved-filters", told);
  const forgetting = api.useMutation("delete", "/api/v1/saved-filters", told);
  const saved = data?.items ?? [];
  const choose = (chosen: string) => {
    apply(chosen);
    setOpen(false);
  };
  const save = () => {
    const called = name.trim();
    if (!called || !text) return;
    keeping.mutate(
      { body: { place, name: called, text } },
      {
        onSuccess: () => {
          setName("");
          say(t("table.saved.done", { name: called }));
        },
      },
    );
  };
  const copy = () => {
    const address = `${window.location.origin}${page}${text ? `?${text}` : ""}`;
    void navigator.clipboard.writeText(address).then(
      () => say(t("table.saved.copied")),
      () => say(address),
    );
  };
  const content = (
    <div className="saved-filters">
      {/* First: these stay where they are when the own ones come. */}
      {shipped.length > 0 && (
        <>
          <h3>{t("table.saved.shipped")}</h3>
          <ul>
            {shipped.map(([called, conditions]) => (
              <li key={called}>
                <Button type="text" className="saved-name" aria-current={conditions === text} onClick={() => choose(conditions)}>
                  {called}
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{t("table.saved.mine")}</h3>
      {saved.length === 0 && <p className="quiet small">{t("table.saved.none")}</p>}
      <ul aria-label={t("table.saved.mine")}>
        {saved.map((one) => (
          <li key={one.name}>
            <Button type="text" className="saved-name" aria-current={one.text === text} onClick={() => choose(one.text)}>
              {one.name}
            </Button>
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined aria-hidden />}
              aria-label={t("table.saved.delete", { name: one.name })}
              onClick={() => forgetting.mutate({ params: { query: { place, name: one.name } } })}
            />
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
          placeholder={t("table.saved.name")}
          aria-label={t("table.saved.name")}
          disabled={!text}
          onChange={(event) => setName(event.target.value)}
        />
        <Button size="small" type="primary" htmlType="submit" loading={keeping.isPending} disabled={!text || !name.trim()}>
          {t("table.saved.save")}
        </Button>
      </form>
      <Button size="small" icon={<LinkOutlined aria-hidden />} onClick={copy}>
        {t("table.saved.copy")}
      </Button>
      <p className="quiet small">{t("table.saved.where")}</p>
    </div>
  );
  return (
    <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} content={content}>
      <Button icon={<StarOutlined aria-hidden />}>{t("table.saved")}</Button>
    </Popover>
  );
}
