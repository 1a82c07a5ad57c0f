import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { anewOnMount } from "../queries";
import { Failure, Loading } from "../ui/states";
import { ApprovalsCard } from "./ApprovalsCard";
import { seesSums, WORKBENCH } from "./asked";
import { ChangesCard } from "./ChangesCard";
import { ChecksCard } from "./ChecksCard";
import { DataCard } from "./DataCard";
import { ConcentrationCard, FlowsCard, GroupsCard, SinceCard } from "./Executive";
import { Figures } from "./Figures";
import { HandoverCard } from "./HandoverCard";
import { PaymentsCard } from "./PaymentsCard";
import { PeopleCard } from "./PeopleCard";
import { PortfolioCard } from "./PortfolioCard";
import { RecordCard } from "./RecordCard";
import { RulesCard } from "./RulesCard";
import { WarningsCard } from "./WarningsCard";
import { WaysCard } from "./WaysCard";

export type Bench = Schemas["Workbench"];

/** What a person sees first in the morning. */
export default function WorkbenchPage() {
  const { t, language } = useSpeech();
  const me = useMe();
  const { data, error, refetch } = useQuery({ ...WORKBENCH, ...anewOnMount });
  useEffect(() => {
    document.title = `${t("app.workbench")} · ${t("app.name")}`;
  }, [t]);
  const [first] = me.roles;
  return (
    <div className="page bench">
      <div className="bench-head">
        <h1>{t("workbench.hello", { name: me.name })}</h1>
        {first && <p className="quiet">{first[language === "zh" ? "question_chinese" : "question_english"]}</p>}
      </div>
      {error && !data ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={14} />
      ) : (
        <Parts bench={data} />
      )}
    </div>
  );
}

function Parts({ bench }: { readonly bench: Bench }) {
  const { t } = useSpeech();
  const me = useMe();
  const { warnings, checks, approvals, payments, changes, portfolio, rules, data, record, people, work: held, rule_words } = bench;
  const leads = may(me, ["check_warnings"]);
  const units = portfolio && portfolio.units.length > 0;
  // Sums alone are theirs to see: the portfolio answers them.
  const sums = seesSums(me);
  // Who has nothing of the business to see begins with the pages that are theirs.
  // Who acts on nothing here has little on the left: the rest goes there.
  const acts = may(me, ["act_on_warnings", "act_on_checks", "review_checks", "check_warnings"]);
  const waysLeft = changes !== null && !acts && !record;
  const work = warnings ?? checks ?? approvals ?? portfolio ?? data ?? rules ?? record ?? people;
  return (
    <>
      <Figures bench={bench} />
      <div className="bench-columns">
        <div className="bench-column">
          {record && <RecordCard record={record} />}
          {approvals && (approvals.count > 0 || !warnings) && <ApprovalsCard work={approvals} />}
          {warnings && warnings.review_count > 0 && <WarningsCard work={warnings} words={rule_words} reviews />}
          {checks && checks.review_count > 0 && <ChecksCard work={checks} reviews />}
          {warnings && may(me, ["act_on_warnings"]) && <WarningsCard work={warnings} words={rule_words} />}
          {checks && may(me, ["act_on_checks"]) && <ChecksCard work={checks} />}
          {payments && may(me, ["act_on_checks"]) && !leads && <PaymentsCard payments={payments} />}
          {held && (held.gone_count > 0 || leads) && <HandoverCard work={held} />}
          {units && <PortfolioCard portfolio={portfolio} />}
          {sums && <FlowsCard />}
          {sums && <GroupsCard by="industry" title={t("workbench.industry_title")} more={t("workbench.industry_more")} head={t("workbench.industry")} />}
          {sums && <GroupsCard by="unit" title={t("workbench.units_title")} more={t("workbench.units_more")} head={t("workbench.unit")} />}
          {data && !(warnings && acts) && <DataCard standing={data} />}
          {people && <PeopleCard people={people} />}
          {(!work || waysLeft) && <WaysCard />}
        </div>
        <div className="bench-column">
          {sums && <ConcentrationCard />}
          {sums && <SinceCard />}
          {changes && <ChangesCard changes={changes} words={rule_words} />}
          {rules && may(me, ["write_rules", "approve_rules"]) && <RulesCard rules={rules} words={rule_words} />}
          {data && warnings && acts && <DataCard standing={data} />}
          {work && !waysLeft && <WaysCard />}
        </div>
      </div>
    </>
  );
}
