import { DownloadOutlined, PrinterOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect } from "react";
import { Link, useParams } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Amount, useMoney } from "../ui/Amount";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { Classes, Likenesses, NotSeen, Versions, Vouchers } from "./Grounds";
import { Conventions, LimitTable, Paths, Windows } from "./Sections";
import { Verification } from "./Verification";
import { Term } from "../ui/Term";

/** A dispute sheet as it was made: everything that an amount rests on. */
export default function DisputePage() {
  const { t } = useSpeech();
  const { sheetId = "" } = useParams();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/disputes/{sheet_id}", {
    params: { path: { sheet_id: sheetId } },
  });
  const number = data?.number;
  useEffect(() => {
    document.title = `${number ? `${number} · ` : ""}${t("disputes.title")} · ${t("app.name")}`;
  }, [number, t]);
  const absent = error && ["not_found", "request_refused"].includes(problemCode(error) ?? "");
  return (
    <div className="page">
      <nav className="crumbs" aria-label={t("app.home")}>
        <Link to="/loans">{t("app.home")}</Link>
        {data && (
          <>
            <span aria-hidden="true">/</span>
            <Link to={`/loans/${encodeURIComponent(data.content.subject.loan_id)}`} className="figures">
              {data.content.subject.loan_id}
            </Link>
          </>
        )}
        <span aria-hidden="true">/</span>
        <span className="figures" aria-current="page">
          {number ?? t("disputes.title")}
        </span>
      </nav>
      {absent ? (
        <Notice
          tone="empty"
          title={t("disputes.missing")}
          action={<Link to="/loans">{t("app.back_to_loans")}</Link>}
        />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : data ? (
        <Sheet sheet={data} />
      ) : (
        <Loading rows={14} />
      )}
    </div>
  );
}

function Sheet({ sheet }: { readonly sheet: Schemas["Sheet"] }) {
  const { t } = useSpeech();
  const me = useMe();
  const { content } = sheet;
  return (
    <div className="dispute">
      <Head sheet={sheet} />
      <Claim content={content} />
      {may(me, ["make_disputes"]) && <Verification sheetId={sheet.sheet_id} />}
      <div className="dispute-pair">
        <Section id="limits" title={t("disputes.limits")}>
          <LimitTable content={content} />
        </Section>
        <Section id="conventions" title={t("disputes.conventions")}>
          <Conventions content={content} />
        </Section>
      </div>
      <Section id="path" title={<Term name="path">{t("disputes.path")}</Term>}>
        <Paths content={content} />
      </Section>
      <Section id="windows" title={t("disputes.windows")} hint={t("disputes.windows_hint")}>
        <Windows content={content} />
      </Section>
      <Section id="likenesses" title={t("disputes.likenesses")} hint={t("disputes.likenesses_hint")}>
        <Likenesses content={content} />
      </Section>
      <Section id="vouchers" title={t("disputes.vouchers")}>
        <Vouchers content={content} />
      </Section>
      <Section id="not-seen" title={t("disputes.not_seen")}>
        <NotSeen content={content} />
      </Section>
      <Section id="classes" title={t("disputes.classes")}>
        <Classes content={content} />
      </Section>
      <Section id="versions" title={t("disputes.versions")}>
        <Versions sheet={sheet} />
      </Section>
    </div>
  );
}

interface SectionProps {
  readonly id: string;
  readonly title: React.ReactNode;
  readonly hint?: string;
  readonly children: React.ReactNode;
}

function Section({ id, title, hint, children }: SectionProps) {
  return (
    <section className="card box dispute-section" aria-labelledby={`dispute-${id}`}>
      <h2 id={`dispute-${id}`}>{title}</h2>
      {hint && <p className="quiet small">{hint}</p>}
      {children}
    </section>
  );
}

function Head({ sheet }: { readonly sheet: Schemas["Sheet"] }) {
  const { t, language } = useSpeech();
  const { loan } = sheet.content;
  const file = `/api/v1/disputes/${sheet.sheet_id}/sheet`;
  return (
    <div className="dispute-head">
      <div>
        <h1>
          <Term name="dispute_sheet">{t("disputes.title")}</Term> <span className="figures dispute-number">{sheet.number}</span>
        </h1>
        <p className="quiet figures">
          {loan.borrower_name} · {instantText(sheet.made_at)} · {t("disputes.made_by")} {sheet.made_by}
        </p>
      </div>
      <div className="dispute-actions">
        <Button type="primary" icon={<PrinterOutlined aria-hidden />} href={`${file}.pdf?language=${language}`}>
          {t("disputes.print")}
        </Button>
        <Button icon={<DownloadOutlined aria-hidden />} href={`${file}.json`}>
          {t("disputes.download")}
        </Button>
      </div>
    </div>
  );
}

/** What is disputed, and what the bounds say of it. */
function Claim({ content }: { readonly content: Schemas["SheetContent"] }) {
  const { t, name } = useSpeech();
  const money = useMoney(content.loan);
  const { subject } = content;
  return (
    <section className={`card box dispute-claim standing-${content.standing}`} aria-label={t("disputes.amount")}>
      <p className="dispute-amount">
        {name("use", subject.use)} <Amount fen={subject.amount_fen} form="full" {...content.loan} />
      </p>
      {subject.is_part && <p>{t("disputes.of_counted", { amount: money.full(content.counted_fen) })}</p>}
      {subject.transfer_id && (
        <p>
          <Link to={`/transactions/${subject.transfer_id}`} className="figures">
            {t("evidence.transaction", { id: subject.transfer_id })}
          </Link>
        </p>
      )}
      <p>{name("dispute_standing", content.standing)}</p>
      <p className="quiet small">{t("disputes.only_a_lead")}</p>
    </section>
  );
}
