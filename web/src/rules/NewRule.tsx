import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { newKey } from "../accounts/Correction";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { EMPTY } from "./milli";
import { RuleForm } from "./RuleForm";

/** Writes a rule that is not there yet. */
export function NewRule() {
  const { t } = useSpeech();
  const go = useNavigate();
  const queries = useQueryClient();
  const [key] = useState(newKey);
  const make = api.useMutation("post", "/api/v1/rules", {
    onSuccess: (answer) => {
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/rules"] });
      void go(`/rules/${answer.version.content.code}`);
    },
  });
  return (
    <>
      <p className="crumbs">
        <Link to="/rules">{t("rules.back")}</Link>
      </p>
      <div className="page-head">
        <h1>{t("rules.new")}</h1>
      </div>
      <RuleForm
        start={EMPTY}
        fresh
        busy={make.isPending}
        error={make.error}
        save={(content) => make.mutate({ body: { content, request_key: key } })}
        cancel={() => void go("/rules")}
      />
    </>
  );
}
