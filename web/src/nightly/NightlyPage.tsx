import { useEffect } from "react";
import { useParams } from "react-router";
import { useSpeech } from "../i18n";
import { Dates } from "./Dates";
import { Night } from "./Night";
import "../imports/imports.css";
import "./nightly.css";

/** The bank's nightly deliveries; the date that the address names, whole. */
export default function NightlyPage() {
  const { t } = useSpeech();
  const { date } = useParams();
  useEffect(() => {
    document.title = `${date ?? t("nightly.title")} · ${t("app.name")}`;
  }, [t, date]);
  return <div className="page imports">{date ? <Night key={date} date={date} /> : <Dates />}</div>;
}
