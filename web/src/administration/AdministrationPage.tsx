import { Tabs } from "antd";
import { useEffect } from "react";
import { useNavigate, useParams } from "react-router";
import { useSpeech } from "../i18n";
import { type Ability, may, useMe } from "../identity/me";
import { Keys } from "./Keys";
import { Parameters } from "./Parameters";
import { Persons } from "./Persons";
import { System } from "./System";
import { Units } from "./Units";
import { WorkingCalendar } from "./WorkingCalendar";

const TABS = ["persons", "units", "keys", "parameters", "calendar", "system"] as const;
type Tab = (typeof TABS)[number];

const OPENED_BY: Readonly<Record<Tab, readonly Ability[]>> = {
  persons: ["read_people"],
  units: ["read_people"],
  keys: ["run_system", "read_people"],
  parameters: ["edit_parameters", "approve_parameters", "run_system", "read_people"],
  calendar: ["edit_parameters", "approve_parameters", "run_system", "read_people"],
  system: ["run_system", "read_data"],
};

/** Persons, units, keys, parameters, working days, jobs and health: each as far as one's roles go. */
export default function AdministrationPage() {
  const { t } = useSpeech();
  const me = useMe();
  const navigate = useNavigate();
  const { tab, item = "" } = useParams();
  const tabs = TABS.filter((one) => may(me, OPENED_BY[one]));
  const here = tabs.find((one) => one === tab) ?? tabs[0];
  useEffect(() => {
    document.title = `${here ? `${t(`admin.${here}`)} · ` : ""}${t("app.administration")} · ${t("app.name")}`;
  }, [t, here]);
  return (
    <div className="page admin">
      <div className="page-head">
        <h1>{t("app.administration")}</h1>
      </div>
      <Tabs
        {...(here && { activeKey: here })}
        onChange={(to) => void navigate(`/administration/${to}`)}
        items={tabs.map((one) => ({ key: one, label: t(`admin.${one}`) }))}
      />
      {here === "persons" && <Persons item={item} />}
      {here === "units" && <Units />}
      {here === "keys" && <Keys />}
      {here === "parameters" && <Parameters item={item} />}
      {here === "calendar" && <WorkingCalendar />}
      {here === "system" && <System />}
    </div>
  );
}
