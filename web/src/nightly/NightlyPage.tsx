import { useEffect } from "react";
import { Navigate, useParams } from "react-router";
import { useSpeech } from "../i18n";
import { Dates } from "./Dates";
import { Night } from "./Night";

/** A date as the folders are named, which is as well what one types. */
const FOLDER_DATE = /^(\d{4})(\d{2})(\d{2})$/;

/** The bank's nightly deliveries; the date that the address names, whole. */
export default function NightlyPage() {
  const { t } = useSpeech();
  const { date } = useParams();
  useEffect(() => {
    document.title = `${date ? `${date} · ` : ""}${t("nightly.title")} · ${t("app.name")}`;
  }, [t, date]);
  const folder = FOLDER_DATE.exec(date ?? "");
  if (folder) return <Navigate to={`/nightly/${folder.slice(1).join("-")}`} replace />;
  return <div className="page imports">{date ? <Night key={date} date={date} /> : <Dates />}</div>;
}
