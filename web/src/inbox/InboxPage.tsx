import { Tabs } from "antd";
import { useEffect } from "react";
import { useNavigate, useParams } from "react-router";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Decided } from "./Decided";
import { Waiting } from "./Waiting";

export const TABS = ["waiting", "mine", "history"] as const;
export type Tab = (typeof TABS)[number];

/** What waits for a second person; what I proposed; what was decided. */
export default function InboxPage() {
  const { t } = useSpeech();
  const me = useMe();
  const navigate = useNavigate();
  const { tab, item = "" } = useParams();
  const decides = may(me, ["approve"]);
  const tabs = TABS.filter((one) => one === "mine" || decides);
  const here = tabs.find((one) => one === tab) ?? tabs[0] ?? "mine";
  useEffect(() => {
    document.title = `${t(`inbox.${here}`)} · ${t("app.inbox")} · ${t("app.name")}`;
  }, [t, here]);
  return (
    <div className="page inbox">
      <div className="page-head">
        <h1>{t("app.inbox")}</h1>
      </div>
      <Tabs
        activeKey={here}
        onChange={(to) => void navigate(`/inbox/${to}`)}
        items={tabs.map((one) => ({ key: one, label: t(`inbox.${one}`) }))}
      />
      {here === "waiting" ? <Waiting key={here} item={item} /> : <Decided key={here} tab={here} item={item} />}
    </div>
  );
}
