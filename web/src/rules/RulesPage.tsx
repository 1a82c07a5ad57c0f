import { useEffect } from "react";
import { Navigate, useParams } from "react-router";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { NewRule } from "./NewRule";
import { OneRule } from "./OneRule";
import { RuleList } from "./RuleList";

/** The rules; the one that the address names, whole. */
export default function RulesPage() {
  const { t } = useSpeech();
  const writes = may(useMe(), ["write_rules"]);
  const { code } = useParams();
  const named = code && code !== "new" ? `${code} · ` : "";
  useEffect(() => {
    document.title = `${named}${t("rules.title")} · ${t("app.name")}`;
  }, [t, named]);
  // Where the lists stood before.
  if (code === "lists") return <Navigate to="/lists" replace />;
  if (code === "new" && !writes) return <Navigate to="/rules" replace />;
  return (
    <div className="page rules">
      {code === "new" ? <NewRule /> : code ? <OneRule key={code} code={code} /> : <RuleList />}
    </div>
  );
}
